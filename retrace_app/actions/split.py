"""Splitting an incident: saying that what is one bug for Retrace is several.

Belongs here: what leaves, by which decisions, and making it visible at once. Does not: what those decisions come to
(retrace_assets.issues.merges for merged bugs, retrace_assets.signals.splits for signals of one), or the faces.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from retrace_app.actions.incidents import Incident, find_incident
from retrace_assets.clusters.update import count_clusters
from retrace_assets.incidents.update import requeue
from retrace_assets.issues.update import fold_new_decisions
from retrace_assets.signals.fingerprint import FINGERPRINT_VERSION
from retrace_assets.signals.splits import PARTS, part_of, splits_of
from retrace_assets.signals.update import apply_new_splits
from retrace_assets.versions import Bug, read_versions
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake, Transaction
from retrace_resources.state import Decision, DecisionKind, StateStore

SPLIT_ASSETS: Final = ("clusters", "issues", "incidents")
# More parts than this are no bugs but a badly chosen part: each would be an incident.
_MOST_PARTS: Final = 50

_COLUMNS = "project_id, environment_id, signal_id, fingerprint, cause, detector, route, target, template, message"


@dataclass(frozen=True, slots=True, kw_only=True)
class WasSplit:
    """An incident that was split: what stays, what became incidents of their own, and the decisions that say so."""

    incident: Incident
    split_off: list[Incident]
    decisions: list[Decision]
    assets: tuple[str, ...] = SPLIT_ASSETS


@dataclass(slots=True)
class _Plan:
    """Fingerprints that leave the group they were merged into, splits of fingerprints, and what belongs together."""

    leave: list[list[str]] = field(default_factory=list)
    splits: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    together: bool = False


def split(
    lake: Lake,
    state: StateStore,
    reference: str,
    *,
    by: str = "",
    signals: Sequence[str] = (),
    actor: str,
    reason: str = "",
) -> WasSplit:
    """Make an incident several: one for each `by` (route, target, message or detector), or one of the `signals` named.

    What was merged parts as it was before, whole; signals of one bug part where that does not. The part of the first
    signal stays, with the decisions about the incident; the others are open. The other of `by` or `signals` is empty.
    Raises `incident_not_found`, `issue_not_found`, `signal_not_found` or `nothing_to_split`.
    """
    with lake.transaction() as transaction:
        incident = find_incident(transaction.query, reference)
        rows, members = _signals(transaction, incident)
        plan = _chosen(rows, members, signals) if signals else _by(rows, members, by)
        decisions = _decisions(plan, incident, actor, reason)
        for decision in decisions:
            state.record_decision(decision)
        splits = splits_of(state.decisions())
        touched = apply_new_splits(transaction, splits)
        count_clusters(transaction, touched)
        tenant = incident.project_id, incident.environment_id
        also = [Bug(*tenant, name) for name in touched["key"].unique(maintain_order=True)]
        issues, _ = fold_new_decisions(transaction, state, also)
        requeue(transaction, issues, state)
        kept = find_incident(transaction.query, incident.public_id)
        gone = [group[0] for group in plan.leave] + [bug.fingerprint for bug in also]
        return WasSplit(incident=kept, split_off=_split_off(transaction, kept, gone), decisions=decisions)


def _signals(transaction: Transaction, incident: Incident) -> tuple[pl.DataFrame, list[str]]:
    """The signals of an incident, the first cause first, and its fingerprints, its own first, as they go by now."""
    tenant = [incident.project_id, incident.environment_id]
    named = transaction.query(
        "SELECT fingerprints FROM issues WHERE project_id = ? AND environment_id = ? AND fingerprint = ?",
        [*tenant, incident.fingerprint],
    )
    members = [str(name) for name in named["fingerprints"].explode()]
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM signals WHERE project_id = ? AND environment_id = ? AND list_contains(?, fingerprint) "
        "ORDER BY fingerprint <> ?, cause IS NOT NULL, occurred_at, signal_id",
        [*tenant, members, incident.fingerprint],
    )
    if rows.is_empty():
        raise RetraceError(ErrorCode.NOTHING_TO_SPLIT, f"no signal of {incident.public_id} is left")
    versions = read_versions(transaction)
    now = {name: versions.now(Bug(incident.project_id, incident.environment_id, name)).fingerprint for name in members}
    return rows.with_columns(pl.col("fingerprint").replace(now)), list(dict.fromkeys(now.values()))


def _by(rows: pl.DataFrame, members: Sequence[str], by: str) -> _Plan:
    if by not in PARTS:
        raise RetraceError(ErrorCode.NOTHING_TO_SPLIT, f"{by!r} is no part", hint=f"one of {', '.join(PARTS)}")
    of_members = rows.partition_by("fingerprint", as_dict=True, maintain_order=True)
    parts = {str(name): part_of(theirs, by) for (name,), theirs in of_members.items()}
    keep = str(next(iter(parts.values()))[0])
    groups: dict[str, list[str]] = {}
    for name in members[1:]:
        if name in parts and parts[name][0] != keep:
            groups.setdefault(str(parts[name][0]), []).append(name)
    mixed = [] if groups else [name for name, theirs in parts.items() if (theirs != keep).any()]
    if not groups and not mixed:
        raise RetraceError(ErrorCode.NOTHING_TO_SPLIT, f"all its signals have the same {by}: {keep or 'none'}")
    found = len(groups) or sum(parts[name].n_unique() - 1 for name in mixed)
    if found > _MOST_PARTS:
        raise RetraceError(ErrorCode.NOTHING_TO_SPLIT, f"it has {found + 1} of {by}; {_MOST_PARTS} are the most")
    return _Plan(leave=list(groups.values()), splits=[(name, {"by": by, "keep": keep}) for name in mixed])


def _chosen(rows: pl.DataFrame, members: Sequence[str], signals: Sequence[str]) -> _Plan:
    """The named signals and what follows from them leave together."""
    asked = {name.strip().lower() for name in signals}
    if missing := asked - set(rows["signal_id"]):
        raise RetraceError(ErrorCode.SIGNAL_NOT_FOUND, f"{', '.join(sorted(missing))} is no signal of the incident")
    chosen = set[str]()
    while asked - chosen:
        chosen |= asked
        asked = set(rows.filter(pl.col("cause").is_in(chosen))["signal_id"])
    if len(chosen) == rows.height:
        raise RetraceError(ErrorCode.NOTHING_TO_SPLIT, "all its signals were named: there would be nothing left")
    own = set(rows.filter(pl.col("fingerprint") == members[0])["signal_id"])
    if own and own <= chosen:
        # The incident's own fingerprint cannot leave it; the same is parted when the others do.
        chosen = set(rows["signal_id"]) - chosen
    leaving, splits = [], []
    for (name,), theirs in rows.partition_by("fingerprint", as_dict=True, maintain_order=True).items():
        named = sorted(chosen.intersection(theirs["signal_id"]))
        if name != members[0] and len(named) == theirs.height:
            leaving.append(str(name))
        elif named:
            splits.append((str(name), {"signals": named}))
    return _Plan(leave=[leaving] if leaving else [], splits=splits, together=True)


def _decisions(plan: _Plan, incident: Incident, actor: str, reason: str) -> list[Decision]:
    at = datetime.now(UTC)

    def decision(kind: DecisionKind, fingerprint: str, payload: Mapping[str, Any]) -> Decision:
        return Decision(
            kind=kind,
            project_id=incident.project_id,
            environment_id=incident.environment_id,
            fingerprint=fingerprint,
            fingerprint_version=FINGERPRINT_VERSION,
            actor=actor,
            at=at,
            reason=reason,
            payload=payload,
        )

    found = [decision("split", incident.fingerprint, {"leave": plan.leave})] if plan.leave else []
    found += [decision("split", name, payload) for name, payload in plan.splits]
    if plan.together:
        made = [split.fingerprint_of("") for split in splits_of(found)]
        first, *others = [*(group[0] for group in plan.leave), *made]
        found += [decision("merge", other, {"into": first}) for other in others]
    return found


def _split_off(transaction: Transaction, kept: Incident, fingerprints: Iterable[str]) -> list[Incident]:
    """The incidents of what has left, the largest first."""
    found = transaction.query(
        "SELECT DISTINCT incident_id, affected_count FROM incidents JOIN "
        "(SELECT project_id, environment_id, fingerprint, unnest(fingerprints) AS member FROM issues) "
        "USING (project_id, environment_id, fingerprint) WHERE project_id = ? AND environment_id = ? "
        "AND list_contains(?, member) AND incident_id <> ? ORDER BY affected_count DESC, incident_id",
        [kept.project_id, kept.environment_id, list(fingerprints), kept.public_id],
    )
    return [find_incident(transaction.query, name) for name in found["incident_id"]]
