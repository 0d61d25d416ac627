"""Page changes as Dagster sees them.

Belongs here: spec and metadata. Does not: which sessions are played (update) or what a row says (replay).
"""

import dagster as dg

from retrace_assets.asset_specs import INGEST, table_spec
from retrace_assets.metadata import report_metadata
from retrace_assets.pages.update import STAGE, rebuild, update
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.runs import log_other_days, update_or_rebuild
from retrace_core.tables import PAGE_CHANGES, REPLAY_PAYLOADS, REPLAYS
from retrace_resources.lake import Lake

_SPEC = table_spec(
    PAGE_CHANGES,
    group=INGEST,
    deps=[dg.AssetKey(REPLAYS.name), dg.AssetKey(REPLAY_PAYLOADS.name)],
    code_version="1",
)


@dg.multi_asset(name=STAGE, specs=[_SPEC], backfill_policy=IN_ONE_RUN)
def pages(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
    """Play the sessions whose replay changed through the recorded page; or those of the days asked for."""
    report = update_or_rebuild(context, STAGE, update=lambda: update(lake), rebuild=lambda day: rebuild(lake, day))
    metadata = report_metadata(report, snapshot=lake.snapshot_id())
    log_other_days(context, [_SPEC.key], report.days, metadata)
    return dg.MaterializeResult(metadata=metadata)
