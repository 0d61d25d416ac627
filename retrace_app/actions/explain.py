"""Why a signal fired: its evidence, the rule it was made by, what it follows from, and the incident it became.

Belongs here: gathering what is known of one signal. Does not: the evidence itself (retrace_assets.signals), or how it
is shown (the faces).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from retrace_app.actions.detectors import DetectorView, Scope, Threshold, list_detectors
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import replay_id
from retrace_core.tables import SIGNALS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore

# Of what followed from a signal, the first ones are told.
_CONSEQUENCES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A signal in a chain of causes; `because` says why the one before it follows from it."""

    signal_id: str
    detector: str
    message: str
    occurred_at: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule in force now, and whether it is the one the signal was made by."""

    signal_version: str
    version: str
    has_changed: bool
    enabled: bool
    thresholds: list[Threshold]
    min_confidence: str
    min_signals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentBrief:
    """The incident a signal belongs to."""

    public_id: str
    title: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that is known of why a signal fired; times are UTC."""

    signal_id: str
    detector: str
    message: str
    confidence: str
    severity: str
    reason_codes: list[str]
    counterfactual: str
    expected: str | None
    suspect: str | None
    occurred_at: datetime
    offset_ms: int
    url: str | None
    route: str | None
    project_id: str
    environment_id: str
    session_id: str
    window_id: str
    replay_id: str
    fingerprint: str
    target: str | None
    count: int
    events: list[dict[str, Any]]
    element: dict[str, Any] | None
    request: dict[str, Any] | None
    error: dict[str, Any] | None
    after_click: dict[str, Any] | None
    causes: list[Link]
    consequences: list[Link]
    rule: Rule | None
    incident: IncidentBrief | None
    next: list[str]


def explain(settings: Settings, lake: Lake, state: StateStore, reference: str) -> Explanation:
    """Explain a signal by its id, `sig_…`; raises `signal_not_found`."""
    signal = _find(lake, reference.strip().lower())
    evidence = json.loads(signal["evidence"])
    tenant = signal["project_id"], signal["environment_id"]
    session = _session(lake, signal)
    views = list_detectors(settings, lake, state, Scope(*tenant))
    view = next((view for view in views if view.name == signal["detector"]), None)
    incident = _incident(lake, signal)
    said = {name: evidence.get(name) for name in ("element", "request", "error", "after_click")}
    same = (set(Explanation.__dataclass_fields__) & signal.keys()) - said.keys()
    return Explanation(
        **{name: signal[name] for name in same},
        replay_id=replay_id(*tenant, signal["session_id"]),
        expected=evidence.get("expected"),
        suspect=evidence.get("suspect"),
        count=evidence.get("count") or 1,
        events=evidence.get("events") or [],
        **said,
        causes=_causes(signal, session),
        consequences=_consequences(signal, session),
        rule=_rule(signal, view) if view else None,
        incident=incident,
        next=_next(signal, incident),
    )


def _find(lake: Lake, name: str) -> dict[str, Any]:
    if lake.catalog_path.exists():
        rows = lake.query(f"SELECT {', '.join(SIGNALS.column_names)} FROM signals WHERE signal_id = ?", [name])
        if rows.height:
            return rows.row(0, named=True)
    hint = 'retrace sql "SELECT signal_id, message FROM signals ORDER BY occurred_at DESC LIMIT 10"'
    raise RetraceError(ErrorCode.SIGNAL_NOT_FOUND, f"nothing is known as {name!r}", hint=hint)


def _session(lake: Lake, signal: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All signals of a signal's session, by id, in the order they happened."""
    rows = lake.query(
        "SELECT signal_id, detector, message, occurred_at, cause, evidence FROM signals WHERE project_id = ? "
        "AND environment_id = ? AND day = ? AND started_at = ? AND session_id = ? ORDER BY occurred_at, signal_id",
        [signal[name] for name in ("project_id", "environment_id", "day", "started_at", "session_id")],
    )
    return {row["signal_id"]: row for row in rows.iter_rows(named=True)}


def _causes(signal: dict[str, Any], session: dict[str, dict[str, Any]]) -> list[Link]:
    """The chain from a signal to its first cause, nearest first."""
    chain = []
    effect = signal
    while effect["cause"] in session:
        cause = session[effect["cause"]]
        chain.append(_link(cause, _because(effect)))
        effect = cause
    return chain


def _consequences(signal: dict[str, Any], session: dict[str, dict[str, Any]]) -> list[Link]:
    """What follows from a signal directly."""
    following = [other for other in session.values() if other["cause"] == signal["signal_id"]]
    return [_link(other, _because(other)) for other in following[:_CONSEQUENCES]]


def _because(effect: dict[str, Any]) -> str:
    return str((json.loads(effect["evidence"]).get("cause") or {}).get("because") or "")


def _link(row: dict[str, Any], because: str) -> Link:
    return Link(because=because, **{name: row[name] for name in ("signal_id", "detector", "message", "occurred_at")})


def _rule(signal: dict[str, Any], view: DetectorView) -> Rule:
    return Rule(
        signal_version=signal["rule_version"],
        version=view.rule_version,
        has_changed=signal["rule_version"] != view.rule_version or not view.enabled,
        enabled=view.enabled,
        thresholds=view.thresholds,
        min_confidence=view.min_confidence,
        min_signals=view.min_signals,
    )


def _incident(lake: Lake, signal: dict[str, Any]) -> IncidentBrief | None:
    rows: pl.DataFrame = lake.query(
        "SELECT incident_id, incidents.title, incidents.status FROM incidents "
        "JOIN issues USING (project_id, environment_id, fingerprint) "
        "WHERE project_id = ? AND environment_id = ? AND list_contains(fingerprints, ?)",
        [signal[name] for name in ("project_id", "environment_id", "fingerprint")],
    )
    return (
        IncidentBrief(**dict(zip(("public_id", "title", "status"), rows.row(0), strict=True))) if rows.height else None
    )


def _next(signal: dict[str, Any], incident: IncidentBrief | None) -> list[str]:
    shown = [f"retrace qa show {incident.public_id}"] if incident else []
    return [
        *shown,
        f"retrace detectors show {signal['detector']}",
        f"retrace detectors quiet {signal['signal_id']} --reason 'not a bug'",
    ]
