"""Giving up on a segment that fails whatever is tried: it leaves the queue, and `rejected` says so.

Belongs here: noting and moving it. Does not: deciding it (retrace_sensors.decide), or segments that can be read and
tell what is wrong with them (update).
"""

from collections.abc import Collection
from datetime import UTC, datetime

from retrace_assets.intake.frames import poisoned_frame
from retrace_assets.intake.update import STAGE, STREAM
from retrace_assets.report import StageReport
from retrace_core.tables import REJECTED
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing, UnreadableSegment

_REASON = "every run over this segment failed"


def set_aside(lake: Lake, landing: Landing, names: Collection[str]) -> StageReport:
    """Note pending segments of these names in `rejected` and move them to the poison folder."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with lake.transaction() as transaction:
        segments = [segment for segment in landing.pending() if segment.name in names]
        refusals = [UnreadableSegment(segment.path, _REASON) for segment in segments]
        rows = poisoned_frame(STREAM, refusals, transaction.commit_no, now)
        # A run that died after its commit left the row behind, and the segment where it was.
        transaction.replace(REJECTED, rows.select("day", "rejected_id"), rows)
    for segment in segments:
        landing.poison(segment)
    return StageReport(STAGE, notes={"poisoned": len(segments), "rejected": len(segments)})
