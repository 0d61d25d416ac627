"""The change feed: whole commits, in order, each read once by each stage, dropped when everyone has read them."""

from collections.abc import Iterator
from datetime import date, datetime

import polars as pl
import pytest

from retrace_resources.changes import Changes, advance, forget_read_changes, note_changes, read_changes
from retrace_resources.lake import Lake

DAY = date(2026, 11, 20)
NOON = datetime.fromisoformat("2026-11-20T12:00")
KEYS = pl.Schema(
    {
        "project_id": pl.String(),
        "environment_id": pl.String(),
        "day": pl.Date(),
        "started_at": pl.Datetime("us"),
        "key": pl.String(),
    }
)


@pytest.fixture(scope="module")
def module_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One open lake for the module."""
    with Lake(tmp_path_factory.mktemp("home")) as lake:
        yield lake


@pytest.fixture
def lake(module_lake: Lake) -> Lake:
    """A lake with no changes and no progress."""
    with module_lake.transaction() as tx:
        tx.execute("DELETE FROM changes")
        tx.execute("DELETE FROM progress")
    return module_lake


def keys(*names: str, day: date | None = DAY, started_at: datetime | None = NOON) -> pl.DataFrame:
    """Touched keys of one environment."""
    return pl.DataFrame([("p", "e", day, started_at, name) for name in names], schema=KEYS, orient="row")


def note(lake: Lake, *names: str, source: str = "replays") -> int:
    """Commit a change of `names`; returns the commit's number."""
    with lake.transaction() as tx:
        note_changes(tx, source, keys(*names))
        return tx.commit_no


def read(lake: Lake, stage: str = "signals", source: str = "replays", limit: int = 500) -> list[str]:
    """Keys that `stage` has not yet read."""
    return read_changes(lake, stage, source, limit).rows["key"].to_list()


def finish(lake: Lake, stage: str, commit_no: int) -> None:
    """Let `stage` say that it has read up to `commit_no`."""
    with lake.transaction() as tx:
        advance(tx, stage, commit_no)


def test_a_stage_reads_what_changed_since_it_advanced(lake: Lake) -> None:
    note(lake, "a", "b")
    changes = read_changes(lake, "signals", "replays")
    note(lake, "c")

    finish(lake, "signals", changes.commit_no)

    assert changes.rows["key"].to_list() == ["a", "b"]
    assert read(lake) == ["c"]


def test_nothing_to_read_is_falsy_and_has_the_columns(lake: Lake) -> None:
    changes = read_changes(lake, "signals", "replays")

    assert not changes
    assert changes.rows.columns == list(KEYS)
    assert bool(Changes(keys("a"), 1))


def test_stages_and_sources_do_not_see_each_other(lake: Lake) -> None:
    commit = note(lake, "a")
    note(lake, "f", source="signals")

    finish(lake, "signals", commit)

    assert read(lake, "signals", "replays") == []
    assert read(lake, "player", "replays") == ["a"]
    assert read(lake, "clusters", "signals") == ["f"]


def test_a_commit_is_never_cut_by_the_limit(lake: Lake) -> None:
    note(lake, "a", "b", "c")
    middle = note(lake, "d", "e")
    note(lake, "f")

    changes = read_changes(lake, "signals", "replays", limit=4)

    assert changes.rows["key"].to_list() == ["a", "b", "c", "d", "e"]
    assert changes.commit_no == middle


def test_the_oldest_commit_is_taken_whole_however_large(lake: Lake) -> None:
    first = note(lake, *[f"s{number}" for number in range(250)])
    note(lake, "next")

    changes = read_changes(lake, "signals", "replays", limit=1)

    assert changes.rows.height == 250
    assert changes.commit_no == first


def test_chunks_come_oldest_first_and_end(lake: Lake) -> None:
    for number in range(7):
        note(lake, f"s{number}")

    chunks = []
    while changes := read_changes(lake, "signals", "replays", limit=3):
        chunks.append(changes.rows["key"].to_list())
        finish(lake, "signals", changes.commit_no)

    assert chunks == [["s0", "s1", "s2"], ["s3", "s4", "s5"], ["s6"]]


def test_a_key_touched_by_several_commits_is_listed_once(lake: Lake) -> None:
    note(lake, "a", "a", "b")
    note(lake, "a")

    assert read(lake) == ["a", "b"]


def test_a_change_without_day_and_start_is_kept_as_it_is(lake: Lake) -> None:
    with lake.transaction() as tx:
        note_changes(tx, "clusters", keys("f", day=None, started_at=None))

    assert read_changes(lake, "issues", "clusters").rows.rows() == [("p", "e", None, None, "f")]


def test_a_transaction_reads_the_changes_it_has_noted(lake: Lake) -> None:
    with lake.transaction() as tx:
        note_changes(tx, "replays", keys("a"))
        changes = read_changes(tx, "signals", "replays")
        assert changes.rows["key"].to_list() == ["a"]
        assert changes.commit_no == tx.commit_no


def test_a_run_that_dies_before_its_commit_reads_the_same_again(lake: Lake) -> None:
    commit = note(lake, "a")

    def die() -> None:
        with lake.transaction() as tx:
            note_changes(tx, "signals", keys("f"))
            advance(tx, "signals", commit)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        die()

    assert read(lake) == ["a"]
    assert read(lake, "clusters", "signals") == []


def test_progress_is_one_row_a_stage(lake: Lake) -> None:
    for commit in (3, 5, 9):
        finish(lake, "signals", commit)
    finish(lake, "replays", 4)

    assert lake.query("FROM progress ORDER BY stage").rows() == [("replays", 4), ("signals", 9)]


def test_a_run_that_was_overtaken_moves_nothing_back(lake: Lake) -> None:
    finish(lake, "signals", 9)
    finish(lake, "signals", 5)

    assert lake.query("FROM progress").rows() == [("signals", 9)]


def test_changes_are_forgotten_when_every_reader_has_read_them(lake: Lake) -> None:
    first = note(lake, "a")
    second = note(lake, "b")
    note(lake, "f", source="signals")
    finish(lake, "signals", second)
    finish(lake, "player", first)

    with lake.transaction() as tx:
        forget_read_changes(tx, {"signals": "replays", "player": "replays", "clusters": "signals"})

    assert read(lake, "late", "replays") == ["b"]
    assert read(lake, "clusters", "signals") == ["f"]


def test_nothing_is_forgotten_while_a_reader_has_not_begun(lake: Lake) -> None:
    finish(lake, "signals", note(lake, "a"))

    with lake.transaction() as tx:
        forget_read_changes(tx, {"signals": "replays", "player": "replays"})

    assert read(lake, "player") == ["a"]


def test_a_source_without_readers_keeps_its_changes(lake: Lake) -> None:
    note(lake, "x", source="incidents")

    with lake.transaction() as tx:
        forget_read_changes(tx, {"signals": "replays"})

    assert read(lake, "anyone", "incidents") == ["x"]
