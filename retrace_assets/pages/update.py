"""Page changes: the sessions whose replay changed are played anew.

Belongs here: which sessions, reading their recordings, and the transaction. Does not: what a row says (replay).
"""

import gc
from collections import defaultdict
from datetime import date
from itertools import groupby
from typing import Any, Final

import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.follow import follow, recompute, replace_changed
from retrace_assets.pages.reading import read_events
from retrace_assets.pages.replay import PageRow, page_rows
from retrace_assets.report import StageReport
from retrace_assets.uncollected import uncollected
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import PAGE_CHANGES, REPLAYS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction

STAGE = "pages"

_SESSION: Final = ("project_id", "environment_id", "day", "started_at", "session_id")
_WINDOW: Final = (*_SESSION, "window_id")
_TABLE_SCHEMA: Final = pl.DataFrame(PAGE_CHANGES.arrow_schema.empty_table()).schema
_ROW_SCHEMA: Final = {name: _TABLE_SCHEMA[name] for name in (*_WINDOW, *PageRow._fields)}

# Pages that wait to be collected: some 50 MB.
_WINDOWS_KEPT: Final = 50

_RECORDINGS = f"""
SELECT {", ".join(_WINDOW)}, sequence, events
FROM replay_payloads SEMI JOIN sessions USING ({", ".join(_SESSION)})
WHERE {{bounded}} ORDER BY ALL
"""
# Time and page of an event are those of its row in replay_events; an event that was refused has none. That a touch was
# a click is said there too.
_PLACED = f"""
SELECT {", ".join(f"played.{name}" if name in _ROW_SCHEMA else f"event.{name}" for name in PAGE_CHANGES.column_names)}
FROM played
JOIN (SELECT * FROM replay_events WHERE part = 0 AND {{bounded}}) AS event
USING ({", ".join(_WINDOW)}, sequence, event_index)
WHERE played.kind <> 'click' OR event.kind = 'click'
ORDER BY started_at, session_id, window_id, sequence, event_index, part
"""


def update(lake: Lake) -> StageReport:
    """Play every session whose replay has changed since the last update."""
    return follow(lake, STAGE, REPLAYS.name, _play)


def rebuild(lake: Lake, day: date) -> StageReport:
    """Play every session of a UTC day; raises `partition_frozen` when the day's recordings are gone."""
    sessions = lake.query(
        f"SELECT {', '.join(_SESSION[:-1])}, session_id AS key FROM replays WHERE day = ? ORDER BY started_at, key",
        [day],
    )
    kept = lake.query("SELECT count(*) FROM replay_payloads WHERE day = ?", [day]).item()
    if sessions.height and not kept:
        raise RetraceError(ErrorCode.PARTITION_FROZEN, f"no recordings of {day} are left")
    return recompute(lake, STAGE, sessions, _play)


def _play(transaction: Transaction, keys: pl.DataFrame) -> StageReport:
    touched = keys.rename({"key": "session_id"}).select(_SESSION)
    recordings = transaction.query(_RECORDINGS.format(bounded=bounded(touched)), sessions=touched)
    with uncollected():
        rows = _placed(transaction, touched, played(recordings))
    replace_changed(transaction, PAGE_CHANGES, touched, rows)
    # A session whose page is the same may still have other events: the next stage is told of all of them.
    note_changes(transaction, PAGE_CHANGES.name, touched.rename({"session_id": "key"}))
    return StageReport(
        STAGE,
        rows_in=recordings.height,
        rows_out=rows.height,
        days=frozenset(touched["day"].unique()),
        notes={"sessions": touched.height},
    )


def played(recordings: pl.DataFrame) -> pl.DataFrame:
    """Play windows, given as batches in order with their `events` as JSON."""
    columns: defaultdict[str, list[Any]] = defaultdict(list)
    windows = groupby(recordings.iter_rows(), key=lambda batch: batch[: len(_WINDOW)])
    for number, (window, batches) in enumerate(windows, start=1):
        rows = page_rows([(sequence, read_events(text)) for *_, sequence, text in batches])
        for name, value in zip(_WINDOW, window, strict=True):
            columns[name] += [value] * len(rows)
        for name, values in zip(PageRow._fields, zip(*rows, strict=True), strict=False):
            columns[name] += values
        if number % _WINDOWS_KEPT == 0:
            # The nodes of a page refer to each other, so that only the collector frees them.
            gc.collect(0)
    return pl.DataFrame({name: columns[name] for name in _ROW_SCHEMA}, schema=_ROW_SCHEMA)


def _placed(transaction: Transaction, touched: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return transaction.query(_PLACED.format(bounded=bounded(touched)), played=rows).cast(_TABLE_SCHEMA)
