"""Upkeep of the lake: few large files in place of many small ones, and an end to what nobody needs any more.

Belongs here: what is kept how long, and the order of things. Does not: when it runs (a scheduled asset).

Every statement takes a writers' turn of its own, so that no writer waits for more than one of them.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import duckdb

from retrace_core.tables import REJECTED
from retrace_resources.changes import forget_read_changes
from retrace_resources.lake import ZSTD_LEVEL, Lake

SNAPSHOTS_KEPT = timedelta(days=7)
# After a day one snapshot an hour is enough to look back: with 50,000 of them a commit costs four times as much.
EVERY_SNAPSHOT_KEPT = timedelta(days=1)
REJECTED_KEPT = timedelta(days=7)
# At least, and up to a day more: a query that runs for longer may miss its files.
FILES_KEPT = timedelta(days=1)
# Rewriting costs the whole file, so it waits until a fifth of the rows are gone. But a file with deletions is never
# merged: when this many have gathered in a table, each is rewritten.
REWRITE_FROM_DELETED = 0.2
FILES_WITH_DELETIONS = 8

# A lock is not handed on in turn: without a pause the same process takes it again before those who wait wake up.
_PAUSE_S = 0.02
_PAUSE_AFTER_S = 0.1
# Recordings of merged files: 0.070 of the JSON at the level of writers (3), 0.058 at 6, 0.049 at 9, 0.046 at 11, which
# takes twice as long as 9.
MERGED_LEVEL = 9
_SPILL_UNTOUCHED = timedelta(hours=1)
SNAPSHOTS_A_TURN = 1_000


@dataclass(frozen=True, slots=True)
class LakeSize:
    """Files that the latest snapshot reads, their bytes, and the bytes on disk of all files and of the catalog."""

    files: int
    bytes: int
    disk_bytes: int
    catalog_bytes: int


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What upkeep did; `longest_turn_s` is the longest that a writer had to wait for it."""

    before: LakeSize
    after: LakeSize
    rows_flushed: int
    files_rewritten: int
    files_merged: int
    snapshots_expired: int
    files_deleted: int
    changes_forgotten: int
    rejected_pruned: int
    spill_folders_removed: int
    seconds: float
    longest_turn_s: float


class _Turns:
    """Runs statements, each in a writers' turn of its own, and remembers the longest."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._held_s = 0.0
        self.longest_s = 0.0

    def call(self, sql: str, level: int | None = None) -> list[tuple[Any, ...]]:
        """Wait for a turn and run one statement; the files it writes are compressed at `level`."""
        if self._held_s > _PAUSE_AFTER_S:
            sleep(_PAUSE_S)
            self._held_s = 0.0
        with self._lake.maintenance() as connection:
            started = perf_counter()
            rows = connection.execute(sql).fetchall() if level is None else _at_level(connection, level, sql)
        seconds = perf_counter() - started
        self._held_s += seconds
        self.longest_s = max(self.longest_s, seconds)
        return rows


def _at_level(connection: duckdb.DuckDBPyConnection, level: int, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement that compresses otherwise than writers do, who never see the setting: it is undone with it."""
    setting = "CALL lake.set_option('parquet_compression_level', ?)"
    connection.execute("BEGIN")
    connection.execute(setting, [level])
    rows = connection.execute(sql).fetchall()
    connection.execute(setting, [ZSTD_LEVEL])
    connection.execute("COMMIT")
    return rows


def maintain(lake: Lake, now: datetime, readers: Mapping[str, str]) -> MaintenanceReport:
    """Tidy the lake. `now` is UTC; `readers` maps each stage to the table whose changes it reads.

    Nothing that is younger than seven days is lost to time travel, and no row of the latest snapshot is changed but
    those of `changes` and `rejected` that are over.
    """
    started = perf_counter()
    before = lake_size(lake)
    changes_forgotten, rejected_pruned = _prune(lake, now, readers)
    turns = _Turns(lake)
    snapshots_expired = _expire(lake, turns, now)
    rows_flushed = sum(_flush(turns, table) for table in _tables(lake))
    crowded = set(_tables(lake, f"delete_file_count >= {FILES_WITH_DELETIONS}"))
    files_rewritten = sum(
        _rewrite(turns, table, 0 if table in crowded else REWRITE_FROM_DELETED)
        for table in _tables(lake, "delete_file_count > 0")
    )
    files_merged = sum(_merge(turns, table) for table in _tables(lake, "file_count > 1"))
    files_deleted = _delete_files(turns, now)
    return MaintenanceReport(
        before=before,
        after=lake_size(lake),
        rows_flushed=rows_flushed,
        files_rewritten=files_rewritten,
        files_merged=files_merged,
        snapshots_expired=snapshots_expired,
        files_deleted=files_deleted,
        changes_forgotten=changes_forgotten,
        rejected_pruned=rejected_pruned,
        spill_folders_removed=_remove_spill(lake.spill_path, now),
        seconds=perf_counter() - started,
        longest_turn_s=turns.longest_s,
    )


def lake_size(lake: Lake) -> LakeSize:
    """Measure the lake."""
    files, live = lake.query(
        "SELECT sum(file_count + delete_file_count)::BIGINT, sum(file_size_bytes + delete_file_size_bytes)::BIGINT "
        "FROM ducklake_table_info('lake')"
    ).row(0)
    on_disk = sum(path.stat().st_size for path in lake.data_path.rglob("*.parquet"))
    catalog = sum(path.stat().st_size for path in lake.catalog_path.parent.glob("catalog.sqlite*"))
    return LakeSize(files or 0, live or 0, on_disk, catalog)


def _prune(lake: Lake, now: datetime, readers: Mapping[str, str]) -> tuple[int, int]:
    """Drop changes that were read and rejected rows that were kept long enough; returns how many."""
    until = now - REJECTED_KEPT
    counts = "SELECT (SELECT count(*) FROM changes) AS changes, (SELECT count(*) FROM rejected) AS rejected"
    with lake.transaction() as transaction:
        changes_before, rejected_before = transaction.query(counts).row(0)
        forget_read_changes(transaction, dict(readers))
        transaction.execute(f"DELETE FROM {REJECTED.name} WHERE day <= ? AND received_at < ?", [until.date(), until])
        changes_after, rejected_after = transaction.query(counts).row(0)
    return changes_before - changes_after, rejected_before - rejected_after


def _expire(lake: Lake, turns: _Turns, now: datetime) -> int:
    """Forget snapshots that were kept long enough; returns how many.

    They are named one by one: DuckLake compares `older_than` with SQLite's text, where every time of a day comes before
    "<day>T…", and so takes snapshots up to a day too young.
    """
    expired = lake.query(
        """
        WITH snapshot AS (
            SELECT snapshot_id, snapshot_time,
                   snapshot_id < max(snapshot_id) OVER (PARTITION BY date_trunc('hour', snapshot_time)) AS is_followed
            FROM lake.snapshots()
        )
        SELECT snapshot_id FROM snapshot
        WHERE (snapshot_time < $oldest OR (snapshot_time < $day_ago AND is_followed))
          AND snapshot_id < (FROM lake.current_snapshot()) ORDER BY snapshot_id
        """,
        {
            "oldest": now.replace(tzinfo=UTC) - SNAPSHOTS_KEPT,
            "day_ago": now.replace(tzinfo=UTC) - EVERY_SNAPSHOT_KEPT,
        },
    )["snapshot_id"].to_list()
    for start in range(0, len(expired), SNAPSHOTS_A_TURN):
        versions = expired[start : start + SNAPSHOTS_A_TURN]
        turns.call(f"CALL ducklake_expire_snapshots('lake', versions => {versions})")
    return len(expired)


def _tables(lake: Lake, which: str = "true") -> list[str]:
    """Tables of the lake, those of models too."""
    rows = lake.query(f"SELECT table_name FROM ducklake_table_info('lake') WHERE {which} ORDER BY table_name")
    return rows["table_name"].to_list()


def _flush(turns: _Turns, table: str) -> int:
    """Move rows from the catalog into files; returns how many."""
    rows = turns.call(f"CALL ducklake_flush_inlined_data('lake', table_name => '{table}')")
    return sum(int(count) for *_, count in rows)


def _rewrite(turns: _Turns, table: str, threshold: float) -> int:
    """Write files without the rows that were deleted from them; returns how many files were read."""
    rows = turns.call(f"CALL ducklake_rewrite_data_files('lake', '{table}', delete_threshold => {threshold})")
    return sum(int(processed) for *_, processed, _ in rows)


def _merge(turns: _Turns, table: str) -> int:
    """Merge small files of a day, one target file a turn, sorted as the table is; returns how many files were read."""
    merged = 0
    while True:
        rows = turns.call(
            f"CALL ducklake_merge_adjacent_files('lake', '{table}', max_compacted_files => 1)", MERGED_LEVEL
        )
        if not any(processed > created for *_, processed, created in rows):
            return merged
        merged += sum(int(processed) for *_, processed, _ in rows)


def _delete_files(turns: _Turns, now: datetime) -> int:
    """Delete files that no snapshot reads any more, and those of writers that died before their commit.

    For the former, as for snapshots, `older_than` takes in all of its day, so the day before is given.
    """
    kept_from = now - FILES_KEPT
    unread_until = f"TIMESTAMPTZ '{kept_from.date() - timedelta(days=1)} 00:00:00+00'"
    orphaned_until = f"TIMESTAMPTZ '{kept_from:%Y-%m-%d %H:%M:%S}+00'"
    unread = turns.call(f"CALL ducklake_cleanup_old_files('lake', older_than => {unread_until})")
    orphans = turns.call(f"CALL ducklake_delete_orphaned_files('lake', older_than => {orphaned_until})")
    return len(unread) + len(orphans)


def _remove_spill(spill: Path, now: datetime) -> int:
    """Remove what killed processes have spilled; returns how many folders."""
    removed = 0
    for folder in spill.iterdir():
        pid = folder.name.partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)) and _is_untouched(folder, now):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_untouched(folder: Path, now: datetime) -> bool:
    """Whether nothing was written lately: a process of another container has a number that means nothing here."""
    newest = max((path.stat().st_mtime for path in (folder, *folder.iterdir())), default=0.0)
    return datetime.fromtimestamp(newest, UTC).replace(tzinfo=None) < now - _SPILL_UNTOUCHED
