"""A touch is a tap only when it was nothing else."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.intake.taps import find_taps
from retrace_core.events import decode_events

START, END, CANCEL, CLICK = 7, 9, 10, 2


def touch(time: float, kind: int, node: int = 7, x: float = 10, y: float = 10) -> dict[str, Any]:
    return {"type": 3, "timestamp": time, "data": {"source": 2, "type": kind, "id": node, "x": x, "y": y}}


def other(time: float, source: int) -> dict[str, Any]:
    return {"type": 3, "timestamp": time, "data": {"source": source}}


def taps_in(*events: dict[str, Any]) -> list[int]:
    decoded = decode_events(msgspec.json.encode(events))
    return list(find_taps(decoded, [event.timestamp if event else None for event in decoded]))


LATER = other(5_000, 4)


@pytest.mark.parametrize(
    ("events", "taps"),
    [
        ([touch(1000, START), touch(1080, END)], [1]),
        ([touch(1000, START), touch(1080, END, x=14)], [1]),
        ([touch(1000, START), touch(1080, END), touch(1300, START), touch(1380, END)], [1, 3]),
        ([touch(1000, START), other(1020, 0), touch(1080, END), other(1090, 0)], [2]),
        ([touch(1000, START), touch(1080, END), touch(1081, CLICK)], []),
        ([touch(1000, START), touch(1080, END), touch(1400, CLICK)], []),
        ([touch(1000, START), touch(1700, END)], []),
        ([touch(1000, START), touch(1080, END, x=40)], []),
        ([touch(1000, START), touch(1080, END, node=8)], []),
        ([touch(1000, START), other(1040, 6), touch(1080, END)], []),
        ([touch(1000, START), touch(1080, END), other(1400, 6)], []),
        ([touch(1000, START), touch(1080, END), other(1100, 3)], []),
        ([touch(1000, START), touch(1010, START, node=8), touch(1080, END), touch(1090, END, node=8)], []),
        ([touch(1000, START), touch(1040, CANCEL), touch(1080, END)], []),
        ([touch(1080, END)], []),
    ],
    ids=[
        "tap", "jitter", "two taps", "page reacts", "click", "late click", "long press", "drag", "other node",
        "moved", "moved, said late", "scrolled", "pinch", "cancelled", "end alone",
    ],
)  # fmt: skip
def test_touch_is_told_from_what_is_no_tap(events: list[dict[str, Any]], taps: list[int]) -> None:
    assert taps_in(*events, LATER) == taps


def test_touch_at_the_end_of_a_batch_is_left_to_its_click() -> None:
    assert taps_in(touch(1000, START), touch(1080, END), other(1500, 4)) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 10_000), st.sampled_from([START, END, CANCEL, CLICK]), st.sampled_from([1, 2])),
        max_size=12,
    )
)
def test_taps_are_ends_of_touches_each_once(steps: list[tuple[float, int, int]]) -> None:
    events = [touch(time, kind, node) for time, kind, node in steps]
    taps = taps_in(*events, touch(90_000, CLICK))
    assert len(set(taps)) == len(taps)
    assert all(events[index]["data"]["type"] == END for index in taps)
