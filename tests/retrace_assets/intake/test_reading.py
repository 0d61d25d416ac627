"""Segments are decoded ahead of the writer, and what was begun for nothing does no harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrace_assets.intake import reading, update
from retrace_assets.intake.reading import Decoder, Reading
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing, Segment
from tests.landing_rows import land, meta, post


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def _segments(home: Path, count: int) -> list[Segment]:
    for number in range(count):
        land(home, [post([meta(-1000)], session=f"s{number}-{row}") for row in range(3)])
    return Landing(home).pending()


def _sessions(found: Reading) -> list[str]:
    return [batch.post.session_id for batches, _ in found.decoded(lambda: None) for batch in batches]


def test_what_was_begun_is_gone_on_with(home: Path, decoder: Decoder) -> None:
    first, second = _segments(home, 2)
    decoder.begin([second])
    second.path.unlink()
    assert _sessions(decoder.read([second])) == ["s1-0", "s1-1", "s1-2"]
    assert _sessions(decoder.read([first])) == ["s0-0", "s0-1", "s0-2"]


def test_other_segments_than_were_begun_are_read_afresh(home: Path, decoder: Decoder) -> None:
    first, second = _segments(home, 2)
    decoder.begin([second])
    assert _sessions(decoder.read([first, second]))[:4] == ["s0-0", "s0-1", "s0-2", "s1-0"]


def test_slices_come_in_order_whatever_their_size(
    home: Path, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLICE_BYTES", 1)
    found = decoder.read(_segments(home, 3))
    assert _sessions(found) == [f"s{number}-{row}" for number in range(3) for row in range(3)]


def test_the_next_are_begun_when_the_last_slice_was_handed_over(
    home: Path, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLICE_BYTES", 1)
    left: list[int] = []
    slices = decoder.read(_segments(home, 2)).decoded(lambda: left.append(1))
    seen_when_told = next(number for number, _ in enumerate(slices) if left)
    assert seen_when_told < 6
    assert left == [1]


def test_every_segment_is_taken_in_once_when_each_is_a_commit_of_its_own(
    home: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "COMMIT_BYTES", 1)
    _segments(home, 4)
    assert update.drain(lake, Landing(home)).notes["batches"] == 12
    assert Landing(home).pending() == []
    assert lake.query("SELECT count(DISTINCT session_id), count(DISTINCT commit_no) FROM replay_batches").row(0) == (
        12,
        4,
    )
