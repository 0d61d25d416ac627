"""Incidents: the queue follows the issues that changed.

Belongs here: which incidents, their ids, and the transaction. Does not: the shape of an incident (incidents).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from retrace_assets.follow import follow, recompute, replace_changed, rows_of
from retrace_assets.incidents.incidents import incident_row, other_sources, with_sources
from retrace_assets.report import StageReport
from retrace_assets.versions import Bug, Versions, read_versions
from retrace_core.tables import INCIDENTS, ISSUES
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction
from retrace_resources.state import StateStore

STAGE = "incidents"

_TENANT = ("project_id", "environment_id")
_INCIDENT = (*_TENANT, "incident_id")
_SCHEMA = pl.DataFrame(INCIDENTS.arrow_schema.empty_table()).schema


def update(lake: Lake, state: StateStore) -> StageReport:
    """Bring the queue up to the issues that have changed since the last update."""
    return follow(lake, STAGE, ISSUES.name, partial(_requeue_keys, state=state))


def rebuild(lake: Lake, day: date, state: StateStore) -> StageReport:
    """Bring the queue up to every issue that was seen on a UTC day."""
    keys = lake.query(
        "SELECT DISTINCT project_id, environment_id, issue_id AS key "
        "FROM (SELECT *, unnest(fingerprints) AS member FROM issues) AS issue "
        "SEMI JOIN (SELECT project_id, environment_id, fingerprint AS member FROM clusters WHERE day = ?) AS seen "
        "USING (project_id, environment_id, member) ORDER BY ALL",
        [day],
    )
    return recompute(lake, STAGE, keys, partial(_requeue_keys, state=state))


def requeue(transaction: Transaction, issues: pl.DataFrame, state: StateStore) -> StageReport:
    """Bring the queue up to some issues (keys of `issues`), among them such as are no more."""
    owners = transaction.query(
        "SELECT DISTINCT project_id, environment_id, incident_id, issue_ids, sources "
        "FROM (SELECT *, unnest(issue_ids) AS issue_id FROM incidents) AS incident "
        "SEMI JOIN touched USING (project_id, environment_id, issue_id)",
        touched=issues,
    )
    # An incident stands for several issues once they are merged: touching one of them rewrites it whole.
    wanted = pl.concat([issues, owners.explode("issue_ids").select(*_TENANT, issue_id="issue_ids")]).unique()
    rows = list(_rows(rows_of(transaction, ISSUES, wanted), read_versions(transaction), state))
    tests = {row["incident_id"]: other_sources(row["sources"]) for row in owners.iter_rows(named=True)}
    rows = [with_sources(row, tests.get(row["incident_id"], [])) for row in rows]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    keys = pl.concat([owners.select(_INCIDENT), frame.select(_INCIDENT)]).unique(maintain_order=True)
    changed = replace_changed(transaction, INCIDENTS, keys, frame)
    whenever = {"day": pl.lit(None, pl.Date), "started_at": pl.lit(None, pl.Datetime("us"))}
    note_changes(transaction, INCIDENTS.name, changed.with_columns(key="incident_id", **whenever))
    return StageReport(
        STAGE, rows_in=issues.height, rows_out=frame.height, notes={"changed": changed["incident_id"].n_unique()}
    )


def requeue_incident(transaction: Transaction, incident: Mapping[str, Any], state: StateStore) -> StageReport:
    """Bring one row of the queue up to what is known of its test and fix."""
    tenant = {name: incident[name] for name in _TENANT}
    return requeue(transaction, pl.DataFrame({**tenant, "issue_id": incident["issue_ids"]}), state)


def _requeue_keys(transaction: Transaction, keys: pl.DataFrame, *, state: StateStore) -> StageReport:
    return requeue(transaction, keys.select("project_id", "environment_id", issue_id="key"), state)


def _rows(issues: pl.DataFrame, versions: Versions, state: StateStore) -> Iterable[dict[str, Any]]:
    for (project_id, environment_id), part in issues.partition_by(*_TENANT, as_dict=True, maintain_order=True).items():
        # Ids that were given before a merge, or under an earlier fingerprint, live on.
        several = (part["fingerprints"].list.len() > 1).any()
        ids = state.incident_ids(project_id, environment_id) if several else {}
        bugs = [Bug(project_id, environment_id, fingerprint) for fingerprint in part["fingerprint"]]
        unnamed = [bug for bug in bugs if not any(name.fingerprint in ids for name in versions.names(bug))]
        ids |= state.assign_incident_ids(project_id, environment_id, [bug.fingerprint for bug in unnamed])
        pipelines = state.pipeline_states(project_id, environment_id)
        for issue in part.sort("issue_id").iter_rows(named=True):
            own = versions.oldest(Bug(project_id, environment_id, issue["fingerprint"]), ids).fingerprint
            known_by = dict.fromkeys(ids[name] for name in (own, *issue["fingerprints"]) if name in ids)
            yield incident_row(issue, list(known_by), pipelines)
