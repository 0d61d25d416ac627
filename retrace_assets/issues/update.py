"""Issues: each bug whose clusters changed, or about which people decided, is folded anew.

Belongs here: which bugs, and the transaction. Does not: how a row is made (rows) or what a bug is withdrawn to (fold).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from retrace_assets.follow import follow, recompute, replace_changed, rows_of
from retrace_assets.issues.decided import OF_TESTS, decided_now
from retrace_assets.issues.fold import withdrawn_row
from retrace_assets.issues.merges import bug_of, leaving, merges
from retrace_assets.issues.reading import members_frame, read_clusters
from retrace_assets.issues.rows import issue_rows
from retrace_assets.report import StageReport
from retrace_assets.versions import Bug, Versions, read_versions
from retrace_core.ids import issue_id
from retrace_core.tables import CLUSTERS, ISSUES
from retrace_resources.changes import advance, note_changes
from retrace_resources.lake import Lake, Transaction
from retrace_resources.state import Decision, StateStore

STAGE = "issues"
# How many decisions, in the order they were recorded, the issues follow from: kept where other stages keep commits.
DECISIONS_STAGE = "issues.decisions"

ISSUE_KEY = ("project_id", "environment_id", "issue_id")
_SCHEMA = pl.DataFrame(ISSUES.arrow_schema.empty_table()).schema


def update(lake: Lake, state: StateStore) -> StageReport:
    """Fold the bugs whose clusters have changed since the last update, and those decided on without being folded."""
    report = StageReport(STAGE)
    if len(state.decisions()) > _folded_decisions(lake):
        with lake.transaction() as transaction:
            _, report = fold_new_decisions(transaction, state)
    return report + follow(lake, STAGE, CLUSTERS.name, partial(_fold_fingerprints, state=state))


def rebuild(lake: Lake, day: date, state: StateStore) -> StageReport:
    """Fold every bug that was seen on a UTC day."""
    keys = lake.query(
        "SELECT DISTINCT project_id, environment_id, fingerprint AS key FROM clusters WHERE day = ? ORDER BY ALL", [day]
    )
    return recompute(lake, STAGE, keys, partial(_fold_fingerprints, state=state))


def fold_new_decisions(
    transaction: Transaction, state: StateStore, also: Iterable[Bug] = ()
) -> tuple[pl.DataFrame, StageReport]:
    """Fold the bugs of decisions that no fold has seen, and some others; returns the keys of the issues that changed.

    A decision is recorded before it is folded: after a crash in between, the next fold sees it.
    """
    decisions = state.decisions()
    unseen = decisions[_folded_decisions(transaction) :]
    new = [decision for decision in unseen if not decision.fingerprint.startswith(OF_TESTS)]
    if unseen and not new:
        advance(transaction, DECISIONS_STAGE, len(decisions))
    if not new:
        return pl.DataFrame(schema=dict.fromkeys(ISSUE_KEY, pl.String)), StageReport(STAGE)
    decided = (bug for decision in new for bug in (bug_of(decision), *leaving(decision)))
    changed, report = _fold(transaction, state, decisions, (*decided, *also))
    advance(transaction, DECISIONS_STAGE, len(decisions))
    return changed, report


def _folded_decisions(reader: Lake | Transaction) -> int:
    return int(reader.query("SELECT max(commit_no) FROM progress WHERE stage = ?", [DECISIONS_STAGE]).item() or 0)


def _fold_fingerprints(transaction: Transaction, keys: pl.DataFrame, *, state: StateStore) -> StageReport:
    bugs = (Bug(*names) for names in keys.select("project_id", "environment_id", "key").iter_rows())
    _, report = _fold(transaction, state, state.decisions(), bugs)
    return report


def _fold(
    transaction: Transaction, state: StateStore, decisions: Sequence[Decision], bugs: Iterable[Bug]
) -> tuple[pl.DataFrame, StageReport]:
    versions = read_versions(transaction)
    known = _IncidentIds(state)
    decided = decided_now(decisions, versions, lambda bug: versions.oldest(bug, known.of(bug)))
    merged = merges(decided)
    roots = dict.fromkeys(merged.root(bug) for bug in versions.affected(bugs))
    groups = {root: [name for bug in merged.members(root) for name in versions.names(bug)] for root in roots}
    keys = _issue_keys(groups.values())
    previous = {row["issue_id"]: row for row in rows_of(transaction, ISSUES, keys).iter_rows(named=True)}
    clusters = read_clusters(transaction, members_frame(groups.items()))
    rows = issue_rows(transaction, clusters, groups, decided, previous)
    rows += _withdrawn_rows(known, versions, groups, rows, previous)
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    changed = replace_changed(transaction, ISSUES, keys, frame)
    whenever = {"day": pl.lit(None, pl.Date), "started_at": pl.lit(None, pl.Datetime("us"))}
    note_changes(transaction, ISSUES.name, changed.with_columns(key="issue_id", **whenever))
    return changed.select(ISSUE_KEY).unique(maintain_order=True), StageReport(
        STAGE,
        rows_in=clusters.height,
        rows_out=frame.height,
        days=frozenset(clusters["day"]),
        notes={"bugs": len(groups), "changed": changed.height},
    )


def _issue_keys(groups: Iterable[Sequence[Bug]]) -> pl.DataFrame:
    """The issues that members of groups have or had before they were merged."""
    rows = [(bug.project_id, bug.environment_id, issue_id(*bug)) for members in groups for bug in members]
    return pl.DataFrame(rows, schema=dict.fromkeys(ISSUE_KEY, pl.String), orient="row")


class _IncidentIds:
    """The incident ids of each environment that is asked about, oldest first."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._known: dict[tuple[str, str], dict[str, str]] = {}

    def of(self, bug: Bug) -> dict[str, str]:
        tenant = bug.project_id, bug.environment_id
        if tenant not in self._known:
            self._known[tenant] = self._state.incident_ids(*tenant)
        return self._known[tenant]


def _withdrawn_rows(
    known: _IncidentIds,
    versions: Versions,
    groups: Mapping[Bug, Sequence[Bug]],
    rows: Iterable[Mapping[str, Any]],
    previous: Mapping[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    """Rows for the bugs that have an incident id, so that people know them, but no signal any more."""
    alive = {Bug(row["project_id"], row["environment_id"], row["fingerprint"]) for row in rows}
    gone = [root for root in groups if root not in alive]
    return [
        withdrawn_row(root, groups[root], previous.get(issue_id(*root)))
        for root in gone
        if any(name.fingerprint in known.of(root) for name in versions.names(root))
    ]
