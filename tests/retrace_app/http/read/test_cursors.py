"""Cursors come back from strangers: what was written is read, anything else is refused by name."""

import base64
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.actions.listing import Order
from retrace_app.http.read.cursors import MAX_CURSOR_CHARS, read_cursor, write_cursor
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_ID_CHARS

ORDER = Order((("started_at", datetime), ("replay_id", str)), descending=True)
TIMES = st.integers(-(2**53), 2**53)


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).decode().rstrip("=")


@given(TIMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_ID_CHARS))
def test_cursor_is_read_as_it_was_written(time: int, name: str) -> None:
    cursor = write_cursor("replays", (time, name))
    assert cursor is not None
    assert len(cursor) <= MAX_CURSOR_CHARS
    assert read_cursor("replays", ORDER, cursor) == (time, name)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "é",
        "\0",
        packed(None),
        packed(["signals", 1, "x"]),
        packed(["replays", 1]),
        packed(["replays", "1", "x"]),
        packed(["replays", True, "x"]),
        packed(["replays", 1.5, "x"]),
        packed(["replays", 2**60, "x"]),
        packed(["replays", 1, ["x"]]),
        packed({"replays": 1}),
    ],
)
def test_what_is_no_cursor_of_the_list_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(RetraceError, match="`cursor` is not a cursor of this list") as refusal:
        read_cursor("replays", ORDER, cursor)
    assert refusal.value.code is ErrorCode.INVALID_PARAMETER


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_noise_is_refused_and_never_breaks(noise: str) -> None:
    with pytest.raises(RetraceError):
        read_cursor("replays", ORDER, noise)
