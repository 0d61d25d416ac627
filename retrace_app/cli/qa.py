"""`retrace qa`: the queue of incidents, and deciding about what is in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from retrace_app.actions import incidents, split
from retrace_app.actions.incidents import Decided, Incident
from retrace_app.actions.reproduce import How, Reproduced, prove, reproduce, verify
from retrace_app.cli import qa_fix, running
from retrace_app.cli.messages import console, notice, printable, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, actor, read_settings
from retrace_assets.test_runs.certify import TIMES
from retrace_resources.lake import Lake
from retrace_resources.state import Decision, StateStore

app = typer.Typer(add_completion=False, no_args_is_help=True)

IncidentArgument = Annotated[str, typer.Argument(metavar="INCIDENT", help="INC-…, an id merged into it, or bug_….")]
ReasonOption = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


class StatusName(StrEnum):
    """What `--status` takes."""

    OPEN = "open"
    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    RESOLVED = "resolved"
    VERIFIED = "verified"
    IGNORED = "ignored"
    WITHDRAWN = "withdrawn"


class PartName(StrEnum):
    """What `--by` takes."""

    ROUTE = "route"
    TARGET = "target"
    MESSAGE = "message"
    DETECTOR = "detector"


# A colour and a sign for each: neither carries the meaning alone, the word does.
_STATUS_LOOKS = {
    "new": ("●", "bold cyan"),
    "ongoing": ("●", "yellow"),
    "regressed": ("▲", "bold red"),
    "resolved": ("✓", "green"),
    "verified": ("✓", "bold green"),
    "ignored": ("–", "dim"),
    "withdrawn": ("–", "dim"),
}
_SEVERITY_LOOKS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
_NOT_REPRODUCED = 3
_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))


@app.callback()
def group() -> None:
    """See the incidents and decide about them."""


@app.command("list")
def list_command(
    *,
    config: ConfigOption = None,
    status: Annotated[
        list[StatusName] | None, typer.Option(help="Only these; open is new, ongoing and regressed. Repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=incidents.MOST_LISTED)] = incidents.DEFAULT_LIMIT,
    json: JsonOption = False,
) -> None:
    """List the queue: open before closed, then by severity, users and recency."""
    with Lake(read_settings(config).home) as lake:
        listed = incidents.list_incidents(lake, status or (), limit)
        counts = incidents.count_incidents(lake)
    if json:
        write_json(listed)
    elif listed:
        _show_list(listed, counts)
    else:
        notice("No incident has this status." if counts else "There are no incidents yet.")


@app.command("show")
def show_command(incident: IncidentArgument, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show an incident: what happens, how to see it, the evidence, and what was decided."""
    home = read_settings(config).home
    with Lake(home) as lake:
        found = incidents.show_incident(lake, incident)
        if json:
            write_json(found)
            return
        with StateStore.open(home) as state:
            decisions = incidents.list_decisions(lake, state, found)
    console().print(_details(found, decisions))
    _show_next(found)


@app.command("resolve")
def resolve_command(
    incident: IncidentArgument, *, config: ConfigOption = None, reason: ReasonOption = "", json: JsonOption = False
) -> None:
    """Say that it is fixed; it is regressed as soon as it happens again."""
    _decide(config, json, lambda lake, state, by: incidents.resolve(lake, state, incident, actor=by, reason=reason))


@app.command("ignore")
def ignore_command(
    incident: IncidentArgument, *, config: ConfigOption = None, reason: ReasonOption = "", json: JsonOption = False
) -> None:
    """Leave it alone, however often it happens."""
    _decide(config, json, lambda lake, state, by: incidents.ignore(lake, state, incident, actor=by, reason=reason))


@app.command("reopen")
def reopen_command(
    incident: IncidentArgument, *, config: ConfigOption = None, reason: ReasonOption = "", json: JsonOption = False
) -> None:
    """Take back that it is resolved or ignored."""
    _decide(config, json, lambda lake, state, by: incidents.reopen(lake, state, incident, actor=by, reason=reason))


@app.command("merge")
def merge_command(
    incident: IncidentArgument,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The incident it is the same bug as.")],
    *,
    config: ConfigOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
) -> None:
    """Make two incidents one; every command goes on accepting both ids."""
    _decide(config, json, lambda lake, state, by: incidents.merge(lake, state, incident, into, actor=by, reason=reason))


@app.command("split")
def split_command(
    incident: IncidentArgument,
    *,
    config: ConfigOption = None,
    by: Annotated[PartName | None, typer.Option(help="What tells its parts apart.", show_default=False)] = None,
    signals: Annotated[
        list[str] | None, typer.Option(metavar="SIGNAL", help="A signal that is another bug (sig_…). Repeatable.")
    ] = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
) -> None:
    """Make an incident several; what leaves is open, what stays keeps its id and the decisions about it."""
    if (by is None) == (not signals):
        raise typer.BadParameter("give --by or --signals")
    named = [name for text in signals or () for name in text.replace(",", " ").split()]
    home = read_settings(config).home
    with Lake(home) as lake, StateStore.open(home) as state:
        done = split.split(lake, state, incident, by=by or "", signals=named, actor=actor(), reason=reason)
    if json:
        write_json(done)
        return
    _show_split(done)


def _show_split(done: split.WasSplit) -> None:
    stays = Text.assemble(("✓ ", "bold green"), (done.incident.public_id, "bold"), " stays: ", _brief(done.incident))
    console().print(stays)
    for part in done.split_off:
        console().print(Text.assemble("  ", (part.public_id, "bold"), " is split off: ", _brief(part)))
    first = done.split_off[0].public_id if done.split_off else done.incident.public_id
    console().print(_next([f"retrace qa show {first}", f"retrace qa merge {first} {done.incident.public_id}"]))


@app.command("reproduce")
def reproduce_command(
    incident: IncidentArgument,
    *,
    config: ConfigOption = None,
    app_url: running.AppUrlOption = "",
    start_cmd: running.StartOption = "",
    reset_cmd: running.ResetOption = "",
    build: running.BuildOption = "",
    times: running.TimesOption = 1,
    storage_state: running.StateOption = None,
    hermetic: running.HermeticOption = False,
    headed: running.HeadedOption = False,
    browser: running.BrowserOption = running.BrowserChoice.CHROMIUM,
    retries: running.RetriesOption = None,
    json: JsonOption = False,
) -> None:
    """Make a test of an incident's recording, and run it.

    Exit code 0: red, the bug is there; 3: green, it is not; 4: inconclusive, and why.
    """
    how = How(
        app_url=app_url,
        start_command=start_cmd,
        reset_command=reset_cmd,
        build=build,
        times=times,
        storage_state=storage_state,
        hermetic=hermetic,
        headed=headed,
        browser=browser.value,
        retries=retries,
    )
    with running.following(times) as on_run:
        done = reproduce(read_settings(config), incident, how, on_run)
    if json:
        write_json(done)
    else:
        console().print(running.shown(done))
        console().print(_next(_after_runs(done)))
    if code := {"reproduced": 0, "not_reproduced": _NOT_REPRODUCED, "inconclusive": running.INCONCLUSIVE}[done.verdict]:
        raise typer.Exit(code)


@app.command("certificate")
def certificate_command(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="INC-…; with --verify also a file.")],
    *,
    config: ConfigOption = None,
    verify_it: Annotated[
        bool, typer.Option("--verify", help="Check the one that was issued, and every file it names; needs no network.")
    ] = False,
    times: Annotated[int, typer.Option(min=1, max=100, help="Runs a side that it takes.")] = TIMES,
    json: JsonOption = False,
) -> None:
    """Prove by runs that a test tells the build with the bug from the one without."""
    settings = read_settings(config)
    if verify_it:
        certificate = verify(settings, incident)
        where = "every run and artifact it names is unchanged"
    else:
        certificate, path = prove(settings, incident, times=times)
        where = str(path)
    if json:
        write_json(certificate)
    else:
        console().print(running.certificate_shown(certificate, where))


qa_fix.add_to(app)


def _after_runs(done: Reproduced) -> list[str]:
    run = f"retrace tester run {done.spec_id} --app-url URL --build NAME --times {TIMES}"
    match done.verdict:
        case "reproduced":
            return [
                f"retrace qa fix {done.incident_id}",
                f"{run}    on the build with the fix",
                f"retrace qa certificate {done.incident_id}",
            ]
        case "not_reproduced":
            return [f"{run}    on the build with the bug", f"retrace qa certificate {done.incident_id}"]
        case "inconclusive":
            return [f"retrace tester show {done.spec_id}", f"retrace tester runs {done.spec_id}"]


def _brief(incident: Incident) -> str:
    count = incident.affected_count
    return printable(f"{incident.title} ({incident.status}, {count:,} session{'' if count == 1 else 's'})")


def _decide(config: Path | None, json: bool, decide: Callable[[Lake, StateStore, str], Decided]) -> None:
    home = read_settings(config).home
    with Lake(home) as lake, StateStore.open(home) as state:
        decided = decide(lake, state, actor())
    if json:
        write_json(decided)
        return
    found = decided.incident
    changed = "" if decided.previous_status == found.status else f", was {decided.previous_status}"
    merged = f" ({', '.join(found.aliases)} is the same now)" if decided.decision.kind == "merge" else ""
    line = Text.assemble(("✓ ", "bold green"), (found.public_id, "bold"), f" is {found.status}{changed}{merged}")
    console().print(line)
    _show_next(found)


def _show_list(listed: list[Incident], counts: dict[str, int]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("ID", "STATUS", "SEVERITY"):
        table.add_column(name, no_wrap=True)
    for name in ("USERS", "SEEN"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("TITLE", overflow="fold", ratio=1)
    for incident in listed:
        seen = _age(now, incident.last_seen_at)
        table.add_row(
            Text(incident.public_id, "bold"),
            _status(incident.status),
            Text(incident.severity, _SEVERITY_LOOKS.get(incident.severity, "")),
            Text(f"{incident.affected_users:,}"),
            Text(seen, "dim"),
            Text(printable(incident.title)),
        )
    out = console()
    out.print(table)
    total = sum(counts.values())
    shown = f"{len(listed)} of {total:,} incidents" if len(listed) < total else f"{total:,} incidents"
    out.print()
    out.print(Text(f"{shown}: {', '.join(f'{number:,} {name}' for name, number in sorted(counts.items()))}", "dim"))
    out.print(_next([f"retrace qa show {listed[0].public_id}"]))


def _show_next(incident: Incident) -> None:
    console().print(_next(_next_commands(incident)))


def _next_commands(incident: Incident) -> list[str]:
    match incident.status:
        case "new" | "ongoing" | "regressed":
            return [
                f"retrace qa reproduce {incident.public_id}",
                f"retrace qa resolve {incident.public_id}",
                f"retrace qa ignore {incident.public_id}",
            ]
        case "resolved" | "verified" | "ignored":
            return [f"retrace qa reopen {incident.public_id}", "retrace qa list"]
        case _:
            return ["retrace qa list"]


def _next(commands: list[str]) -> Text:
    lines = [Text.assemble("  ", (command, "green")) for command in commands]
    return Text("\n").join([Text("\nNext", "bold"), *lines])


def _details(incident: Incident, decisions: list[Decision]) -> Panel:
    sections = [_facts(incident), _outcomes(incident), _steps(incident), _evidence(incident), _history(decisions)]
    body = [part for section in sections if section is not None for part in (section, Text())]
    title = Text.assemble((incident.public_id, "bold"), "  ", _status(incident.status))
    return Panel(Group(*body[:-1]), title=title, title_align="left", border_style="dim", padding=(1, 2))


def _facts(incident: Incident) -> RenderableType:
    seen = f"{incident.affected_count:,} sessions, {incident.affected_users:,} users"
    if incident.source_kind in ("ui_test", "api_test"):
        seen = f"{incident.affected_count:,} red runs"
    times = f"{_time(incident.first_seen_at)} to {_time(incident.last_seen_at)}"
    facts = {
        "Severity": Text(incident.severity, _SEVERITY_LOOKS.get(incident.severity, "")),
        "Confidence": Text(incident.confidence),
        "Seen": Text(f"{seen}, {times}" if incident.first_seen_at else "no longer"),
        "Cause": _text(incident.suspected_cause),
        "Test": _text(_progress(incident.repro_status, incident.repro_summary)),
        "Fix": _text(_progress(incident.fix_status, incident.fix_pr_url or incident.fix_branch)),
        "Also known as": Text(", ".join([*incident.aliases, *incident.issue_ids])),
    }
    return Group(Text(printable(incident.title), "bold"), Text(), _grid(facts))


def _outcomes(incident: Incident) -> RenderableType | None:
    if not incident.expected_outcome:
        return None
    outcomes = {
        "Expected": _text(incident.expected_outcome),
        "Actual": _text(incident.actual_outcome),
        "Why": _text(incident.evidence.get("counterfactual")),
    }
    return _grid(outcomes)


def _steps(incident: Incident) -> RenderableType | None:
    if not incident.reproduction:
        return None
    steps = [Text(f"{step['index']:>4}. {printable(step['description'])}") for step in incident.reproduction]
    return Group(Text("Steps", "bold"), *steps)


def _evidence(incident: Incident) -> RenderableType | None:
    evidence = incident.evidence
    requests = [
        f"{failure['method']} {failure['url']} → {failure['status']}"
        for failure in evidence.get("network_failures") or ()
    ]
    found = {
        "Page": [evidence.get("primary_url")],
        "Requests": requests,
        "Console": evidence.get("console_excerpts"),
        "Frame": [evidence.get("top_stack_frame")],
        "Traces": evidence.get("trace_ids"),
        "Replays": evidence.get("replay_ids"),
    }
    lines = {name: [text for text in texts or () if text] for name, texts in found.items()}
    shown = {name: _text("\n".join(texts[:5])) for name, texts in lines.items() if texts}
    return Group(Text("Evidence", "bold"), _grid(shown)) if shown else None


def _history(decisions: list[Decision]) -> RenderableType | None:
    if not decisions:
        return None
    lines = [
        Text(printable(f"  {_time(decision.at)}  {decision.kind} by {decision.actor}{_because(decision.reason)}"))
        for decision in decisions
    ]
    return Group(Text("Decisions", "bold"), *lines)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _progress(status: str, detail: str | None) -> str:
    words = status.replace("_", " ")
    return f"{words}: {detail}" if detail else words


def _grid(cells: dict[str, Text]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=13)
    grid.add_column(overflow="fold")
    for name, text in cells.items():
        grid.add_row(f"  {name}", text)
    return grid


def _status(status: str) -> Text:
    sign, style = _STATUS_LOOKS.get(status, ("?", ""))
    return Text(f"{sign} {status}", style)


def _text(value: str | None) -> Text:
    return Text(printable(value or "-"))


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else "-"


def _age(now: datetime, at: datetime | None) -> str:
    if at is None:
        return "-"
    seconds = (now - at).total_seconds()
    return next((f"{seconds // unit:.0f} {name} ago" for unit, name in _AGES if seconds >= unit), "just now")
