"""What intake writes beside the events: frames in the shape of their tables.

Belongs here: replay_batches, replay_payloads, rejected, segments. Does not: replay_events (intake/columns).
"""

from datetime import datetime

import polars as pl

from retrace_assets.intake.batches import Refusal
from retrace_assets.intake.sessions import PlacedBatch, from_milliseconds
from retrace_core.ids import batch_id, public_id
from retrace_core.table import Table
from retrace_core.tables import REJECTED, REPLAY_BATCHES, REPLAY_PAYLOADS, SEGMENTS
from retrace_resources.landing import Segment, UnreadableSegment

_Row = dict[str, object]


def _frame(table: Table, rows: list[_Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=pl.DataFrame(table.arrow_schema.empty_table()).schema)


def _identity(placed: PlacedBatch) -> _Row:
    post = placed.batch.post
    return {
        "project_id": post.project_id,
        "environment_id": post.environment_id,
        "day": placed.day,
        "session_id": post.session_id,
        "started_at": placed.started_at,
        "window_id": post.window_id,
        "sequence": post.sequence,
    }


def batches_frame(placed: list[PlacedBatch], commit_no: int) -> pl.DataFrame:
    """Rows of `replay_batches`."""
    return _frame(REPLAY_BATCHES, [_batch_row(item, commit_no) for item in placed])


def _batch_row(placed: PlacedBatch, commit_no: int) -> _Row:
    batch, post = placed.batch, placed.batch.post
    times = [time for time in placed.times_ms if time is not None]
    return _identity(placed) | {
        "batch_id": batch_id(post.environment_id, post.session_id, post.window_id, post.sequence),
        "commit_no": commit_no,
        "received_at": post.received_at,
        "sent_at": _time(batch.sent_ms),
        "clock_offset_ms": placed.window.clock_offset_ms,
        "first_at": _time(min(times, default=None)),
        "last_at": _time(max(times, default=None)),
        "last_url": placed.last_url,
        "flush_type": batch.flush_type,
        "distinct_id": batch.distinct_id,
        "event_count": len(times),
        "rejected_count": len(placed.refusals),
        "raw_bytes": batch.raw_bytes,
        "content_hash": batch.content_hash,
        "sdk_name": batch.sdk_name,
        "sdk_version": batch.sdk_version,
        "release": batch.release,
        "metadata": batch.metadata,
        "segment": post.segment,
    }


def payloads_frame(placed: list[PlacedBatch]) -> pl.DataFrame:
    """Rows of `replay_payloads`."""
    events = pl.Series("events", [item.batch.events_json for item in placed], dtype=pl.Binary).cast(pl.String)
    return _frame(REPLAY_PAYLOADS, [_identity(item) for item in placed]).with_columns(events)


def rejected_frame(stream: str, refusals: list[Refusal], commit_no: int) -> pl.DataFrame:
    """Rows of `rejected`."""
    return _frame(REJECTED, [_rejected_row(stream, refusal, commit_no) for refusal in refusals])


def _rejected_row(stream: str, refusal: Refusal, commit_no: int) -> _Row:
    post = refusal.post
    place = (post.segment, post.session_id, post.window_id, str(post.sequence), str(refusal.event_index))
    return {
        "project_id": post.project_id,
        "environment_id": post.environment_id,
        "day": post.received_at.date(),
        "rejected_id": public_id("rej_", *place, refusal.reason.value),
        "stream": stream,
        "reason": refusal.reason.value,
        "detail": refusal.detail,
        "received_at": post.received_at,
        "session_id": post.session_id,
        "window_id": post.window_id,
        "sequence": post.sequence,
        "event_index": refusal.event_index,
        "payload": refusal.payload,
        "segment": post.segment,
        "commit_no": commit_no,
    }


def poisoned_frame(stream: str, segments: list[UnreadableSegment], commit_no: int, now: datetime) -> pl.DataFrame:
    """Rows of `rejected` for whole segments that could not be read; nobody knows whose they are."""
    return _frame(
        REJECTED,
        [
            {
                "project_id": "",
                "environment_id": "",
                "day": now.date(),
                "rejected_id": public_id("rej_", error.path.name, error.code.value),
                "stream": stream,
                "reason": error.code.value,
                "detail": error.detail,
                "received_at": now,
                "segment": error.path.name,
                "commit_no": commit_no,
            }
            for error in segments
        ],
    )


def segments_frame(
    stream: str, segments: list[tuple[Segment, int]], commit_no: int, noted_at: datetime
) -> pl.DataFrame:
    """Rows of `segments`, from the segments taken in and how many rows each held."""
    return _frame(
        SEGMENTS,
        [
            {
                "stream": stream,
                "segment": segment.name,
                "commit_no": commit_no,
                "rows": rows,
                "bytes": segment.size_bytes,
                "noted_at": noted_at,
            }
            for segment, rows in segments
        ],
    )


def _time(milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else from_milliseconds(milliseconds)
