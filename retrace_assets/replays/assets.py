"""Replays as Dagster sees them.

Belongs here: spec and metadata. Does not: which sessions are recomputed (update) or how (replays).
"""

import dagster as dg

from retrace_assets.asset_specs import INGEST, table_spec
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.replays.update import STAGE, rebuild, update
from retrace_assets.runs import log_other_days, update_or_rebuild, utc_now
from retrace_core.tables import REPLAY_BATCHES, REPLAY_EVENTS, REPLAYS
from retrace_resources.lake import Lake

_SPEC = table_spec(
    REPLAYS,
    group=INGEST,
    deps=[dg.AssetKey(REPLAY_BATCHES.name), dg.AssetKey(REPLAY_EVENTS.name)],
    code_version="1",
)


@dg.multi_asset(name=STAGE, specs=[_SPEC], backfill_policy=IN_ONE_RUN)
def replays(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
    """Give the sessions that were touched, or have gone idle, their row anew; or those of the days asked for."""
    now = utc_now()
    report = update_or_rebuild(
        context, STAGE, update=lambda: update(lake, now), rebuild=lambda day: rebuild(lake, day, now)
    )
    metadata = report_metadata(report, snapshot=lake.snapshot_id())
    log_other_days(context, [_SPEC.key], report.days, metadata)
    latest = lake.query(
        "SELECT replay_id, status, events, clicks, errors, failed_requests FROM replays WHERE day >= ? "
        "ORDER BY received_last_at DESC LIMIT 5",
        [min(report.days, default=now.date())],
    )
    return dg.MaterializeResult(metadata={**metadata, "latest": preview(latest, {"replay_id": "replays"})})
