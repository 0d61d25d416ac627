"""Signals as Dagster sees them: one step, one asset a detector, all on the table `signals`.

Belongs here: specs from the detectors' own documentation, and metadata. Does not: any rule (detectors), or which
sessions are judged (update).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import dagster as dg

from retrace_assets.metadata import report_metadata
from retrace_assets.partitions import IN_ONE_RUN
from retrace_assets.report import StageReport
from retrace_assets.runs import log_other_days, update_or_rebuild, utc_now
from retrace_assets.signals.detector import Detector
from retrace_assets.signals.detectors import DETECTORS, enabled_detectors
from retrace_assets.signals.update import STAGE, rebuild, update
from retrace_assets.specs import DETECT, table_spec
from retrace_core.tables import REPLAY_EVENTS, REPLAYS, SIGNALS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings

# A heading of a detector's documentation: a line at the margin over an indented one.
_HEADING = re.compile(r"^(?=\S)(.+)\n(?=    )", re.MULTILINE)


def signal_key(detector: str) -> dg.AssetKey:
    """Asset of a detector's signals."""
    return dg.AssetKey([SIGNALS.name, detector])


def markdown(documentation: str) -> str:
    """A detector's documentation with its headings in bold, as the UI renders it."""
    text = _HEADING.sub(r"\n**\1**\n\n", documentation)
    return re.sub(r"^    ", "", text, flags=re.MULTILINE).strip()


def _spec(detector: Detector[Any]) -> dg.AssetSpec:
    return table_spec(
        SIGNALS,
        key=signal_key(detector.name),
        group=DETECT,
        deps=[dg.AssetKey(REPLAYS.name), dg.AssetKey(REPLAY_EVENTS.name)],
        code_version=str(detector.code_version),
        description=markdown(detector.documentation),
        metadata={"thresholds": asdict(detector.options) or "none"},
    )


SIGNAL_KEYS: Final = [signal_key(name) for name in DETECTORS]


@dg.multi_asset(
    name=STAGE,
    specs=[_spec(detector) for detector in DETECTORS.values()],
    backfill_policy=IN_ONE_RUN,
    can_subset=True,
)
def signals(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings], lake: dg.ResourceParam[Lake]
) -> Iterator[dg.MaterializeResult[None]]:
    """Judge sessions: those whose replay changed, or those of the days asked for.

    One pass over the events serves every detector, so all of them are judged whichever were selected.
    """
    detectors = enabled_detectors(settings.detectors)
    report = update_or_rebuild(
        context, STAGE, update=lambda: update(lake, detectors), rebuild=lambda day: rebuild(lake, day, detectors)
    )
    counts = _counts(lake, report.days)
    snapshot = lake.snapshot_id()
    enabled = {detector.name: detector for detector in detectors}
    for key in sorted(context.selected_asset_keys):
        name = key.path[-1]
        metadata = _metadata(report, enabled.get(name), counts.get(name, 0), snapshot)
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        log_other_days(context, [key], report.days, metadata)


def _metadata(report: StageReport, detector: Detector[Any] | None, found: int, snapshot: int) -> Mapping[str, Any]:
    if detector is None:
        return {"status": "switched off in the configuration", "snapshot": snapshot}
    metadata = report_metadata(report, snapshot=snapshot, rows_out=found)
    return {**metadata, "rule version": detector.rule_version}


def _counts(lake: Lake, days: frozenset[date]) -> dict[str, int]:
    """Signals of each detector on the days that were touched."""
    touched = sorted(days) or [utc_now().date()]
    rows = lake.query("SELECT detector, count(*) FROM signals WHERE list_contains(?, day) GROUP BY ALL", [touched])
    return dict(rows.rows())
