"""Signals: the sessions whose replay changed are judged anew.

Belongs here: which sessions, what is read of them, and the transaction. Does not: any rule (detectors) or the shape of
a signal (rows).
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.follow import follow, recompute, replace_changed, rows_of
from retrace_assets.report import StageReport
from retrace_assets.signals.detector import Detector
from retrace_assets.signals.rows import find_signals
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import REPLAY_EVENTS, REPLAYS, SIGNALS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction

STAGE = "signals"

_SESSION = ("project_id", "environment_id", "day", "session_id", "started_at")
# The ends of windows: closed when the latest batch said so, or when the whole session is over.
_WINDOWS = """
SELECT project_id, environment_id, session_id, window_id, max(batch.last_at) AS last_at,
       arg_max(batch.flush_type, batch.sequence) = 'final' OR bool_or(session.status = 'closed') AS closed
FROM replay_batches AS batch
JOIN sessions AS session USING (project_id, environment_id, day, session_id)
WHERE {bounded}
GROUP BY ALL
"""
_EVENTS = f"""
SELECT {", ".join(REPLAY_EVENTS.column_names)}
FROM replay_events SEMI JOIN sessions USING (project_id, environment_id, day, session_id)
WHERE list_contains($kinds, kind) AND {{bounded}}
"""


def update(lake: Lake, detectors: Sequence[Detector[Any]]) -> StageReport:
    """Judge every session whose replay has changed since the last update."""
    return follow(lake, STAGE, REPLAYS.name, partial(_judge, detectors=detectors))


def rebuild(lake: Lake, day: date, detectors: Sequence[Detector[Any]]) -> StageReport:
    """Judge every session of a UTC day; raises `partition_frozen` when the day's events are gone."""
    sessions = lake.query(
        "SELECT project_id, environment_id, day, started_at, session_id AS key FROM replays WHERE day = $day "
        "UNION SELECT project_id, environment_id, day, started_at, session_id FROM signals WHERE day = $day "
        "ORDER BY started_at, key",
        {"day": day},
    )
    kept = lake.query("SELECT count(*) FROM replay_events WHERE day = ?", [day]).item()
    if sessions.height and not kept:
        raise RetraceError(ErrorCode.PARTITION_FROZEN, f"no events of {day} are left")
    return recompute(lake, STAGE, sessions, partial(_judge, detectors=detectors))


def _judge(transaction: Transaction, keys: pl.DataFrame, *, detectors: Sequence[Detector[Any]]) -> StageReport:
    touched = keys.rename({"key": "session_id"}).select(_SESSION)
    sessions = rows_of(transaction, REPLAYS, touched)
    kinds = sorted(set[str]().union(*(detector.kinds for detector in detectors)))
    events = transaction.query(_EVENTS.format(bounded=bounded(touched)), {"kinds": kinds}, sessions=sessions)
    windows = transaction.query(_WINDOWS.format(bounded=bounded(touched, "batch")), sessions=sessions)
    rows = find_signals(events, windows, sessions, detectors)
    changed = replace_changed(transaction, SIGNALS, touched, rows)
    no_start = pl.lit(None, pl.Datetime("us"))
    note_changes(transaction, SIGNALS.name, changed.with_columns(started_at=no_start, key="fingerprint"))
    return StageReport(
        STAGE,
        rows_in=events.height,
        rows_out=rows.height,
        days=frozenset(changed["day"]),
        notes={"sessions": touched.height, "changed": changed.height},
    )
