"""Replays: the sessions that were touched, or have gone idle, get their row anew.

Belongs here: which sessions, and the transaction. Does not: the aggregation (replays).
"""

from datetime import date, datetime, timedelta
from functools import partial

import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.follow import follow, recompute, replace_changed
from retrace_assets.replays.replays import IDLE, replay_rows, replays_parameters, replays_sql
from retrace_assets.report import StageReport
from retrace_core.tables import REPLAY_EVENTS, REPLAYS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction

STAGE = "replays"
# No session is still open on the third day: look-ups for idle ones end there.
_OPEN_DAYS = timedelta(days=2)

_KEYS = ("project_id", "environment_id", "day", "session_id", "started_at")


def update(lake: Lake, now: datetime) -> StageReport:
    """Recompute the sessions intake has touched since the last update, and close those that have gone idle."""
    report = follow(
        lake,
        STAGE,
        REPLAY_EVENTS.name,
        lambda transaction, keys: _recompute(transaction, keys.rename({"key": "session_id"}), now),
    )
    return report + recompute(lake, STAGE, idle_sessions(lake, now), partial(_recompute, now=now))


def rebuild(lake: Lake, day: date, now: datetime) -> StageReport:
    """Recompute every session of one UTC day."""
    sessions = lake.query(
        f"SELECT DISTINCT {', '.join(_KEYS)} FROM replay_batches WHERE day = ? ORDER BY started_at, session_id", [day]
    )
    return recompute(lake, STAGE, sessions, partial(_recompute, now=now))


def idle_sessions(lake: Lake, now: datetime) -> pl.DataFrame:
    """Active sessions that have had no batch for 5 minutes, by the keys of `replays` and their start."""
    return lake.query(
        f"SELECT {', '.join(_KEYS)} FROM replays WHERE day >= ? AND status = 'active' AND received_last_at <= ?",
        [(now - _OPEN_DAYS).date(), now - IDLE],
    )


def _recompute(transaction: Transaction, sessions: pl.DataFrame, now: datetime) -> StageReport:
    touched = sessions.select(_KEYS)
    sums = transaction.query(replays_sql(f"WHERE {bounded(touched)}"), replays_parameters(now), touched=touched)
    rows = replay_rows(sums)
    replace_changed(transaction, REPLAYS, touched, rows)
    # A session whose row is the same may still have other events: the next stage is told of all of them.
    note_changes(transaction, REPLAYS.name, rows.rename({"session_id": "key"}))
    return StageReport(
        STAGE,
        rows_in=int(rows["events"].sum()),
        rows_out=rows.height,
        days=frozenset(rows["day"].unique()),
        notes={"sessions": rows.height, "closed": rows.filter(pl.col("status") == "closed").height},
    )
