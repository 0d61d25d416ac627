"""Signals: the sessions whose recording changed are judged anew.

Belongs here: which sessions, which rules judge them, and the transaction. Does not: any rule (detectors), what is read
of a session (reading) or the shape of a signal (rows).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from retrace_assets.follow import follow, recompute, replace_changed, rows_of
from retrace_assets.report import StageReport
from retrace_assets.signals.detector import Detector
from retrace_assets.signals.judging import judge
from retrace_assets.signals.reading import read_recordings
from retrace_assets.signals.rules import RulesNow, same_for_all
from retrace_assets.signals.splits import Split, split_signals, splits_now
from retrace_assets.versions import learn_versions, read_versions
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import PAGE_CHANGES, REPLAYS, SIGNALS
from retrace_resources.changes import advance, note_changes
from retrace_resources.lake import Lake, Transaction

STAGE = "signals"
# How many splits, in the order they were decided, the stored signals follow: kept where other stages keep commits.
SPLITS_STAGE = "signals.splits"

_SESSION = ("project_id", "environment_id", "day", "session_id", "started_at")

_NOTHING_TOUCHED = pl.DataFrame(
    schema={"project_id": pl.String, "environment_id": pl.String, "day": pl.Date, "key": pl.String}
)

# The rules as they are asked for, or detectors that judge every environment as they are.
Judges = RulesNow | Sequence[Detector[Any]]


def update(lake: Lake, judges: Judges) -> StageReport:
    """Judge every session that was played anew since the last update."""
    rules_now = _rules_now(judges)
    if len(rules_now().splits) > _applied_splits(lake):
        with lake.transaction() as transaction:
            apply_new_splits(transaction, rules_now().splits)
    return follow(lake, STAGE, PAGE_CHANGES.name, partial(_judge, rules_now=rules_now))


def rebuild(lake: Lake, day: date, judges: Judges) -> StageReport:
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
    return recompute(lake, STAGE, sessions, partial(_judge, rules_now=_rules_now(judges)))


def apply_new_splits(transaction: Transaction, splits: Sequence[Split]) -> pl.DataFrame:
    """Give stored signals the fingerprints of splits that none has seen; returns the keys of `clusters` they touch.

    A split is recorded before it is applied: after a crash in between, the next update applies it.
    """
    now = splits_now(splits, read_versions(transaction))
    touched = [_apply(transaction, split) for split in now[_applied_splits(transaction) :]]
    advance(transaction, SPLITS_STAGE, len(splits))
    return pl.concat(touched).unique(maintain_order=True) if touched else _NOTHING_TOUCHED


def _applied_splits(reader: Lake | Transaction) -> int:
    return int(reader.query("SELECT max(commit_no) FROM progress WHERE stage = ?", [SPLITS_STAGE]).item() or 0)


def _apply(transaction: Transaction, split: Split) -> pl.DataFrame:
    rows = transaction.query(
        f"SELECT {', '.join(SIGNALS.column_names)} FROM signals "
        "WHERE project_id = ? AND environment_id = ? AND list_contains(?, fingerprint)",
        [split.project_id, split.environment_id, sorted(split.names)],
    )
    moved = split_signals(rows, [split]).filter(~pl.col("fingerprint").is_in(split.names))
    transaction.replace(SIGNALS, moved.select(*_SESSION, "signal_id"), moved)
    gone = rows.join(moved, on=[*_SESSION, "signal_id"], how="semi")
    no_start = pl.lit(None, pl.Datetime("us"))
    touched = pl.concat([gone, moved]).with_columns(started_at=no_start, key="fingerprint")
    note_changes(transaction, SIGNALS.name, touched)
    return touched.select(_NOTHING_TOUCHED.columns)


def _rules_now(judges: Judges) -> RulesNow:
    return same_for_all(judges) if isinstance(judges, Sequence) else judges


def _judge(transaction: Transaction, keys: pl.DataFrame, *, rules_now: RulesNow) -> StageReport:
    touched = keys.rename({"key": "session_id"}).select(_SESSION)
    sessions = rows_of(transaction, REPLAYS, touched)
    rules = rules_now()
    splits = rules.splits
    if splits:
        rules = replace(rules, splits=splits_now(splits, read_versions(transaction)))
    recordings = read_recordings(transaction, sessions, rules.of_all(sessions))
    rows = judge(recordings, sessions, rules)
    changed = replace_changed(transaction, SIGNALS, touched, rows)
    if learn_versions(transaction, changed):
        # What is stored under names that were not known to be of a bug that was split.
        for split in splits_now(splits, read_versions(transaction)):
            _apply(transaction, split)
    no_start = pl.lit(None, pl.Datetime("us"))
    note_changes(transaction, SIGNALS.name, changed.with_columns(started_at=no_start, key="fingerprint"))
    return StageReport(
        STAGE,
        rows_in=recordings.events.height,
        rows_out=rows.height,
        days=frozenset(changed["day"]),
        notes={"sessions": touched.height, "changed": changed.height},
    )
