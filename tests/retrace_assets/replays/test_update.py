"""One row a session, whichever way its batches came; over when its windows say so, or after five idle minutes."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_assets.intake.update import drain
from retrace_assets.replays.update import rebuild, update
from retrace_core.ids import replay_id
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing
from tests.landing_rows import RECEIVED, at, click, land, meta, plugin, post

SOON = RECEIVED + timedelta(seconds=1)
LATER = RECEIVED + timedelta(minutes=6)


def take_in(home: Path, lake: Lake, *posts: LandedRow) -> None:
    land(home, posts)
    drain(lake, Landing(home))


def replays(lake: Lake) -> pl.DataFrame:
    return lake.query("FROM replays ORDER BY session_id")


def visit() -> list[LandedRow]:
    """Two windows of one session: a page with an error, then another page that ends."""
    snapshot = {"type": 2, "timestamp": meta(-9990)["timestamp"], "data": {"node": {}}}
    return [
        post(
            [meta(-10_000), snapshot, click(-9000, 1)], distinctId="u1", metadata={"userAgent": "Firefox"}, sentAt=at(0)
        ),
        post(
            [
                plugin(-8000, "retrace/console@1", {"level": "error", "payload": ["no"]}),
                plugin(-7900, "retrace/network@1", {"method": "GET", "url": "/x", "status": 404}),
                plugin(-7800, "retrace/network@1", {"method": "GET", "url": "/y", "error": "Failed to fetch"}),
                plugin(-7700, "retrace/network@1", {"method": "GET", "url": "/z", "status": 204}),
            ],
            sequence=1,
            flushType="final",
            release="r2",
            sentAt=at(0),
        ),
        post([meta(-5000, "https://shop.test/done")], window="w2", flushType="final", distinctId="u2", sentAt=at(0)),
    ]


def test_a_session_gets_one_row_with_what_happened_in_it(home: Path, lake: Lake) -> None:
    take_in(home, lake, *visit())
    update(lake, SOON)
    row = replays(lake).row(0, named=True)
    expected: dict[str, Any] = {
        "replay_id": replay_id("proj_a", "env_a", "s1"),
        "status": "closed",
        "closed_by": "final",
        "duration_ms": 5000,
        "windows": 2,
        "batches": 3,
        "events": 8,
        "clicks": 1,
        "errors": 1,
        "failed_requests": 2,
        "pages": 2,
        "first_url": "https://shop.test/cart",
        "last_url": "https://shop.test/done",
        "user_agent": "Firefox",
        "release": "r2",
        "has_full_snapshot": True,
        "sequence_gaps": 0,
        "reported_gaps": 0,
    }
    assert {name: row[name] for name in expected} == expected


def test_the_order_in_which_batches_come_does_not_matter(home: Path, lake: Lake, tmp_path: Path) -> None:
    for row in visit():
        take_in(home, lake, row)
        update(lake, SOON)
    other_home = tmp_path / "other"
    other_home.mkdir()
    with Lake(other_home) as other:
        for row in reversed(visit()):
            take_in(other_home, other, row)
        update(other, SOON)
        left, right = replays(lake).drop("started_at"), replays(other).drop("started_at")
    # Which batch was first fixes where the rows are kept, and nothing else.
    assert left.equals(right)


@pytest.mark.parametrize(("now", "status", "closed_by"), [(SOON, "active", None), (LATER, "closed", "idle")])
def test_a_session_without_a_final_batch_is_over_after_five_idle_minutes(
    home: Path, lake: Lake, now: datetime, status: str, closed_by: str | None
) -> None:
    take_in(home, lake, post([meta(-1000)]))
    update(lake, SOON)
    update(lake, now)
    assert replays(lake).select("status", "closed_by").row(0) == (status, closed_by)


def test_a_session_that_was_over_is_open_again_when_another_batch_comes(home: Path, lake: Lake) -> None:
    take_in(home, lake, post([meta(-1000)]))
    update(lake, LATER)
    take_in(home, lake, post([click(360_000, 1)], sequence=1, received_at=LATER))
    update(lake, LATER)
    assert replays(lake).select("status", "batches").row(0) == ("active", 2)


def test_one_final_window_does_not_close_the_session_of_another(home: Path, lake: Lake) -> None:
    take_in(home, lake, post([meta(-1000)], flushType="final"), post([meta(-900)], window="w2"))
    update(lake, SOON)
    assert replays(lake)["status"].item() == "active"


def test_a_missing_batch_is_counted_as_a_gap(home: Path, lake: Lake) -> None:
    take_in(home, lake, post([meta(-1000)]), post([click(-500, 1)], sequence=3))
    update(lake, SOON)
    assert replays(lake)["sequence_gaps"].item() == 2


def test_update_touches_only_what_changed(home: Path, lake: Lake) -> None:
    take_in(home, lake, post([meta(-1000)], session="a"), post([meta(-1000)], session="b"))
    assert update(lake, SOON).rows_out == 2
    assert update(lake, SOON).rows_out == 0
    take_in(home, lake, post([click(-10, 1)], session="b", sequence=1))
    assert update(lake, SOON).rows_out == 1
    assert replays(lake)["events"].to_list() == [1, 2]


def test_rebuilding_a_day_gives_the_same_rows(home: Path, lake: Lake) -> None:
    """DESIGN §4.2: derived means rebuildable."""
    take_in(home, lake, *visit())
    take_in(home, lake, post([meta(-1000)], session="b", window="x"))
    update(lake, SOON)
    before = replays(lake)
    report = rebuild(lake, date(2026, 3, 10), SOON)
    assert report.rows_out == 2
    assert replays(lake).equals(before)


def test_an_empty_batch_still_makes_a_session(home: Path, lake: Lake) -> None:
    take_in(home, lake, post([], flushType="final"))
    update(lake, SOON)
    row = replays(lake).row(0, named=True)
    assert (row["events"], row["duration_ms"], row["status"]) == (0, 0, "closed")
