"""Clusters as Dagster sees them.

Belongs here: spec and metadata. Does not: which fingerprints are counted (update) or how (clusters).
"""

import dagster as dg

from retrace_assets.asset_specs import TRIAGE, table_spec
from retrace_assets.clusters.update import STAGE, rebuild, update
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.runs import log_other_days, update_or_rebuild, utc_now
from retrace_assets.signals.assets import SIGNAL_KEYS
from retrace_core.tables import CLUSTERS
from retrace_resources.lake import Lake

_SPEC = table_spec(CLUSTERS, group=TRIAGE, deps=SIGNAL_KEYS, code_version="1")


@dg.multi_asset(name=STAGE, specs=[_SPEC], backfill_policy=IN_ONE_RUN)
def clusters(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
    """Count the fingerprints whose signals have changed, or all of the days asked for."""
    report = update_or_rebuild(context, STAGE, update=lambda: update(lake), rebuild=lambda day: rebuild(lake, day))
    metadata = report_metadata(report, snapshot=lake.snapshot_id())
    log_other_days(context, [_SPEC.key], report.days, metadata)
    latest = lake.query(
        "SELECT fingerprint, detector, severity, signals, sessions, users FROM clusters WHERE day >= ? "
        "ORDER BY last_at DESC LIMIT 5",
        [min(report.days, default=utc_now().date())],
    )
    return dg.MaterializeResult(metadata={**metadata, "latest": preview(latest)})
