"""The lake: transactions, deletion, opening, and what several processes see of each other.

Belongs here: one home, any number of openers. Does not: dying in the middle of a commit (test_lake_processes), upkeep
(test_lake_maintenance).
"""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import CHANGES, PAGE_CHANGES, PROGRESS, REPLAYS, SCHEMA_VERSION, TABLES
from retrace_resources.lake import INLINED_ROWS, Lake

DAY = date(2026, 11, 20)
NOON = datetime.fromisoformat("2026-11-20T12:00")


def changes(*rows: tuple[str, str, date | None, datetime | None]) -> pl.DataFrame:
    """Rows of the table `changes`: project, key, day, started_at."""
    return pl.DataFrame(
        [(1, "replays", project, "env", day, started_at, key) for project, key, day, started_at in rows],
        schema=pl.Schema(CHANGES.arrow_schema),
        orient="row",
    )


def progress(stage: str, commit_no: int = 1) -> pl.DataFrame:
    """One row of the table `progress`."""
    return pl.DataFrame({"stage": [stage], "commit_no": [commit_no]})


def stages(lake: Lake) -> list[str]:
    """What the table `progress` names."""
    return lake.query("SELECT stage FROM progress ORDER BY stage")["stage"].to_list()


@pytest.fixture(scope="module", autouse=True)
def lakes_are_made(make_lake: Callable[[Lake], duckdb.DuckDBPyConnection]) -> Iterator[None]:
    """Here nothing is copied: how a lake comes to be is what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "_open", make_lake)
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lake exists; creating one costs as much as copying ten."""
    home = tmp_path_factory.mktemp("template")
    with Lake(home) as lake:
        lake.snapshot_id()
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    """A home of the test's own with an empty lake."""
    return Path(shutil.copytree(template, tmp_path / "home"))


def test_every_table_has_statistics_before_its_first_row_and_no_row(home: Path) -> None:
    with Lake(home) as lake, lake.connection() as connection:
        catalog = "__ducklake_metadata_lake"
        query = f"SELECT table_name FROM {catalog}.ducklake_table JOIN {catalog}.ducklake_table_stats USING (table_id)"
        assert {name for (name,) in connection.execute(query).fetchall()} == {*TABLES, "meta"}
        for table in TABLES:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]


def test_committed_rows_are_seen_by_another_opener(home: Path) -> None:
    with Lake(home) as writer, Lake(home) as reader:
        assert stages(reader) == []
        with writer.transaction() as tx:
            tx.append(PROGRESS, progress("replays"))
        assert stages(reader) == ["replays"]


def test_an_exception_rolls_back_every_table_of_the_transaction(home: Path) -> None:
    with Lake(home) as lake:
        with lake.transaction() as tx:
            tx.append(PROGRESS, progress("before"))
        before = lake.snapshot_id()

        def fail() -> None:
            with lake.transaction() as tx:
                tx.append(CHANGES, changes(("p", "s", DAY, NOON)))
                tx.replace(PROGRESS, progress("before").select("stage"), progress("after"))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

        assert stages(lake) == ["before"]
        assert lake.query("FROM changes").is_empty()
        assert lake.snapshot_id() == before


def test_a_failed_statement_rolls_back_and_the_next_transaction_works(home: Path) -> None:
    with Lake(home) as lake:

        def fail() -> None:
            with lake.transaction() as tx:
                tx.append(PROGRESS, progress("lost"))
                tx.execute("DELETE FROM nowhere")

        with pytest.raises(duckdb.CatalogException, match="nowhere"):
            fail()
        with lake.transaction() as tx:
            tx.append(PROGRESS, progress("kept"))

        assert stages(lake) == ["kept"]


def test_readers_see_nothing_of_an_open_transaction_and_it_sees_itself(home: Path) -> None:
    with Lake(home) as lake, Lake(home) as other:
        with lake.transaction() as tx:
            tx.append(PROGRESS, progress("open"))

            assert tx.query("FROM progress").height == 1
            assert stages(lake) == []
            assert stages(other) == []

        assert stages(other) == ["open"]


def test_queries_of_one_reading_agree_while_others_write(home: Path) -> None:
    with Lake(home) as lake, Lake(home) as other:
        with lake.reading() as reading:
            before = reading.query("SELECT count(*) FROM progress").item()
            with other.transaction() as transaction:
                transaction.append(PROGRESS, progress("replays"))
            assert reading.query("SELECT count(*) FROM progress").item() == before
        assert stages(lake) == ["replays"]


def test_reading_cannot_write_and_the_next_one_works(home: Path) -> None:
    with Lake(home) as lake:
        with pytest.raises(duckdb.Error, match="read-only"), lake.reading() as reading:
            reading.query("INSERT INTO progress VALUES ('replays', 1)")
        with lake.reading() as reading:
            assert reading.query("SELECT count(*) FROM progress").item() == 0


def test_a_query_that_failed_leaves_nothing_behind(home: Path) -> None:
    with Lake(home) as lake:
        for _ in range(3):
            with pytest.raises(duckdb.ConversionException):
                lake.query("SELECT stage::INTEGER FROM one", one=pl.DataFrame({"stage": ["x"]}))
            with pytest.raises(duckdb.CatalogException):
                lake.query("FROM one")
            assert stages(lake) == []


def test_a_closed_lake_opens_again_at_the_next_query(home: Path) -> None:
    with Lake(home) as lake:
        assert stages(lake) == []
        lake.close()
        with Lake(home) as other, other.transaction() as transaction:
            transaction.append(PROGRESS, progress("replays"))
        assert stages(lake) == ["replays"]


def test_commit_no_is_the_snapshot_the_commit_becomes_in_every_opener(home: Path) -> None:
    with Lake(home) as first, Lake(home) as second:
        for lake in (first, second, first):
            with lake.transaction() as tx:
                announced = tx.commit_no
                tx.append(PROGRESS, progress("any", announced))
                assert tx.commit_no == announced

            assert first.snapshot_id() == announced
        assert first.query("SELECT count(DISTINCT commit_no) FROM progress").item() == 3


def test_rows_are_added_by_column_name_and_a_missing_column_is_refused(home: Path) -> None:
    with Lake(home) as lake:
        with lake.transaction() as tx:
            assert tx.append(PROGRESS, progress("x", 7).select("commit_no", "stage")) == 1
            assert tx.append(PROGRESS, progress("x").clear()) == 0

        with pytest.raises(pl.exceptions.ColumnNotFoundError), lake.transaction() as tx:
            tx.append(PROGRESS, pl.DataFrame({"stage": ["y"]}))

        assert lake.query("FROM progress").rows() == [("x", 7)]


_KEY = st.tuples(
    st.sampled_from(["p", "q"]),
    st.sampled_from(["s1", "s2", "s3"]),
    st.sampled_from([DAY, DAY + timedelta(days=1), None]),
    st.sampled_from([NOON, NOON + timedelta(microseconds=1), None]),
)


@pytest.fixture(scope="module")
def warm_lake(template: Path) -> Iterator[Lake]:
    """A lake that is open already."""
    with Lake(template) as lake:
        yield lake


@settings(max_examples=25, deadline=None)
@given(st.lists(_KEY, max_size=8), st.lists(_KEY, max_size=4))
def test_delete_removes_exactly_the_rows_that_match_on_every_key_column(
    warm_lake: Lake, rows: list[tuple[str, str, date, datetime]], doomed: list[tuple[str, str, date, datetime]]
) -> None:
    keys = ["project_id", "key", "day", "started_at"]
    stored = changes(*rows)
    expected = stored.join(changes(*doomed), on=keys, how="anti", nulls_equal=True)

    with warm_lake.transaction() as tx:
        tx.append(CHANGES, stored)
        tx.delete(CHANGES, changes(*doomed).select(keys))
        left = tx.query("FROM changes")
        tx.execute("DELETE FROM changes")

    assert left.sort(keys).rows() == expected.sort(keys).rows()


def test_replace_puts_rows_in_the_place_of_those_of_files_and_of_the_catalog(home: Path) -> None:
    many = changes(*[("p", f"s{number}", DAY, NOON) for number in range(INLINED_ROWS + 50)])
    key = changes(("p", "s1", DAY, NOON)).select("project_id", "day", "started_at", "key")
    with Lake(home) as lake:
        with lake.transaction() as tx:
            tx.append(CHANGES, many)
        for _ in range(3):
            with lake.transaction() as tx:
                tx.replace(CHANGES, key, changes(("p", "s1", DAY, NOON)))

        assert lake.query("SELECT count(*) FROM changes").item() == many.height
        assert lake.query("SELECT count(*) FROM changes WHERE key = 's1'").item() == 1


def test_frames_are_visible_under_their_names_and_gone_afterwards(home: Path) -> None:
    with Lake(home) as lake:
        frame = pl.DataFrame({"n": [1, 2]})

        assert lake.query("SELECT sum(n) AS total FROM wanted", wanted=frame)["total"].to_list() == [3]
        with pytest.raises(duckdb.CatalogException, match="wanted"):
            lake.query("FROM wanted")


def test_a_misspelt_table_is_an_error_even_when_a_variable_has_its_name(home: Path) -> None:
    replayz = pl.DataFrame({"n": [1]})
    with Lake(home) as lake, pytest.raises(duckdb.CatalogException, match="replayz"):
        lake.query("FROM replayz")
    assert replayz.height == 1


def test_times_are_utc_whatever_the_machine_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    with Lake(home) as lake:
        assert lake.query("SELECT current_setting('TimeZone')").item() == "UTC"


def test_a_home_can_be_moved_and_named_relatively(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Lake(Path("it's *here*")) as lake, lake.transaction() as tx:
        tx.append(CHANGES, changes(*[("p", str(number), DAY, NOON) for number in range(INLINED_ROWS + 1)]))
    (tmp_path / "it's *here*").rename(tmp_path / "there")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    with Lake(Path("../there")) as lake:
        assert lake.query("SELECT count(*) FROM changes").item() == INLINED_ROWS + 1


def test_a_newer_lake_is_refused_by_name_and_left_alone(home: Path) -> None:
    with Lake(home) as lake:
        with lake.transaction() as tx:
            tx.execute("UPDATE meta SET schema_version = ?", [SCHEMA_VERSION + 1])
        lake.close()

        with pytest.raises(RetraceError) as refused:
            lake.query("FROM progress")
    assert refused.value.code is ErrorCode.HOME_TOO_NEW
    assert str(SCHEMA_VERSION + 1) in refused.value.detail


@pytest.mark.parametrize("broken", ["home is a file", "catalog is garbage"])
def test_a_home_that_cannot_be_used_is_a_named_error(tmp_path: Path, broken: str) -> None:
    home = tmp_path / "home"
    if broken == "home is a file":
        home.write_text("")
    else:
        (home / "lake").mkdir(parents=True)
        (home / "lake" / "catalog.sqlite").write_bytes(b"garbage " * 500)

    with pytest.raises(RetraceError) as refused:
        Lake(home).snapshot_id()
    assert refused.value.code is ErrorCode.HOME_UNUSABLE


def test_only_the_owner_can_look_into_the_lake(tmp_path: Path) -> None:
    with Lake(tmp_path / "home") as lake:
        lake.snapshot_id()
    assert (tmp_path / "home" / "lake").stat().st_mode & 0o077 == 0


def test_a_forked_child_is_refused_and_the_parent_goes_on(home: Path) -> None:
    script = f"""
import os, pathlib
from retrace_resources.lake import Lake
lake = Lake(pathlib.Path({str(home)!r}))
lake.snapshot_id()
child = os.fork()
if child == 0:
    try:
        lake.query("FROM progress")
    except RuntimeError:
        os._exit(7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
lake.query("FROM progress")
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=30)


def test_opening_and_reading_do_not_wait_for_a_writer(home: Path) -> None:
    with Lake(home) as writer, Lake(home) as reader, writer.transaction() as tx:
        tx.append(PROGRESS, progress("slow"))
        opening = threading.Thread(target=lambda: stages(reader), daemon=True)
        opening.start()
        opening.join(timeout=8)

        assert not opening.is_alive()


def test_threads_that_open_at_once_share_one_database(home: Path) -> None:
    with Lake(home) as lake:
        spills: list[str] = []
        ask = "SELECT current_setting('temp_directory')"
        threads = [threading.Thread(target=lambda: spills.append(lake.query(ask).item())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(spills) == 4
        assert len(set(spills)) == 1


def test_two_openers_never_spill_into_one_folder(home: Path) -> None:
    """DuckDB names its spill files alike in every process; two in one folder end in a segmentation fault."""
    with Lake(home) as first, Lake(home) as second:
        ask = "SELECT current_setting('temp_directory')"
        assert first.query(ask).item() != second.query(ask).item()


def test_two_writers_take_turns(home: Path) -> None:
    """The second reads what the first committed, though it began to wait before."""
    with Lake(home) as first, Lake(home) as second:
        second.snapshot_id()
        seen: list[int] = []

        def follow() -> None:
            with second.transaction() as tx:
                seen.append(tx.query("FROM progress").height)
                tx.append(PROGRESS, progress("second"))

        with first.transaction() as tx:
            waiting = threading.Thread(target=follow)
            waiting.start()
            waiting.join(timeout=0.3)
            assert waiting.is_alive()
            tx.append(PROGRESS, progress("first"))
        waiting.join(timeout=10)

        assert seen == [1]
        assert stages(first) == ["first", "second"]


def test_a_sealed_lake_can_only_be_read(home: Path) -> None:
    attacks = [
        "INSERT INTO progress VALUES ('x', 1)",
        "DELETE FROM progress",
        "CREATE TABLE lake.stolen (n INT)",
        "DROP TABLE progress",
        "CALL ducklake_expire_snapshots('lake', versions => [0])",
        "CALL lake.set_option('parquet_compression', 'snappy')",
        "INSERT INTO __ducklake_metadata_lake.ducklake_tag SELECT 1, 1, 1, 'x', 'x'",
        f"COPY (SELECT 1) TO '{home}/stolen.csv'",
        "FROM read_text('/etc/passwd')",
        "FROM glob('/etc/*')",
        "FROM '/etc/passwd.csv'",
        f"ATTACH '{home}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET lock_configuration = false",
        "RESET allowed_directories",
        "SET threads = 1",
    ]
    with Lake(home) as lake, lake.sealed() as connection:
        for attack in attacks:
            with pytest.raises(duckdb.Error):
                connection.execute(attack).fetchall()
        assert connection.execute("SELECT count(*) FROM progress").fetchall() == [(0,)]


def test_a_sealed_lake_follows_the_writers_and_can_spill(home: Path) -> None:
    with Lake(home) as lake, lake.sealed() as connection:
        with lake.transaction() as tx:
            tx.append(CHANGES, changes(*[("p", f"s{number}", DAY, NOON) for number in range(INLINED_ROWS + 1)]))
        assert connection.execute("SELECT count(*) FROM changes").fetchall() == [(INLINED_ROWS + 1,)]
        assert connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0].startswith(str(home))


def test_an_error_of_the_reader_is_its_own_and_not_the_homes(home: Path) -> None:
    with pytest.raises(duckdb.CatalogException), Lake(home).sealed() as connection:
        connection.execute("FROM nowhere")


def test_there_is_nothing_to_seal_where_nothing_was_taken_in(tmp_path: Path) -> None:
    with pytest.raises(RetraceError) as refused, Lake(tmp_path / "typo").sealed():
        pass
    assert refused.value.code is ErrorCode.LAKE_NOT_FOUND
    assert not (tmp_path / "typo").exists()


def test_an_older_lake_gets_what_it_has_not_and_keeps_what_it_has(home: Path) -> None:
    with Lake(home) as lake:
        lake.snapshot_id()
        with lake.transaction() as transaction:
            transaction.execute("ALTER TABLE replays DROP COLUMN windows")
            transaction.execute("DROP TABLE page_changes")
            transaction.execute("INSERT INTO replays (project_id, session_id) VALUES ('proj_a', 's1')")
            transaction.execute("UPDATE meta SET schema_version = 1")
    (home / "lake" / f"schema-{SCHEMA_VERSION}").rename(home / "lake" / "schema-1")

    with Lake(home) as lake:
        assert lake.query("SELECT session_id, windows FROM replays").rows() == [("s1", None)]
        row = pl.DataFrame(
            [{"session_id": "s2", "windows": 3}], schema=pl.DataFrame(REPLAYS.arrow_schema.empty_table()).schema
        )
        with lake.transaction() as transaction:
            transaction.append(REPLAYS, row)
        assert lake.query("SELECT windows, batches FROM replays WHERE session_id = 's2'").rows() == [(3, None)]
        assert lake.query("FROM page_changes").columns == list(PAGE_CHANGES.column_names)
        assert lake.query("SELECT max(schema_version) FROM meta").item() == SCHEMA_VERSION
