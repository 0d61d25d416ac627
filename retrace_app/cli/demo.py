"""`retrace demo`: the whole way from a visit to an incident, on a shop of our own."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from retrace_app.actions.incidents import Incident
from retrace_app.cli.fixing import fixed_shown, verified_shown
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, read_settings
from retrace_app.cli.running import certificate_shown
from retrace_app.demo.fixing import FixedAndMerged
from retrace_app.demo.run import Demonstrated, OnProgress, demonstrate, seed
from retrace_resources.sandbox.availability import available
from retrace_resources.settings import Settings

app = typer.Typer(add_completion=False)

_SEVERITY_LOOKS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
_EVIDENCE_LINES = 2
_INDENT = " " * 12
_PATCH_LINES = 12


@app.callback(invoke_without_command=True)
def demo(context: typer.Context, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Visit a small shop with bugs in it, in a real browser; show the incidents, test two, and fix one."""
    if context.invoked_subcommand is None:
        _show(_followed(demonstrate, read_settings(config)), config, json=json)


@app.command("seed")
def seed_command(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Replay stored visits to the shop instead: no browser needed."""
    _show(_followed(seed, read_settings(config)), config, json=json)


def _followed(act: Callable[[Settings, OnProgress], Demonstrated], settings: Settings) -> Demonstrated:
    with _progress() as on_progress:
        return act(settings, on_progress)


@contextmanager
def _progress() -> Iterator[OnProgress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, int] = {}

        def tell(act: str, done: int, total: int) -> None:
            if act not in tasks:
                # A task that is stopped again would take the time since then for its own.
                for earlier in list(tasks.values())[-1:]:
                    progress.stop_task(earlier)  # type: ignore[arg-type]
                tasks[act] = progress.add_task(act, total=total or None)
            progress.update(tasks[act], completed=done)  # type: ignore[arg-type]

        yield tell
        for task in progress.tasks:
            progress.update(task.id, total=task.total or 1, completed=task.total or 1)


def _show(done: Demonstrated, config: Path | None, *, json: bool) -> None:
    if json:
        write_json(done)
        return
    proven = f", {len(done.certificates)} of them proven by tests" if done.certificates else ""
    notice(
        f"\n{done.visits} visits, {done.batches} batches and {done.events} events became "
        f"{len(done.incidents)} incidents in {done.seconds:.0f} s{proven}.\n"
    )
    console().print(Group(*(_incident(incident) for incident in done.incidents)))
    for certificate in done.certificates:
        console().print(certificate_shown(certificate, certificate.spec.name), Text())
    if done.fixed:
        console().print(_fixed(done.fixed), Text())
    elif done.certificates:
        notice(f"No fix was tried: {available() or 'no incident of the repository was found'}.\n")
    if done.incidents:
        notice(_next(done, config))


def _fixed(fixed: FixedAndMerged) -> Group:
    """The draft pull request, its patch, and what became of it."""
    changed = [line for line in fixed.patch.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    looks = {"+": "green", "-": "red"}
    patch = [Text(f"    {printable(line)}", looks[line[0]]) for line in changed[:_PATCH_LINES]]
    merged = Text.assemble(("  merged   ", "dim"), fixed.merged_as[:12])
    return Group(fixed_shown(fixed.fix), *patch, merged, verified_shown(fixed.verification))


def _incident(incident: Incident) -> Group:
    severity = Text(f"{incident.severity:<8}", style=_SEVERITY_LOOKS.get(incident.severity, ""))
    heading = Text.assemble((incident.public_id, "bold"), "  ", severity, " ", (printable(incident.title), "bold"))
    seen = f"{incident.status}; {_count(incident.affected_count, 'session')}, {_count(incident.affected_users, 'user')}"
    facts = (Text(_INDENT + line, style="cyan") for line in _evidence(incident))
    return Group(heading, Text(_INDENT + seen, style="dim"), *facts, Text())


def _evidence(incident: Incident) -> list[str]:
    """The shortest proof: failed requests and console lines, and what would have kept it from being reported."""
    requests = [_request(request) for request in incident.evidence.get("network_failures", [])]
    said = [str(line).split("\n", 1)[0] for line in incident.evidence.get("console_excerpts", [])]
    facts = [fact for fact in dict.fromkeys(requests + said) if fact not in incident.title][:_EVIDENCE_LINES]
    return [printable(fact) for fact in [*facts, str(incident.evidence.get("counterfactual") or "")] if fact]


def _request(request: dict[str, Any]) -> str:
    return f"{request.get('method')} {request.get('url')} → {request.get('status') or 'no answer'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _next(done: Demonstrated, config: Path | None) -> str:
    # What was just typed may be no command of the shell yet: `make demo` runs it from .venv.
    retrace = "retrace" if shutil.which("retrace") else sys.argv[0]
    suffix = f" --config {config}" if config else ""
    proven = [
        (f"{retrace} qa certificate {certificate.incident_id} --verify{suffix}", "check a proof, file by file")
        for certificate in done.certificates[:1]
    ]
    commands = (
        (
            f"{retrace} qa show {done.incidents[0].public_id}{suffix}",
            "what happened, step by step, and why it counts as a bug",
        ),
        *proven,
        (f"{retrace} qa list{suffix}", "the whole queue"),
        (f"{retrace} tester list{suffix}", "the tests that were made"),
        (f"{retrace} repair list{suffix}", "the fixes that were tried"),
        (f'{retrace} sql "FROM friction_by_route"{suffix}', "ask the data yourself"),
        (f"{retrace} up{suffix}", "run door, pipeline and Dagster UI for your own app"),
    )
    width = max(len(command) for command, _ in commands)
    return "What to type next:\n" + "\n".join(f"  {command:<{width}}  {why}" for command, why in commands)
