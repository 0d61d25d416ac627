"""Upkeep changes files, never rows: fewer and sorted files, an end to what is over, and room for writers in between."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from retrace_core.table import Table
from retrace_core.tables import PROGRESS, REJECTED, REPLAYS, TABLES
from retrace_resources.changes import advance, note_changes, read_changes
from retrace_resources.lake import INLINED_ROWS, Lake
from retrace_resources.lake_maintenance import FILES_WITH_DELETIONS, MaintenanceReport, maintain

DAY = date(2026, 11, 20)
REPLACED = 30  # of 120 rows: more than the share from which a file is rewritten
NOON = datetime.fromisoformat("2026-11-20T12:00")
READERS = {"signals": "replays"}


def utc_now() -> datetime:
    """Now as the lake keeps time; the lake itself stamps snapshots and files with the real one."""
    return datetime.now(UTC).replace(tzinfo=None)


def rows(table: Table, *named: dict[str, object]) -> pl.DataFrame:
    """Rows of a table; what is not named is null."""
    schema = pl.Schema(table.arrow_schema)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in named], schema=schema)


def replays(*numbers: int, events: int = 1) -> pl.DataFrame:
    """Sessions of one day, the later numbered the earlier started."""
    return rows(
        REPLAYS,
        *(
            {
                "project_id": "p",
                "environment_id": "e",
                "day": DAY,
                "session_id": f"s{number}",
                "started_at": NOON - timedelta(seconds=number),
                "first_url": f"https://shop.example/item/{number}",
                "events": events,
            }
            for number in numbers
        ),
    )


def stored(lake: Lake, table: str = "replays") -> list[tuple[object, ...]]:
    """Every row of a table, in one order."""
    return lake.query(f"FROM {table} ORDER BY ALL").rows()


def tidy(lake: Lake, later: timedelta = timedelta()) -> MaintenanceReport:
    """Maintain the lake as if some time had passed."""
    return maintain(lake, utc_now() + later, READERS)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of small commits: some in files of their own, some in the catalog, some rows replaced.

    Upkeep takes its time with every table, so those that no test looks at are dropped.
    """
    home = tmp_path_factory.mktemp("template")
    with Lake(home) as lake:
        with lake.transaction() as tx:
            for name in set(TABLES) - {"replays", "progress", "changes", "rejected"}:
                tx.execute(f"DROP TABLE {name}")
        for start in range(0, 6 * INLINED_ROWS, 2 * INLINED_ROWS):
            with lake.transaction() as tx:
                tx.append(REPLAYS, replays(*range(start, start + INLINED_ROWS + 20)))
            with lake.transaction() as tx:
                again = replays(*range(start, start + REPLACED), events=9)
                tx.replace(REPLAYS, again.select("project_id", "day", "started_at", "session_id"), again)
    return home


@pytest.fixture
def lake(template: Path, tmp_path: Path) -> Iterator[Lake]:
    """A lake of the test's own."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with Lake(tmp_path) as lake:
        yield lake


def data_files(lake: Lake, table: str) -> list[Path]:
    """Files on disk, whether they are read any more or not."""
    return sorted((lake.data_path / "main" / table).rglob("*.parquet"))


def file_count(lake: Lake, table: str) -> int:
    """Files that the latest snapshot reads."""
    return int(lake.query("SELECT file_count FROM ducklake_table_info('lake') WHERE table_name = ?", [table]).item())


def test_no_row_changes_and_many_files_become_one_sorted_and_compressed(lake: Lake) -> None:
    before = stored(lake)

    report = tidy(lake)
    tidy(lake, later=timedelta(days=9))

    assert stored(lake) == before
    [file] = data_files(lake, "replays")
    starts = [row["started_at"] for row in pq.read_table(file, columns=["started_at"]).to_pylist()]
    assert starts == sorted(starts)
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
    assert report.before.files > report.after.files
    assert report.rows_flushed == 3 * REPLACED + 1  # and the schema version
    assert report.files_rewritten > 0
    assert report.files_merged > 0
    assert 0 < report.longest_turn_s < report.seconds


def test_a_second_run_finds_nothing_to_do(lake: Lake) -> None:
    tidy(lake)
    snapshot = lake.snapshot_id()

    report = tidy(lake)

    assert (report.rows_flushed, report.files_rewritten, report.files_merged, report.files_deleted) == (0, 0, 0, 0)
    assert lake.snapshot_id() == snapshot


def test_files_with_few_deletions_are_rewritten_when_they_have_gathered(lake: Lake) -> None:
    tidy(lake)
    starts = range(1_000, 1_000 + 1_000 * FILES_WITH_DELETIONS, 1_000)
    for start in starts:
        with lake.transaction() as tx:
            tx.append(REPLAYS, replays(*range(start, start + INLINED_ROWS + 20)))
    with lake.transaction() as tx:
        tx.delete(REPLAYS, replays(*starts[1:]).select("day", "session_id", "started_at"))
    assert tidy(lake).files_rewritten == 0

    with lake.transaction() as tx:
        tx.delete(REPLAYS, replays(starts[0]).select("day", "session_id", "started_at"))
    before = stored(lake)

    report = tidy(lake)

    assert report.files_rewritten == FILES_WITH_DELETIONS
    assert file_count(lake, "replays") == 1
    assert stored(lake) == before


def test_every_commit_of_the_last_day_can_still_be_asked_about(lake: Lake) -> None:
    at = lake.snapshot_id()
    before = stored(lake)
    with lake.transaction() as tx:
        tx.execute("DELETE FROM replays")

    for later in (timedelta(), timedelta(hours=22)):
        tidy(lake, later)
        assert stored(lake, f"replays AT (VERSION => {at})") == before

    report = tidy(lake, later=timedelta(days=1, minutes=1))
    assert report.snapshots_expired > 0
    with pytest.raises(duckdb.Error):
        stored(lake, f"replays AT (VERSION => {at})")


def test_one_snapshot_an_hour_stays_for_a_week(lake: Lake) -> None:
    first = lake.snapshot_id()
    for _ in range(3):
        with lake.transaction() as tx:
            tx.append(PROGRESS, pl.DataFrame({"stage": ["x"], "commit_no": [1]}))
    # Two snapshots in one hour, one in the next, then the current one.
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    moments = {first: "10:10", first + 1: "10:50", first + 2: "11:05"}
    with closing(sqlite3.connect(lake.catalog_path)) as catalog, catalog:
        for snapshot, moment in moments.items():
            catalog.execute(
                "UPDATE ducklake_snapshot SET snapshot_time = ? WHERE snapshot_id = ?",
                (f"{yesterday} {moment}:00.000000+00", snapshot),
            )

    tidy(lake, later=timedelta(days=1, hours=2))
    kept = set(lake.query("SELECT snapshot_id FROM lake.snapshots()")["snapshot_id"])
    assert kept & set(moments) == {first + 1, first + 2}

    tidy(lake, later=timedelta(days=8))
    kept = set(lake.query("SELECT snapshot_id FROM lake.snapshots()")["snapshot_id"])
    assert kept & set(moments) == set()


def test_files_stay_a_day_for_those_who_are_reading_them(lake: Lake) -> None:
    for _ in range(3):
        with lake.transaction() as tx:
            tx.append(PROGRESS, pl.DataFrame({"stage": ["x"] * 200, "commit_no": range(200)}))
    small = data_files(lake, "progress")
    tidy(lake)

    for later in (timedelta(), timedelta(hours=23, minutes=59)):
        tidy(lake, later)
        assert set(small) <= set(data_files(lake, "progress"))

    report = tidy(lake, later=timedelta(days=2))
    assert report.files_deleted >= len(small) == 3
    assert set(small).isdisjoint(data_files(lake, "progress"))


def test_a_file_whose_writer_died_goes_after_a_day(lake: Lake) -> None:
    orphan = lake.data_path / "main" / "replays" / "orphan.parquet"
    pl.DataFrame({"n": [1]}).write_parquet(orphan)

    tidy(lake, later=timedelta(hours=23, minutes=59))
    assert orphan.exists()

    tidy(lake, later=timedelta(days=1, minutes=1))
    assert not orphan.exists()


def test_rejected_rows_are_kept_for_seven_days(lake: Lake) -> None:
    now = utc_now()
    ages = {"old": timedelta(days=7, minutes=1), "young": timedelta(days=6, hours=23)}
    with lake.transaction() as tx:
        for name, age in ages.items():
            at = now - age
            tx.append(REJECTED, rows(REJECTED, {"rejected_id": name, "day": at.date(), "received_at": at}))

    report = maintain(lake, now, READERS)

    assert report.rejected_pruned == 1
    assert lake.query("SELECT rejected_id FROM rejected").item() == "young"


def test_changes_go_when_their_readers_have_read_them(lake: Lake) -> None:
    keys = rows(TABLES["changes"], {"project_id": "p", "environment_id": "e", "key": "s1"})
    with lake.transaction() as tx:
        note_changes(tx, "replays", keys)
        note_changes(tx, "signals", keys)

    assert tidy(lake).changes_forgotten == 0
    with lake.transaction() as tx:
        advance(tx, "signals", tx.commit_no)

    assert tidy(lake).changes_forgotten == 1
    assert read_changes(lake, "clusters", "signals")


def test_tables_of_models_are_tidied_too(lake: Lake) -> None:
    for _ in range(3):
        with lake.transaction() as tx:
            tx.execute("CREATE TABLE IF NOT EXISTS some_model (n BIGINT)")
            tx.execute(f"INSERT INTO some_model FROM range({INLINED_ROWS + 1})")

    tidy(lake)

    assert file_count(lake, "some_model") == 1


def test_a_writer_gets_its_turn_while_upkeep_goes_on(lake: Lake) -> None:
    finished: list[float] = []

    def write() -> None:
        with Lake(lake.catalog_path.parents[1]) as other, other.transaction() as tx:
            tx.append(PROGRESS, pl.DataFrame({"stage": ["waiting"], "commit_no": [1]}))
        finished.append(time.monotonic())

    writer = threading.Thread(target=write)
    with lake.transaction():
        writer.start()
        time.sleep(0.5)
    tidy(lake)
    ended = time.monotonic()
    writer.join(timeout=20)

    assert finished[0] < ended


def test_spilled_data_of_killed_processes_goes_and_that_of_others_stays(lake: Lake) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folders = {name: lake.spill_path / name for name in (f"{gone.pid}-0", f"{os.getpid()}-9", "not-ours")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").touch()

    assert tidy(lake).spill_folders_removed == 0
    assert tidy(lake, later=timedelta(hours=2)).spill_folders_removed == 1
    assert [name for name, folder in folders.items() if folder.exists()] == [f"{os.getpid()}-9", "not-ours"]


@pytest.mark.slow
def test_upkeep_that_is_killed_changes_no_row_and_is_done_by_the_next(lake: Lake, tmp_path: Path) -> None:
    before = stored(lake)
    script = f"""
import pathlib, sys
from datetime import datetime
from retrace_resources.lake import Lake
from retrace_resources.lake_maintenance import maintain
lake = Lake(pathlib.Path({str(tmp_path)!r}))
lake.snapshot_id()
print("open", flush=True)
maintain(lake, datetime.fromisoformat({utc_now().isoformat()!r}), {{}})
"""
    for attempt in range(5):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.06 * (attempt + 1))
        process.kill()
        process.communicate()
        assert stored(lake) == before

    tidy(lake)
    assert stored(lake) == before
    assert file_count(lake, "replays") == 1
