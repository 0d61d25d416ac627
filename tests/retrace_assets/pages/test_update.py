"""The pages stage follows the replays, and gives the same rows however the recording came."""

from pathlib import Path

import pytest

from retrace_assets.intake.update import drain
from retrace_assets.pages.update import rebuild, update
from retrace_assets.replays.update import update as update_replays
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import PAGE_CHANGES
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing
from tests.landing_rows import RECEIVED, click, land, meta, post
from tests.recorded_pages import Json, element, mutation, snapshot, text

BUTTON = element(3, "button", {"data-testid": "save"}, text(4, "Save"))


def at(offset: float, event: Json) -> Json:
    """An event, `offset` milliseconds into the visit."""
    return {**event, "timestamp": meta(offset)["timestamp"]}


FIRST = [meta(0), at(10, snapshot(BUTTON))]
SECOND = [click(1_000, 3), at(1_200, mutation(texts=[{"id": 4, "value": "Saved"}]))]


def take(home: Path, lake: Lake, *rows: LandedRow) -> None:
    """Take in batches and play them."""
    land(home, list(rows))
    drain(lake, Landing(home))
    update_replays(lake, RECEIVED)
    update(lake)


def changes(lake: Lake) -> list[tuple[object, ...]]:
    """What the page did, without the columns that name the session."""
    found = lake.query("SELECT sequence, event_index, kind, url, traits, occurred_at FROM page_changes ORDER BY ALL")
    return found.rows()


def test_a_session_is_played_over_its_batches(home: Path, lake: Lake) -> None:
    take(home, lake, post(FIRST), post(SECOND, sequence=1))
    rows = changes(lake)
    assert [row[:3] for row in rows] == [(0, 1, "snapshot"), (1, 0, "click"), (1, 1, "change")]
    assert rows[1][4] == ["control", "submit"]
    assert {row[3] for row in rows} == {lake.query("SELECT DISTINCT url FROM replay_events").item()}


def test_rows_are_the_same_when_batches_come_one_by_one(home: Path, lake: Lake) -> None:
    take(home, lake, post(FIRST))
    take(home, lake, post(SECOND, sequence=1))
    apart = lake.query("FROM page_changes ORDER BY ALL")
    [day] = lake.query("SELECT DISTINCT day FROM page_changes")["day"]
    assert rebuild(lake, day).notes["sessions"] == 1
    assert lake.query("FROM page_changes ORDER BY ALL").equals(apart)
    assert apart.columns == list(PAGE_CHANGES.column_names)


def test_events_that_were_refused_make_no_row(home: Path, lake: Lake) -> None:
    take(home, lake, post([*FIRST, {"type": 3, "data": mutation(texts=[{"id": 4, "value": "x"}])["data"]}]))
    assert [row[:3] for row in changes(lake)] == [(0, 1, "snapshot")]


def test_a_day_without_recordings_is_frozen(home: Path, lake: Lake) -> None:
    take(home, lake, post(FIRST))
    [day] = lake.query("SELECT DISTINCT day FROM replays")["day"]
    with lake.transaction() as transaction:
        transaction.execute("DELETE FROM replay_payloads")
    with pytest.raises(RetraceError) as refusal:
        rebuild(lake, day)
    assert refusal.value.code is ErrorCode.PARTITION_FROZEN
