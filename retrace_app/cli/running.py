"""Running a test from the command line: the options every such command has, how far it is, and what it showed.

Belongs here: what `qa reproduce` and `tester run` share. Does not: running (actions.reproduce).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from retrace_app.actions.reproduce import OnRun, Reproduced
from retrace_app.cli.messages import printable
from retrace_core.certificate import Certificate
from retrace_core.test_run import TestRun, Verdict

INCONCLUSIVE: Final = 4
"""Exit code of a run that says nothing of the bug; its reason says why."""


class BrowserChoice(StrEnum):
    """What `--browser` takes."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    WEBKIT = "webkit"


AppUrlOption = Annotated[
    str, typer.Option(metavar="URL", help="Where the app runs; else tester.app_url, else what the test says.")
]
StartOption = Annotated[
    str, typer.Option("--start-cmd", metavar="COMMAND", help="Start the app with this, and stop it in the end.")
]
ResetOption = Annotated[
    str, typer.Option("--reset-cmd", metavar="COMMAND", help="Bring the app's data to its start before each run.")
]
BuildOption = Annotated[
    str, typer.Option(metavar="NAME", help="What is tested; else the commit it is started from, else its address.")
]
TimesOption = Annotated[int, typer.Option(min=1, max=100, help="How often the test runs.")]
StateOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A stored login, as Playwright saves it (storageState).")
]
HermeticOption = Annotated[
    bool, typer.Option("--hermetic", help="Serve what did not fail from the first run's recording; fixed clock.")
]
HeadedOption = Annotated[bool, typer.Option("--headed", help="Show the browser.")]
BrowserOption = Annotated[BrowserChoice, typer.Option(help="Browser to run in.")]
RetriesOption = Annotated[
    int | None, typer.Option(min=0, max=5, help="Tries after a run that was stopped by what may go away by itself.")
]

_WORDS: Final[dict[Verdict, tuple[str, str, str]]] = {
    "reproduced": ("●", "bold red", "red"),
    "not_reproduced": ("●", "bold green", "green"),
    "inconclusive": ("○", "bold yellow", "inconclusive"),
}


@contextmanager
def following(times: int, act: str = "Running the test") -> Iterator[OnRun]:
    """Draw how many runs of all have ended, on stderr."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(act, total=times)

        def ended(run: TestRun) -> None:
            _, look, word = _WORDS[run.verdict]
            progress.update(task, advance=1, description=f"[{look}]{word}[/]")

        yield ended


def shown(done: Reproduced) -> RenderableType:
    """What the runs showed, as a person reads it."""
    sign, look, word = _WORDS[done.verdict]
    counts = ", ".join(_count(done.runs, verdict) for verdict in _WORDS if _count(done.runs, verdict))
    lines: list[RenderableType] = [
        Text.assemble((f"{sign} {word}", look), "  ", (done.spec_id, "bold"), f"  {counts} on {printable(done.build)}")
    ]
    if done.detail:
        why = f"{done.reason}: {done.detail}" if done.reason else done.detail
        lines.append(Text(f"  {printable(why)}"))
    last = done.runs[-1]
    for healed in last.healed:
        lines.append(Text(f"  {healed.step_id}: its element was found by fallback {healed.fallback + 1}", "yellow"))
    if last.healed:
        lines.append(Text(f"  retrace tester heal {done.spec_id}  takes that into the test", "dim"))
    lines.append(Text(f"  artifacts: ui-tests/runs/{last.run_id}", "dim"))
    return Group(*lines)


def _count(runs: list[TestRun], verdict: Verdict) -> str:
    number = sum(run.verdict == verdict for run in runs)
    return f"{_WORDS[verdict][2]} {number}/{len(runs)}" if number else ""


def certificate_shown(certificate: Certificate, where: str) -> RenderableType:
    """A certificate, as a person reads it."""
    sides = [
        Text.assemble(
            "  ",
            (f"{_WORDS[side.verdict][2]:<6}", _WORDS[side.verdict][1]),
            f"{len(side.runs)}× on {printable(side.build)}",
        )
        for side in (certificate.red, certificate.green)
    ]
    head = Text.assemble(("✓ ", "bold green"), (certificate.incident_id, "bold"), " is proven by its test")
    facts = [f"test {certificate.spec_sha256[:12]}", f"session {certificate.session_id}", where]
    return Group(head, *sides, *(Text(f"  {printable(fact)}", "dim") for fact in facts))


def runs_shown(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Runs of a test, one a line."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("RUN", "VERDICT", "BUILD"):
        table.add_column(name, no_wrap=True)
    table.add_column("TOOK", justify="right", no_wrap=True)
    table.add_column("FOUND", overflow="fold", ratio=1)
    for row in rows:
        sign, look, word = _WORDS[row["verdict"]]
        found = ": ".join(filter(None, [row["reason"], row["detail"]]))
        took = f"{row['duration_ms'] / 1000:.1f} s"
        table.add_row(
            row["run_id"], Text(f"{sign} {word}", look), printable(row["build"]), took, Text(printable(found))
        )
    return table


def run_shown(run: TestRun) -> RenderableType:
    """One run: its steps, what was judged, its artifacts."""
    sign, look, word = _WORDS[run.verdict]
    said = ": ".join(filter(None, [run.reason, run.detail]))
    lines = [Text.assemble((f"{sign} {word}", look), f"  {printable(said)}")]
    lines.append(Text(f"  {run.spec_id} on {printable(run.build)} at {run.app_url}, {run.browser}", "dim"))
    for step in run.steps:
        mark = Text("  ✓ ", "green") if step.ok else Text("  ✗ ", "red")
        lines.append(Text.assemble(mark, f"{step.step_id:<14} {step.duration_ms:>7,.0f} ms  {printable(step.error)}"))
    for judged in run.assertions:
        mark = {True: Text("  ✓ ", "green"), False: Text("  ✗ ", "red"), None: Text("  ? ", "yellow")}[judged.ok]
        lines.append(Text.assemble(mark, printable(f"{judged.expected}: {judged.observed}")))
    lines.extend(Text(f"    {each.path}  {each.bytes:,} bytes", "dim") for each in run.artifacts)
    return Group(*lines)
