"""Incidents as Dagster sees them.

Belongs here: spec, metadata, and the check on what a run wrote. Does not: the queue's rows (incidents) or which of them
are written (update).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import dagster as dg

from retrace_assets.asset_specs import TRIAGE, table_spec
from retrace_assets.incidents.update import STAGE, rebuild, update
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.runs import update_or_rebuild, utc_now
from retrace_core.tables import INCIDENTS, ISSUES
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore

_SPEC = table_spec(INCIDENTS, group=TRIAGE, deps=[dg.AssetKey(ISSUES.name)], code_version="1")

NEW_INCIDENTS_HAVE_EVIDENCE: Final = dg.AssetCheckSpec(
    "new_incidents_have_evidence",
    asset=INCIDENTS.name,
    description="Every open incident seen in the last day names the signals it stands on; the hourly check sees all.",
)
_NEW: Final = timedelta(days=1)


@dg.multi_asset(name=STAGE, specs=[_SPEC], check_specs=[NEW_INCIDENTS_HAVE_EVIDENCE], backfill_policy=IN_ONE_RUN)
def incidents(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], state: dg.ResourceParam[StateStore]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Bring the queue up to the issues that changed, or to all that were seen on the days asked for."""
    report = update_or_rebuild(
        context, STAGE, update=lambda: update(lake, state), rebuild=lambda day: rebuild(lake, day, state)
    )
    latest = lake.query(
        "SELECT incident_id, status, severity, source_kind, affected_count AS sessions FROM incidents "
        "ORDER BY last_seen_at DESC LIMIT 5"
    )
    shown = preview(latest, {"incident_id": "incidents"})
    yield dg.MaterializeResult(metadata={**report_metadata(report, snapshot=lake.snapshot_id()), "latest": shown})
    yield evidence_result(NEW_INCIDENTS_HAVE_EVIDENCE.name, without_evidence(lake, seen_since=utc_now() - _NEW))


def without_evidence(lake: Lake, *, seen_since: datetime | None = None) -> list[str]:
    """Ids of open incidents that stand on no signal, of those seen since a time or of all."""
    rows = lake.query(
        """
        SELECT incident_id FROM incidents
        WHERE status NOT IN ('withdrawn', 'resolved', 'ignored')
          AND last_seen_at >= coalesce(?, TIMESTAMP '1970-01-01')
          AND coalesce(json_array_length(evidence, '$.signal_ids'), 0) = 0
        ORDER BY incident_id
        """,
        [seen_since],
    )
    return rows["incident_id"].to_list()


def evidence_result(check: str, without: list[str]) -> dg.AssetCheckResult:
    """What a check on evidence says."""
    return dg.AssetCheckResult(
        asset_key=INCIDENTS.name,
        check_name=check,
        passed=not without,
        metadata={"incidents without evidence": len(without), "first": without[0] if without else "none"},
    )
