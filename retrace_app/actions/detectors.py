"""Detectors: seeing the rules in force, changing them, and trying a change before it is adopted.

Belongs here: which changes can be asked for and where they hold. Does not: what a change comes to
(retrace_assets.signals.rules), judging stored days anew (rescan), or how it is asked for and shown (the faces).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import polars as pl

from retrace_app.actions import incidents
from retrace_assets.signals.preview import OnProgress, Preview, kept_days, preview
from retrace_assets.signals.rules import Rules, Standing, checked_change, known_detector, rules_in_force
from retrace_assets.signals.suppression import suppression_of
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import Place, RuleChange, StateStore

COUNTED_DAYS: Final = 7
PREVIEWED_DAYS: Final = 7
# An incident has as many elements as it has controls or messages; more than this are no one bug.
_ELEMENTS: Final = 20


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule holds: an environment, all environments of a project, or everywhere (both empty)."""

    project_id: str = ""
    environment_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A threshold in force, its default, and where it comes from: default, config.yaml or stored."""

    name: str
    value: int
    default: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quieted:
    """Conditions under which findings are left alone, and who said so."""

    id: str
    conditions: dict[str, str]
    actor: str
    at: datetime
    reason: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorView:
    """What is in force about a detector, and what it found of late (`signals` by day, `total` in the last 7 days)."""

    name: str
    summary: str
    documentation: str
    enabled: bool
    enabled_by: str
    thresholds: list[Threshold]
    min_confidence: str
    min_signals: int
    suppressions: list[Quieted]
    rule_version: str
    code_version: int
    total: int
    signals: dict[date, int]


def find_scope(state: StateStore, project: str = "", environment: str = "") -> Scope:
    """Find where a rule is to hold by names, or take ids as they are: the lake may know more of them than this home.

    Raises `workspace_not_found` for names that are unknown, and an environment's that is in several projects.
    """
    if project.startswith("proj_") and (not environment or environment.startswith("env_")):
        return Scope(project, environment)
    if not project and not environment:
        return Scope()
    places = state.places()
    found = [
        place
        for place in places
        if _is_called(project, place.project_id, place.project)
        and _is_called(environment, place.environment_id, place.environment)
    ]
    if not found or len({place.project_id for place in found}) > 1:
        asked = " / ".join(name for name in (project, environment) if name)
        why = "is in several projects; add --project" if found else "is unknown"
        raise RetraceError(ErrorCode.WORKSPACE_NOT_FOUND, f"{asked!r} {why}", hint=_known(places))
    return Scope(found[0].project_id, found[0].environment_id if environment else "")


def shown_scope(state: StateStore, project: str = "", environment: str = "") -> Scope:
    """Find whose rules are to be shown: those asked for, else those of the only environment there is, else all's."""
    places = state.places()
    if project or environment or len(places) != 1:
        return find_scope(state, project, environment)
    return Scope(places[0].project_id, places[0].environment_id)


def with_own_rules(state: StateStore, scope: Scope) -> list[Place]:
    """The environments within a scope, other than it, that have rules of their own."""
    scopes = {(change.project_id, change.environment_id) for change in state.rule_changes()}
    return [
        place
        for place in state.places()
        if not scope.environment_id
        and scope.project_id in ("", place.project_id)
        and {(place.project_id, place.environment_id), (place.project_id, "")} & (scopes - {(scope.project_id, "")})
    ]


def list_detectors(settings: Settings, lake: Lake, state: StateStore, scope: Scope) -> list[DetectorView]:
    """List every detector with the rule in force."""
    found = _found_of_late(lake, scope)
    rules = rules_in_force(settings, state)
    return [_view(standing, found) for standing in rules.standings(scope.project_id, scope.environment_id)]


def show_detector(settings: Settings, lake: Lake, state: StateStore, name: str, scope: Scope) -> DetectorView:
    """Show one detector; raises `detector_not_found`."""
    known_detector(name)
    return next(view for view in list_detectors(settings, lake, state, scope) if view.name == name)


def set_rule(settings: Settings, state: StateStore, change: RuleChange) -> RuleChange:
    """Adopt a change; what was found before follows with the next rescan. Raises as `checked_change` does."""
    _refuse_pointless(rules_in_force(settings, state), checked_change(change))
    state.record_rule_change(change)
    return change


def quiet(lake: Lake, state: StateStore, reference: str, *, actor: str, reason: str = "") -> list[RuleChange]:
    """Say that a signal or an incident is no bug: its detector leaves its element alone, on its page, from now on.

    An incident has an element for each control, request or message it was found by. Raises `signal_not_found`,
    `incident_not_found` or `issue_not_found`.
    """
    signals = _signals_of(lake, reference.strip())
    at = datetime.now(UTC)
    changes: dict[str, dict[str, dict[str, str]]] = {}
    for signal in signals.iter_rows(named=True):
        suppression = suppression_of(signal)
        changes.setdefault(signal["detector"], {})[suppression.id] = suppression.conditions
    tenant = signals.select("project_id", "environment_id").row(0)
    recorded = [
        checked_change(
            RuleChange(
                detector=detector,
                project_id=tenant[0],
                environment_id=tenant[1],
                actor=actor,
                at=at,
                reason=reason,
                suppress=tuple(elements.values()),
                origin=reference.strip(),
            )
        )
        for detector, elements in changes.items()
    ]
    for change in recorded:
        state.record_rule_change(change)
    return recorded


def preview_rule(
    settings: Settings,
    lake: Lake,
    state: StateStore,
    change: RuleChange,
    *,
    first: date | None = None,
    last: date | None = None,
    on_progress: OnProgress = lambda _, __: None,
) -> Preview:
    """Say what a change would come to on stored days, the latest 7 that have events unless given; writes nothing.

    Raises as `checked_change` does, and `lake_not_found`.
    """
    if not lake.catalog_path.exists():
        raise RetraceError(ErrorCode.LAKE_NOT_FOUND, hint="run `retrace up`, or set RETRACE_HOME")
    rules = rules_in_force(settings, state)
    _refuse_pointless(rules, checked_change(change))
    kept = kept_days(lake)
    end = last or max(kept, default=date.min)
    begin = first or max(end, date.min + timedelta(PREVIEWED_DAYS)) - timedelta(days=PREVIEWED_DAYS - 1)
    days = [day for day in kept if begin <= day <= end]
    if not days:
        return preview(lake, [], rules, rules)
    return preview(lake, days, rules, rules.proposing(change), on_progress)


def _refuse_pointless(rules: Rules, change: RuleChange) -> None:
    asked = (change.enabled is not None, change.thresholds, change.min_confidence, change.min_signals, change.suppress)
    if not any(asked) and not change.lift:
        hint = f"retrace detectors set {change.detector} --help"
        raise RetraceError(ErrorCode.RULE_INVALID, "nothing was asked to change", hint=hint)
    known = {
        name
        for scope in {(each.project_id, each.environment_id) for each in rules.changes} | {("", "")}
        for standing in rules.standings(*scope)
        if standing.detector.name == change.detector
        for name in standing.suppressions
    }
    for name in change.lift:
        if name not in known:
            hint = f"retrace detectors show {change.detector}"
            raise RetraceError(ErrorCode.RULE_INVALID, f"{change.detector} has no suppression {name!r}", hint=hint)


def _signals_of(lake: Lake, reference: str) -> pl.DataFrame:
    """The signals that stand for themselves, one an element at least: the named one, or the causes of an incident."""
    columns = "project_id, environment_id, detector, route, target, method, request, template, message"
    if reference.startswith("sig_"):
        exists = lake.catalog_path.exists()
        rows = lake.query(f"SELECT {columns} FROM signals WHERE signal_id = ?", [reference]) if exists else None
        if rows is None or rows.is_empty():
            raise RetraceError(ErrorCode.SIGNAL_NOT_FOUND, f"nothing is known as {reference!r}", hint="retrace qa list")
        return rows
    incident = incidents.show_incident(lake, reference)
    rows = lake.query(
        f"SELECT DISTINCT ON (detector, route, target, method, request, template) {columns} FROM signals "
        "WHERE project_id = ? AND environment_id = ? AND cause IS NULL AND fingerprint IN "
        "(SELECT unnest(fingerprints) FROM issues WHERE list_contains(?, issue_id)) "
        "ORDER BY detector, route, target, method, request, template, occurred_at LIMIT ?",
        [incident.project_id, incident.environment_id, incident.issue_ids, _ELEMENTS],
    )
    if rows.is_empty():
        raise RetraceError(ErrorCode.SIGNAL_NOT_FOUND, f"no signal of {incident.public_id} is left")
    return rows


def _view(standing: Standing, found: dict[str, dict[date, int]]) -> DetectorView:
    detector = standing.detector
    signals = found.get(detector.name, {})
    return DetectorView(
        name=detector.name,
        summary=detector.documentation.strip().partition("\n")[0],
        documentation=detector.documentation,
        enabled=bool(standing.enabled.value),
        enabled_by=standing.enabled.source,
        thresholds=[
            Threshold(
                name=name, value=int(sourced.value), default=getattr(detector.options, name), source=sourced.source
            )
            for name, sourced in standing.thresholds.items()
        ],
        min_confidence=str(standing.min_confidence.value),
        min_signals=int(standing.min_signals.value),
        suppressions=[
            Quieted(
                id=name,
                conditions=suppression.conditions,
                actor=change.actor,
                at=change.at,
                reason=change.reason,
                origin=change.origin,
            )
            for name, (suppression, change) in standing.suppressions.items()
        ],
        rule_version=standing.rule.version,
        code_version=detector.code_version,
        total=sum(signals.values()),
        signals=signals,
    )


def _found_of_late(lake: Lake, scope: Scope) -> dict[str, dict[date, int]]:
    """Signals of each detector on each of the last 7 UTC days that has any."""
    if not lake.catalog_path.exists():
        return {}
    rows = lake.query(
        "SELECT detector, day, count(*) FROM signals WHERE day > ? AND ? IN ('', project_id) "
        "AND ? IN ('', environment_id) GROUP BY ALL ORDER BY ALL",
        [datetime.now(UTC).date() - timedelta(days=COUNTED_DAYS), scope.project_id, scope.environment_id],
    )
    found: dict[str, dict[date, int]] = {}
    for detector, day, count in rows.iter_rows():
        found.setdefault(detector, {})[day] = count
    return found


def _is_called(asked: str, name: str, title: str) -> bool:
    return not asked or asked == name or asked.strip().casefold() == title.casefold()


def _known(places: Sequence[Place]) -> str:
    names = [f"{place.project} / {place.environment}" for place in places]
    return f"known: {', '.join(names)}" if names else "retrace quickstart makes the first"
