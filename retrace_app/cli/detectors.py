"""`retrace detectors`: the rules that find bugs, trying other ones, and adopting them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from retrace_app.actions import detectors
from retrace_app.cli import detector_views as views
from retrace_app.cli.messages import console, notice, write_json
from retrace_app.cli.options import ConfigOption, JsonOption, actor, read_settings
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import RuleChange, StateStore

app = typer.Typer(add_completion=False, no_args_is_help=True)

# What puts a threshold back to what the configuration says.
_DEFAULT = "default"
_THRESHOLD = re.compile(rf"([a-z_0-9]+)=([0-9]{{1,9}}|{_DEFAULT})", re.ASCII)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a detector.")]
ProjectScope = Annotated[str, typer.Option("--project", help="Only for this project.", show_default="every project")]
EnvironmentScope = Annotated[
    str, typer.Option("--environment", help="Only for this environment.", show_default="every environment")
]
OnOption = Annotated[bool | None, typer.Option("--on/--off", help="Whether it judges.", show_default="as it is")]
ThresholdOption = Annotated[
    list[str] | None,
    typer.Option("--threshold", metavar="KEY=VALUE", help="A whole number, or default. Repeatable."),
]
ConfidenceOption = Annotated[
    str, typer.Option("--min-confidence", metavar="low|medium|high", help="Leave alone what is less sure.")
]
LeastOption = Annotated[
    int | None, typer.Option("--min-signals", min=1, help="Leave a session alone that has fewer of its signals.")
]
SelectorOption = Annotated[
    str, typer.Option("--suppress-selector", help="Leave this control alone, as in signals.target; * is any text.")
]
RouteOption = Annotated[
    str, typer.Option("--suppress-route", help="Leave this route alone, such as /orders/:id or /a/*.")
]
RequestOption = Annotated[
    str, typer.Option("--suppress-request", help="Leave this request alone, such as 'POST /api/orders/*'.")
]
MessageOption = Annotated[str, typer.Option("--suppress-message", help="Leave messages alone that contain this.")]
CodeOption = Annotated[str, typer.Option("--suppress-code", help="Leave findings with this reason code alone.")]
LiftOption = Annotated[
    list[str] | None, typer.Option("--lift", metavar="SUP_ID", help="Take a suppression back. Repeatable.")
]
ReasonOption = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]
DaysOption = Annotated[
    int | None, typer.Option(min=1, help="Rescan so many of the latest days only.", show_default="all that are kept")
]
RescanOption = Annotated[bool, typer.Option("--rescan/--no-rescan", help="Judge the days that are kept anew.")]


@app.callback()
def group() -> None:
    """See, try and change the rules that find bugs."""


@app.command("list")
def list_command(
    *,
    config: ConfigOption = None,
    project: ProjectScope = "",
    environment: EnvironmentScope = "",
    json: JsonOption = False,
) -> None:
    """List the detectors: whether they judge, what was changed, and what they found in the last 7 days."""
    with _open(read_settings(config)) as (settings, lake, state):
        scope = _shown(state, project, environment)
        listed = detectors.list_detectors(settings, lake, state, scope)
    if json:
        write_json([views.as_json(view) for view in listed])
    else:
        console().print(views.table(listed))
        console().print(views.next_lines([f"retrace detectors show {listed[0].name}"]))


@app.command("show")
def show_command(
    name: NameArgument,
    *,
    config: ConfigOption = None,
    project: ProjectScope = "",
    environment: EnvironmentScope = "",
    json: JsonOption = False,
) -> None:
    """Show a detector's documentation, the rule in force and where it comes from, and its latest counts."""
    with _open(read_settings(config)) as (settings, lake, state):
        scope = _shown(state, project, environment)
        view = detectors.show_detector(settings, lake, state, name, scope)
    if json:
        write_json(views.as_json(view))
    else:
        console().print(views.details(view))


@app.command("set")
def set_command(
    name: NameArgument,
    *,
    config: ConfigOption = None,
    project: ProjectScope = "",
    environment: EnvironmentScope = "",
    on: OnOption = None,
    threshold: ThresholdOption = None,
    min_confidence: ConfidenceOption = "",
    min_signals: LeastOption = None,
    suppress_selector: SelectorOption = "",
    suppress_route: RouteOption = "",
    suppress_request: RequestOption = "",
    suppress_message: MessageOption = "",
    suppress_code: CodeOption = "",
    lift: LiftOption = None,
    reason: ReasonOption = "",
    days: DaysOption = None,
    rescan: RescanOption = True,
    json: JsonOption = False,
) -> None:
    """Adopt a change and judge stored days by it. All --suppress conditions of one call must hold together."""
    suppress = _conditions(suppress_selector, suppress_route, suppress_request, suppress_message, suppress_code)
    settings = read_settings(config)
    with StateStore.open(settings.home) as state:
        scope = detectors.find_scope(state, project, environment)
        change = _change(name, scope, on=on, thresholds=threshold, suppress=suppress, lift=lift)
        change = replace(change, min_confidence=min_confidence, min_signals=min_signals, reason=reason)
        detectors.set_rule(settings, state, change)
    _adopted(settings, [change], rescan=rescan, days=days, json=json)


@app.command("quiet")
def quiet_command(
    reference: Annotated[str, typer.Argument(metavar="SIGNAL|INCIDENT", help="sig_…, INC-… or bug_….")],
    *,
    config: ConfigOption = None,
    reason: ReasonOption = "",
    days: DaysOption = None,
    rescan: RescanOption = True,
    json: JsonOption = False,
) -> None:
    """Say that it is not a bug: its detector leaves that element on that page alone from now on."""
    settings = read_settings(config)
    with _open(settings) as (_, lake, state):
        changes = detectors.quiet(lake, state, reference, actor=actor(), reason=reason)
    _adopted(settings, changes, rescan=rescan, days=days, json=json)


@app.command("preview")
def preview_command(
    name: NameArgument,
    *,
    config: ConfigOption = None,
    project: ProjectScope = "",
    environment: EnvironmentScope = "",
    on: OnOption = None,
    threshold: ThresholdOption = None,
    min_confidence: ConfidenceOption = "",
    min_signals: LeastOption = None,
    suppress_selector: SelectorOption = "",
    suppress_route: RouteOption = "",
    suppress_request: RequestOption = "",
    suppress_message: MessageOption = "",
    suppress_code: CodeOption = "",
    lift: LiftOption = None,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First UTC day, such as 2026-03-01.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last UTC day.", show_default="the latest")] = "",
    json: JsonOption = False,
) -> None:
    """Say what a change would come to on stored days, the latest 7 unless given. Nothing is written."""
    suppress = _conditions(suppress_selector, suppress_route, suppress_request, suppress_message, suppress_code)
    begin, end = _day(first), _day(last)
    with _open(read_settings(config)) as (settings, lake, state), _progress("Judging sessions") as tell:
        scope = detectors.find_scope(state, project, environment)
        change = _change(name, scope, on=on, thresholds=threshold, suppress=suppress, lift=lift)
        change = replace(change, min_confidence=min_confidence, min_signals=min_signals)
        done = detectors.preview_rule(settings, lake, state, change, first=begin, last=end, on_progress=tell)
    if json:
        write_json(done)
        return
    console().print(views.difference(done))
    console().print(views.next_lines([views.adopting(change, project, environment)]))


def _adopted(settings: Settings, changes: list[RuleChange], *, rescan: bool, days: int | None, json: bool) -> None:
    done = None
    if rescan:
        from retrace_app.actions import rescan as stored  # noqa: PLC0415 - imports Dagster

        with _progress("Judging stored sessions") as tell:
            done = stored.rescan(
                settings, latest_days=days, on_progress=lambda so_far: tell(so_far.sessions, so_far.all_sessions)
            )
    if json:
        write_json({"changes": changes, "rescanned": done})
        return
    console().print(views.adopted(changes, done))
    console().print(views.next_lines([f"retrace detectors show {changes[0].detector}", "retrace qa list"]))


def _change(
    name: str,
    scope: detectors.Scope,
    *,
    on: bool | None,
    thresholds: list[str] | None,
    suppress: dict[str, str],
    lift: list[str] | None,
) -> RuleChange:
    return RuleChange(
        detector=name,
        project_id=scope.project_id,
        environment_id=scope.environment_id,
        actor=actor(),
        at=datetime.now(UTC),
        enabled=on,
        thresholds=dict(map(_threshold, thresholds or ())),
        suppress=(suppress,) if suppress else (),
        lift=tuple(lift or ()),
    )


def _threshold(text: str) -> tuple[str, int | None]:
    found = _THRESHOLD.fullmatch(text.strip())
    if found is None:
        hint = "such as --threshold clicks=4, or --threshold clicks=default"
        raise RetraceError(ErrorCode.RULE_INVALID, f"{text!r} is no threshold", hint=hint)
    return found[1], None if found[2] == _DEFAULT else int(found[2])


def _conditions(selector: str, route: str, request: str, message: str, code: str) -> dict[str, str]:
    given = {
        "selector": selector,
        "route": route,
        "request": request,
        "message_contains": message,
        "reason_code": code,
    }
    return {name: value for name, value in given.items() if value}


def _shown(state: StateStore, project: str, environment: str) -> detectors.Scope:
    scope = detectors.shown_scope(state, project, environment)
    for place in detectors.with_own_rules(state, scope):
        notice(f"{place.project} / {place.environment} has rules of its own: add --project and --environment.")
    return scope


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day such as 2026-03-01") from None


@contextmanager
def _open(settings: Settings) -> Iterator[tuple[Settings, Lake, StateStore]]:
    with Lake(settings.home) as lake, StateStore.open(settings.home) as state:
        yield settings, lake, state


@contextmanager
def _progress(act: str) -> Iterator[Callable[[int, int], None]]:
    """Draw sessions done of all, and how long the rest takes at this pace; on stderr, so that JSON stays JSON."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("sessions"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(act, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
