"""Turns of a pointer are counted, whatever stands where its positions should."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.intake.pointer import sharp_turns
from retrace_assets.intake.update import drain
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from tests.landing_rows import at, land, post


def moved(*places: tuple[float, float]) -> msgspec.Raw:
    """Positions as rrweb writes them."""
    positions = [{"x": x, "y": y, "id": 7, "timeOffset": -50 * number} for number, (x, y) in enumerate(places)]
    return msgspec.Raw(json.dumps(positions).encode())


@pytest.mark.parametrize(
    ("places", "turns"),
    [
        pytest.param([(0, 0), (90, 0), (0, 0), (90, 0), (0, 0)], 3, id="to and fro"),
        pytest.param([(0, 0), (50, 0), (90, 10), (150, 30)], 0, id="onwards"),
        pytest.param([(0, 0), (50, 0), (50, 50), (0, 50), (0, 0)], 0, id="round a square"),
        pytest.param([(0, 0), (5, 0), (0, 0), (5, 0)], 0, id="a hand that trembles"),
        pytest.param([(0, 0), (50, 0), (48, 0), (0, 0)], 1, id="a turn with a halt"),
        pytest.param([(0, 0)], 0, id="one place"),
    ],
)
def test_turns_are_those_back_between_real_steps(places: list[tuple[float, float]], turns: int) -> None:
    assert sharp_turns(moved(*places)) == turns


@given(st.one_of(st.binary(max_size=40), st.recursive(st.none() | st.floats() | st.text(), st.lists).map(repr)))
def test_anything_else_has_no_turns(junk: bytes | str) -> None:
    raw = junk if isinstance(junk, bytes) else junk.encode("utf-8", "replace")
    assert sharp_turns(msgspec.Raw(raw)) == 0


def test_numbers_beyond_all_pages_do_not_raise() -> None:
    assert sharp_turns(moved((1e308, 0), (-1e308, 0), (1e308, 0))) >= 0


def test_turns_of_a_mouse_are_kept_and_those_of_a_finger_are_not(home: Path, lake: Lake) -> None:
    shaken = [{"x": 100 * (number % 2), "y": 0, "id": 7, "timeOffset": 0} for number in range(6)]
    moves = [
        {"type": 3, "timestamp": at(number), "data": {"source": source, "positions": positions}}
        for number, (source, positions) in enumerate([(1, shaken), (6, shaken), (1, shaken[:3]), (1, "junk")])
    ]
    land(home, [post(moves)])
    drain(lake, Landing(home))
    kept = lake.query("SELECT pointer_turns FROM replay_events ORDER BY event_index")
    assert kept["pointer_turns"].to_list() == [4, None, None, None]
