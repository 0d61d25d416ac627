"""Incidents: seeing the queue, and deciding about what is in it.

Belongs here: which decisions are possible, and making them visible at once. Does not: what a decision comes to
(retrace_assets.issues), or how it is asked for and shown (the faces).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from retrace_app.actions.issues import among, with_open
from retrace_app.actions.listing import FIRST_PAGE, Order, Page, PageRequest, Tenant, read_page
from retrace_assets.incidents.deciding import take
from retrace_assets.issues.lifecycle import OPEN
from retrace_assets.signals.fingerprint import FINGERPRINT_VERSION
from retrace_assets.versions import Bug, read_versions
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import INCIDENTS
from retrace_resources.lake import Lake, Transaction
from retrace_resources.state import Decision, DecisionKind, StateStore

_Query = Callable[[str, dict[str, object]], pl.DataFrame]

STATUSES = (*OPEN, "resolved", "verified", "ignored", "withdrawn")
SEVERITIES = ("critical", "high", "medium", "low")
DEFAULT_LIMIT = 25
MOST_LISTED = 500

# What a decision writes anew; whoever runs Dagster reports a runless materialisation of each.
DECIDED_ASSETS = ("issues", "incidents")

_CLOSED = ("resolved", "verified")
# From which statuses a decision can be taken; a withdrawn bug has no signals left to decide about.
_POSSIBLE: dict[DecisionKind, tuple[str, ...]] = {
    "resolve": (*OPEN, "ignored"),
    "ignore": (*OPEN, *_CLOSED),
    "reopen": (*_CLOSED, "ignored"),
}
_NESTED = ("sources", "reproduction", "evidence")
_LISTED = [name for name in INCIDENTS.column_names if name not in _NESTED]
_QUEUE_ORDER = (
    f"NOT list_contains({list(OPEN)}, status), list_position({list(SEVERITIES)}, severity), "
    "affected_users DESC, last_seen_at DESC NULLS LAST, incident_id"
)

MOST_URGENT_FIRST: Final = Order(
    (
        (f"(NOT list_contains({list(OPEN)}, status))::INTEGER", int),
        (f"coalesce(list_position({list(SEVERITIES)}, severity), {len(SEVERITIES) + 1})", int),
        ("-affected_users", int),
        ("coalesce(-epoch_us(last_seen_at), 0)", int),
        ("incident_id", str),
    )
)
"""The order of the queue, for pages of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A row of the queue with its nested parts read; times are UTC."""

    public_id: str
    aliases: list[str]
    project_id: str
    environment_id: str
    fingerprint: str
    issue_ids: list[str]
    title: str
    summary: str
    suspected_cause: str | None
    severity: str
    confidence: str
    status: str
    source_kind: str
    sources: list[dict[str, Any]]
    reproduction: list[dict[str, Any]]
    expected_outcome: str | None
    actual_outcome: str | None
    app_url: str | None
    evidence: dict[str, Any]
    affected_count: int
    affected_users: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    repro_status: str
    repro_spec_id: str | None
    repro_run_id: str | None
    repro_summary: str | None
    fix_status: str
    fix_repo: str | None
    fix_branch: str | None
    fix_pr_url: str | None
    fix_prompt_path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision that was taken: what it changed, and the assets whose rows were written anew."""

    incident: Incident
    previous_status: str
    decision: Decision
    assets: tuple[str, ...] = DECIDED_ASSETS


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents; what is empty or None does not narrow."""

    statuses: Sequence[str] = ()
    severities: Sequence[str] = ()


def page_incidents(lake: Lake, tenant: Tenant, chosen: IncidentFilter, page: PageRequest = FIRST_PAGE) -> Page:
    """List a tenant's queue by pages, in its order, without what only one incident is read for."""
    conditions = [
        tenant.condition,
        *among("status", with_open(chosen.statuses)),
        *among("severity", chosen.severities),
    ]
    return read_page(lake, table=INCIDENTS, columns=_LISTED, order=MOST_URGENT_FIRST, conditions=conditions, page=page)


def list_incidents(lake: Lake, statuses: Sequence[str] = (), limit: int = DEFAULT_LIMIT) -> list[Incident]:
    """List the queue: open before closed, then by severity, users, and the latest signal.

    `statuses` narrows it; `open` stands for new, ongoing and regressed.
    """
    rows = _read(
        lake,
        f"SELECT * FROM incidents WHERE len($statuses) = 0 OR list_contains($statuses, status) "
        f"ORDER BY {_QUEUE_ORDER} LIMIT $limit",
        {"statuses": with_open(statuses), "limit": limit},
    )
    return [_incident(row) for row in rows.iter_rows(named=True)]


def count_incidents(lake: Lake) -> dict[str, int]:
    """Count the incidents of each status that has any."""
    rows = _read(lake, "SELECT status, count(*) AS incidents FROM incidents GROUP BY status", {})
    return dict(rows.iter_rows()) if rows.height else {}


def show_incident(lake: Lake, reference: str, tenant: Tenant | None = None) -> Incident:
    """Find an incident by its id, an id that was merged into it, or the id of an issue it stands for (`bug_…`).

    With a tenant, what belongs to others is not known; without one, everything is.
    Raises `incident_not_found` or `issue_not_found`.
    """
    return find_incident(lambda sql, params: _read(lake, sql, params), reference, tenant)


def list_decisions(lake: Lake, state: StateStore, incident: Incident) -> list[Decision]:
    """List what people decided about an incident, oldest first, and what was merged into it."""
    tenant = incident.project_id, incident.environment_id
    names = {bug.fingerprint for bug in read_versions(lake).names(Bug(*tenant, incident.fingerprint))}
    return [
        decision
        for decision in state.decisions()
        if (decision.project_id, decision.environment_id) == tenant
        and not names.isdisjoint((decision.fingerprint, decision.payload.get("into")))
    ]


def resolve(
    lake: Lake, state: StateStore, reference: str, *, actor: str, reason: str = "", tenant: Tenant | None = None
) -> Decided:
    """Say that a bug is fixed: it is regressed as soon as it happens again. Raises `invalid_transition`."""
    return _decide(lake, state, "resolve", reference, actor=actor, reason=reason, tenant=tenant)


def ignore(
    lake: Lake, state: StateStore, reference: str, *, actor: str, reason: str = "", tenant: Tenant | None = None
) -> Decided:
    """Say that a bug is to be left alone, however often it happens. Raises `invalid_transition`."""
    return _decide(lake, state, "ignore", reference, actor=actor, reason=reason, tenant=tenant)


def reopen(
    lake: Lake, state: StateStore, reference: str, *, actor: str, reason: str = "", tenant: Tenant | None = None
) -> Decided:
    """Take back that a bug is resolved or ignored. Raises `invalid_transition`."""
    return _decide(lake, state, "reopen", reference, actor=actor, reason=reason, tenant=tenant)


def merge(
    lake: Lake,
    state: StateStore,
    reference: str,
    into: str,
    *,
    actor: str,
    reason: str = "",
    tenant: Tenant | None = None,
) -> Decided:
    """Say that two incidents are one bug; the id of the first lives on as an alias of the other.

    Raises `invalid_transition` when they are one already or belong to different environments.
    """
    with lake.transaction() as transaction:
        merged, target = (find_incident(transaction.query, name, tenant) for name in (reference, into))
        if merged.public_id == target.public_id:
            raise RetraceError(ErrorCode.INVALID_TRANSITION, f"{reference} and {into} are one incident already")
        if (merged.project_id, merged.environment_id) != (target.project_id, target.environment_id):
            raise RetraceError(ErrorCode.INVALID_TRANSITION, f"{reference} and {into} belong to different environments")
        decision = _decision("merge", merged, actor, reason, {"into": target.fingerprint})
        return _take(transaction, state, decision, merged.status, target.public_id)


def _decide(
    lake: Lake,
    state: StateStore,
    kind: DecisionKind,
    reference: str,
    *,
    actor: str,
    reason: str,
    tenant: Tenant | None,
) -> Decided:
    with lake.transaction() as transaction:
        incident = find_incident(transaction.query, reference, tenant)
        if incident.status not in _POSSIBLE[kind]:
            raise RetraceError(
                ErrorCode.INVALID_TRANSITION,
                f"{incident.public_id} is {incident.status}; only what is {_either(_POSSIBLE[kind])} can be "
                f"{_PARTICIPLES[kind]}",
                hint=f"retrace qa show {incident.public_id}",
            )
        return _take(transaction, state, _decision(kind, incident, actor, reason), incident.status, incident.public_id)


_PARTICIPLES: dict[DecisionKind, str] = {
    "resolve": "resolved",
    "ignore": "ignored",
    "reopen": "reopened",
}


def _take(transaction: Transaction, state: StateStore, decision: Decision, previous_status: str, shown: str) -> Decided:
    take(transaction, state, decision)
    return Decided(incident=find_incident(transaction.query, shown), previous_status=previous_status, decision=decision)


def _decision(
    kind: DecisionKind, incident: Incident, actor: str, reason: str, payload: dict[str, Any] | None = None
) -> Decision:
    return Decision(
        kind=kind,
        project_id=incident.project_id,
        environment_id=incident.environment_id,
        fingerprint=incident.fingerprint,
        fingerprint_version=FINGERPRINT_VERSION,
        actor=actor,
        at=datetime.now(UTC),
        reason=reason,
        payload=payload or {},
    )


def find_incident(query: _Query, reference: str, tenant: Tenant | None = None) -> Incident:
    """Find an incident as `show_incident` does, in a transaction or out of it."""
    return _incident(_find(query, "*", reference, tenant))


def find_bugs(query: _Query, reference: str, tenant: Tenant) -> tuple[str, list[str]]:
    """Find what an incident stands for, as `find_incident` does: its fingerprint, and the ids of its issues."""
    row = _find(query, "fingerprint, issue_ids", reference, tenant)
    return row["fingerprint"], row["issue_ids"]


def _find(query: _Query, columns: str, reference: str, tenant: Tenant | None) -> dict[str, Any]:
    name = reference.strip()
    owned, owner = tenant.condition if tenant else ("true", {})
    rows = query(
        f"SELECT {columns} FROM incidents WHERE {owned} AND (incident_id = $public OR list_contains(aliases, $public) "
        "OR list_contains(issue_ids, $issue)) ORDER BY incident_id LIMIT 1",
        {**owner, "public": name.upper(), "issue": name.lower()},
    )
    if rows.height:
        return rows.row(0, named=True)
    code = ErrorCode.ISSUE_NOT_FOUND if name.startswith("bug_") else ErrorCode.INCIDENT_NOT_FOUND
    raise RetraceError(code, f"nothing is known as {name!r}", hint="retrace qa list")


def _read(lake: Lake, sql: str, params: dict[str, object]) -> pl.DataFrame:
    """Read, without making a lake where there is none yet."""
    if not lake.data_path.parent.exists():
        return pl.DataFrame(INCIDENTS.arrow_schema.empty_table())
    return lake.query(sql, params)


def _incident(row: dict[str, Any]) -> Incident:
    nested = {name: json.loads(row[name]) for name in _NESTED}
    values = {**row, **nested, "public_id": row["incident_id"]}
    return Incident(**{field.name: values[field.name] for field in fields(Incident)})


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
