"""What the pages stage says of events, written beside them: an event may have a `page` with the columns of its row."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from retrace_assets.signals.detector import Recordings
from retrace_assets.signals.findings import in_order
from retrace_core.tables import PAGE_CHANGES
from tests.retrace_assets.signals.recordings import Row, events_frame, frame_of, windows_frame

_SHARED = ("project_id", "environment_id", "day", "session_id", "started_at", "window_id", "sequence", "event_index")


def recorded(events: Sequence[Row], *, closed: bool = True) -> Recordings:
    """What detectors read of events, in order; the page's row of an event is a change unless it says its kind."""
    bare = [{name: value for name, value in event.items() if name != "page"} for event in events]
    frame = events_frame([{"kind": "mutation", **event} for event in bare])
    ordered = in_order(frame)
    return Recordings(ordered, windows_frame(ordered, closed=closed), in_order(_page(events, frame)))


def _page(events: Sequence[Row], frame: pl.DataFrame) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for event, row in zip(events, frame.iter_rows(named=True), strict=True):
        if page := event.get("page"):
            kind = "click" if row["kind"] == "click" else "change"
            shared = {name: row[name] for name in (*_SHARED, "occurred_at", "url")}
            rows.append({**shared, "part": 0, "kind": kind, "busy": 0, "loading": 0, "signature": 0, **page})
    return frame_of(PAGE_CHANGES, rows)
