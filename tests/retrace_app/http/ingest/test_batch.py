"""Decoding one post, whatever it is."""

import json
import zlib
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.http.ingest.batch import ReplayBatch, decode_batch
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_ID_CHARS, MAX_SEQUENCE
from tests.packed_events import packed

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
GOOD_IDS = st.text(min_size=1, max_size=MAX_ID_CHARS).filter(lambda text: text.strip() == text and text.isprintable())
EVENTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=5)


WELL_FORMED = st.fixed_dictionaries(
    {
        "sessionId": GOOD_IDS,
        "windowId": st.just("") | GOOD_IDS,
        "sequence": st.integers(0, MAX_SEQUENCE),
        "events": EVENTS,
        "flushType": VALUES,
    },
    optional=dict.fromkeys(("metadata", "sdk", "sentAt", "release", "distinctId", "x"), VALUES),
)


@given(post=WELL_FORMED, as_text=st.booleans())
def test_well_formed_post_is_decoded_whatever_else_it_holds(post: dict[str, Any], as_text: bool) -> None:
    sequence: int = post["sequence"]
    body = msgspec.json.encode({**post, "sequence": str(sequence) if as_text else sequence})
    is_final = post["flushType"] == "final"
    assert decode_batch(body) == ReplayBatch(
        post["sessionId"], post["windowId"], sequence, len(post["events"]), is_final
    )


FIELDS = ["sessionId", "session_id", "windowId", "window_id", "sequence", "events", "flushType", "flush_type"]


@given(post=st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_other_post_is_refused_and_never_half_understood(post: dict[str, Any]) -> None:
    with suppress(RetraceError):
        batch = decode_batch(json.dumps(post, allow_nan=False, default=str).encode() if finite(post) else b"{}")
        assert 1 <= len(batch.session_id) <= MAX_ID_CHARS
        assert len(batch.window_id) <= MAX_ID_CHARS
        assert 0 <= batch.sequence <= MAX_SEQUENCE
        assert batch.event_count == len(post["events"])


def finite(value: object) -> bool:
    """Whether JSON can say it."""
    return "Infinity" not in (text := json.dumps(value)) and "NaN" not in text


@given(body=st.binary())
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    with suppress(RetraceError):
        decode_batch(body)


def test_first_spelling_counts_unless_it_is_empty() -> None:
    body = b'{"sessionId":"a","session_id":"b","windowId":" ","window_id":"w","sequence":1,"events":[],"flushType":""'
    assert decode_batch(body + b',"flush_type":"final"}') == ReplayBatch("a", "w", 1, 0, True)
    assert not decode_batch(body + b',"flush_type":"final","flushType":"normal"}').is_final


def test_packed_events_are_counted_beside_plain_ones() -> None:
    events = [packed({"type": 4, "timestamp": 1}), {"type": 4}, packed({"type": 3})]
    for ascii_only in (True, False):
        body = json.dumps({"sessionId": "a", "sequence": 0, "events": events}, ensure_ascii=ascii_only)
        assert decode_batch(body.encode()).event_count == 3


@pytest.mark.parametrize("level", range(10))
def test_packed_events_of_every_level_are_taken(level: int) -> None:
    event = zlib.compress(b'{"type":4,"timestamp":1}', level).decode("latin-1")
    assert decode_batch(json.dumps({"sessionId": "a", "sequence": 0, "events": [event]}).encode()).event_count == 1


@pytest.mark.parametrize("event", ["", "x", "hello", '{"type":4,"timestamp":1}', " x^", 1, None, True, [], ["x^"]])
def test_any_other_event_is_refused(event: object) -> None:
    body = json.dumps({"sessionId": "a", "sequence": 0, "events": [{"type": 4}, event]}).encode()
    with pytest.raises(RetraceError) as refusal:
        decode_batch(body)
    assert refusal.value.code is ErrorCode.INVALID_EVENTS
