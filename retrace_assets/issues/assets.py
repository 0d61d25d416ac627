"""Issues as Dagster sees them.

Belongs here: spec and metadata. Does not: which bugs are folded (update) or how (rows).
"""

import dagster as dg

from retrace_assets.asset_specs import TRIAGE, table_spec
from retrace_assets.issues.update import STAGE, rebuild, update
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.runs import update_or_rebuild
from retrace_core.tables import CLUSTERS, ISSUES
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore

_SPEC = table_spec(ISSUES, group=TRIAGE, deps=[dg.AssetKey(CLUSTERS.name)], code_version="1")


@dg.multi_asset(name=STAGE, specs=[_SPEC], backfill_policy=IN_ONE_RUN)
def issues(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], state: dg.ResourceParam[StateStore]
) -> dg.MaterializeResult[None]:
    """Fold the bugs whose clusters changed or that people decided on, or all that were seen on the days asked for."""
    report = update_or_rebuild(
        context, STAGE, update=lambda: update(lake, state), rebuild=lambda day: rebuild(lake, day, state)
    )
    latest = lake.query(
        "SELECT issue_id, status, severity, detector, signals, sessions FROM issues ORDER BY last_at DESC LIMIT 5"
    )
    return dg.MaterializeResult(
        metadata={**report_metadata(report, snapshot=lake.snapshot_id()), "latest": preview(latest)}
    )
