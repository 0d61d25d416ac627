"""Intake as Dagster sees it: one step, four tables of facts, and the landing they come from.

Belongs here: specs, config, metadata, checks of what the step itself knows. Does not: taking in (update, set_aside).
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg
from pydantic import Field

from retrace_assets.asset_specs import INGEST, OWNERS, table_spec
from retrace_assets.intake.set_aside import set_aside
from retrace_assets.intake.update import RUN_BYTES, STAGE, drain
from retrace_assets.metadata import report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.report import StageReport
from retrace_assets.runs import explained, is_hot_run, log_other_days
from retrace_core.table import Table
from retrace_core.tables import REJECTED, REPLAY_BATCHES, REPLAY_EVENTS, REPLAY_PAYLOADS
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing

LANDING: Final = dg.AssetSpec(
    "landing",
    description="Bytes as the door received them: closed Arrow segments that wait to be taken in, then deleted.",
    group_name=INGEST,
    kinds={"arrow", "facts"},
    owners=OWNERS,
    metadata={"folder": "landing/replay"},
)

_TABLES: Final = (REPLAY_BATCHES, REPLAY_PAYLOADS, REPLAY_EVENTS, REJECTED)
# The note of a report that counts a table's rows; events are what the stage counts itself.
_COUNTED_BY: Final = {REPLAY_BATCHES: "batches", REPLAY_PAYLOADS: "batches", REJECTED: "rejected"}

NO_SEGMENT_SET_ASIDE: Final = dg.AssetCheckSpec(
    "no_segment_set_aside",
    asset=REJECTED.name,
    description="No landing segment lies in landing/poison/: one that does was accepted and could not be processed.",
)


class IntakeConfig(dg.Config):
    """What a hot run takes in; the defaults take what is oldest."""

    max_bytes: int = RUN_BYTES
    only: list[str] = Field(default_factory=list)
    set_aside: list[str] = Field(default_factory=list)


@dg.multi_asset(
    name=STAGE,
    specs=[table_spec(table, group=INGEST, deps=[LANDING.key], code_version="1") for table in _TABLES],
    check_specs=[NO_SEGMENT_SET_ASIDE],
    backfill_policy=IN_ONE_RUN,
)
def intake(
    context: dg.AssetExecutionContext,
    config: IntakeConfig,
    lake: dg.ResourceParam[Lake],
    landing: dg.ResourceParam[Landing],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Take in landed segments, each exactly once; facts are never recomputed, so rematerialising changes nothing."""
    report = StageReport(STAGE)
    if is_hot_run(context):
        with explained(context):
            report += set_aside(lake, landing, config.set_aside) if config.set_aside else StageReport(STAGE)
            report += drain(lake, landing, max_bytes=config.max_bytes, only=config.only or None)
    snapshot = lake.snapshot_id()
    for table in _TABLES:
        metadata = _metadata(table, report, snapshot, is_hot=is_hot_run(context))
        yield dg.MaterializeResult(asset_key=table.name, metadata=metadata)
        log_other_days(context, [dg.AssetKey(table.name)], report.days, metadata)
    yield _no_segment_set_aside(landing)


def _metadata(table: Table, report: StageReport, snapshot: int, *, is_hot: bool) -> dict[str, Any]:
    if not is_hot:
        return {"status": "facts: kept as they are", "snapshot": snapshot}
    rows_out = int(report.notes.get(_COUNTED_BY[table], 0)) if table in _COUNTED_BY else report.rows_out
    return report_metadata(report, snapshot=snapshot, rows_out=rows_out)


def _no_segment_set_aside(landing: Landing) -> dg.AssetCheckResult:
    names = sorted(path.name for path in landing.poison_directory.glob("*"))
    return dg.AssetCheckResult(
        asset_key=REJECTED.name,
        check_name=NO_SEGMENT_SET_ASIDE.name,
        passed=not names,
        metadata={"segments": len(names), "oldest": names[0] if names else "none", "folder": "landing/poison"},
    )
