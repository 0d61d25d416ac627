"""Sessions as intake, replays and pages leave them, written into a lake in a few words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.issues import update as issues
from retrace_assets.signals import update as signals
from retrace_assets.signals.detector import Recordings
from retrace_assets.signals.detectors import DETECTORS
from retrace_core.ids import replay_id
from retrace_core.table import Table
from retrace_core.tables import PAGE_CHANGES, REPLAY_BATCHES, REPLAY_EVENTS, REPLAYS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore

PROJECT, ENVIRONMENT = "proj_a", "env_a"
START = datetime(2025, 3, 10, 10)
PAGE = "https://shop.example/checkout"

Row = dict[str, Any]


def frame_of(table: Table, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of a table; what is not given is null."""
    return pl.DataFrame(list(rows), schema=pl.DataFrame(table.arrow_schema.empty_table()).schema)


def click(at: int, name: str = "Pay now", **more: Any) -> Row:
    """A click on a button, `at` milliseconds into the session."""
    button = {"node_id": 7, "x": 100.0, "y": 200.0, "target_tag": "button", "target_role": "button"}
    return {"at": at, "kind": "click", **button, "target_name": name, "target_interactive": True, **more}


def request(at: int, status: int = 500, url: str = "https://shop.example/api/orders/12", **more: Any) -> Row:
    """An answer to a request, `at` milliseconds into the session."""
    return {
        "at": at,
        "kind": "network",
        "method": "POST",
        "request_url": url,
        "status": status,
        "duration_ms": 10.0,
        **more,
    }


def exception(at: int, message: str = "TypeError: total is undefined", **more: Any) -> Row:
    """An uncaught exception, `at` milliseconds into the session."""
    stack = f"{message}\n    at addUp (https://shop.example/assets/cart.js:12:7)"
    return {"at": at, "kind": "exception", "level": "error", "message": message, "stack": stack, **more}


def console(at: int, message: str, level: str = "error", **more: Any) -> Row:
    """A printed line, `at` milliseconds into the session."""
    return {"at": at, "kind": "console", "level": level, "message": message, **more}


def events_frame(
    events: Sequence[Row], *, session: str = "s1", start: datetime = START, environment: str = ENVIRONMENT
) -> pl.DataFrame:
    """Rows of `replay_events`: each event is given its place in the batch and defaults for its window and page."""
    rows = []
    for index, event in enumerate(events):
        columns = {name: value for name, value in event.items() if name != "at"}
        placed = {
            "project_id": PROJECT,
            "environment_id": environment,
            "day": start.date(),
            "session_id": session,
            "started_at": start,
            "window_id": "w1",
            "sequence": 0,
            "event_index": index,
            "part": 0,
            "occurred_at": start + timedelta(milliseconds=event["at"]),
            "url": PAGE,
        }
        rows.append(placed | columns)
    return frame_of(REPLAY_EVENTS, rows)


def windows_frame(events: pl.DataFrame, *, closed: bool = True) -> pl.DataFrame:
    """The ends of the windows of some events."""
    keys = ("project_id", "environment_id", "session_id", "window_id")
    return events.group_by(*keys).agg(pl.col("occurred_at").max().alias("last_at")).with_columns(closed=pl.lit(closed))


def recordings(events: pl.DataFrame, *, closed: bool = True) -> Recordings:
    """What detectors read of some events whose page nobody looked at."""
    return Recordings(events, windows_frame(events, closed=closed), frame_of(PAGE_CHANGES, []))


def record(
    lake: Lake,
    session: str,
    events: Sequence[Row],
    *,
    user: str | None = None,
    release: str | None = None,
    start: datetime = START,
    closed: bool = True,
    environment: str = ENVIRONMENT,
) -> None:
    """Write a session as intake, replays and pages would, in the place of what was recorded of it before."""
    record_all(
        lake,
        {session: events},
        users={session: user},
        release=release,
        start=start,
        closed=closed,
        environment=environment,
    )


def record_all(
    lake: Lake,
    sessions: Mapping[str, Sequence[Row]],
    *,
    users: Mapping[str, str | None] | None = None,
    release: str | None = None,
    start: datetime = START,
    closed: bool = True,
    environment: str = ENVIRONMENT,
) -> None:
    """Write many sessions in one commit."""
    frames = [
        events_frame(events, session=session, start=start, environment=environment)
        for session, events in sessions.items()
    ]
    events = pl.concat(frames)
    key = ("project_id", "environment_id", "day", "session_id", "started_at")
    ends = events.group_by(*key, "window_id", maintain_order=True).agg(
        first_at=pl.col("occurred_at").min(), last_at=pl.col("occurred_at").max()
    )
    names = users or {}
    batches = [{**end, "sequence": 0, "flush_type": "normal"} for end in ends.iter_rows(named=True)]
    replays = [
        {
            **row,
            "replay_id": replay_id(PROJECT, environment, row["session_id"]),
            "status": "closed" if closed else "active",
            "distinct_id": names.get(row["session_id"]),
            "release": release,
        }
        for row in ends.group_by(*key, maintain_order=True)
        .agg(pl.col("first_at").min(), pl.col("last_at").max())
        .iter_rows(named=True)
    ]
    with lake.transaction() as transaction:
        keys = ends.select(key).unique()
        transaction.replace(REPLAY_BATCHES, keys, frame_of(REPLAY_BATCHES, batches))
        transaction.replace(REPLAY_EVENTS, keys, events)
        transaction.replace(REPLAYS, keys, frame_of(REPLAYS, replays))
        note_changes(transaction, PAGE_CHANGES.name, keys.rename({"session_id": "key"}))


def process(lake: Lake, state: StateStore) -> None:
    """Run the stages from signals to incidents, as the hot job does."""
    signals.update(lake, list(DETECTORS.values()))
    clusters.update(lake)
    issues.update(lake, state)
    incidents.update(lake, state)


def rows(lake: Lake, table: str) -> list[Row]:
    """All rows of a table, in a fixed order."""
    return lake.query(f"FROM {table} ORDER BY ALL").to_dicts()
