"""Packed events become plain ones, and nothing that looks like one does harm."""

import gzip
import json
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.limits import MAX_BODY_BYTES
from retrace_core.packing import unpack_events
from tests.packed_events import packed, squeezed

META = {"type": 4, "timestamp": 1_700_000_000_000, "data": {"href": "https://shop.test/käse ✓"}}
SNAPSHOT = {"type": 2, "timestamp": 1_700_000_000_001, "data": {"node": {"id": 1, "type": 0, "childNodes": []}}}
MUTATION = {
    "type": 3,
    "timestamp": 1_700_000_000_002,
    "data": {
        "source": 0,
        "texts": [{"id": 4, "value": "naïve"}],
        "attributes": [],
        "removes": [{"id": 3, "parentId": 2}],
        "adds": [],
    },
}


def body_of(*events: object, ascii_only: bool = True) -> bytes:
    return json.dumps({"sessionId": "s1", "events": events, "sequence": 3}, ensure_ascii=ascii_only).encode()


def events_in(body: bytes) -> list[Any]:
    events: list[Any] = json.loads(body)["events"]
    return events


def unpacked(*events: object, limit: int = MAX_BODY_BYTES) -> list[Any]:
    return events_in(unpack_events(body_of(*events), limit))


@pytest.mark.parametrize("ascii_only", [True, False])
def test_packed_and_plain_events_stand_beside_each_other_in_their_order(ascii_only: bool) -> None:
    body = body_of(packed(META), SNAPSHOT, packed(MUTATION), ascii_only=ascii_only)

    post = json.loads(unpack_events(body, MAX_BODY_BYTES))

    assert post["events"] == [{**META, "v": "v1"}, SNAPSHOT, {**MUTATION, "v": "v1"}]
    assert (post["sessionId"], post["sequence"]) == ("s1", 3)


@pytest.mark.parametrize("level", range(10))
def test_packed_event_is_known_at_every_level_of_compression(level: int) -> None:
    event = zlib.compress(json.dumps(META).encode(), level).decode("latin-1")
    assert unpacked(event) == [META]


@pytest.mark.parametrize("event", [SNAPSHOT, MUTATION])
def test_squeezed_event_becomes_what_rrweb_wrote(event: dict[str, Any]) -> None:
    assert unpacked(squeezed(event), META) == [event, META]


def test_style_change_is_squeezed_in_part() -> None:
    change = {"type": 3, "timestamp": 1, "data": {"source": 8, "id": 7, "adds": [{"rule": "a{}"}]}}
    assert unpacked(squeezed(change)) == [change]


@pytest.mark.parametrize(
    "body",
    [
        body_of(META, SNAPSHOT, {"type": 3, "timestamp": 1, "data": {"x": 1, "text": 'say "x^2"'}}),
        b'{"sessionId":"s1","events":"x^"}',
        b'["x^"]',
        b'{"events":["x^"',
        b"x^",
        b"",
    ],
)
def test_body_without_packed_events_comes_back_as_it_is(body: bytes) -> None:
    assert unpack_events(body, MAX_BODY_BYTES) == body


def test_name_of_a_squeezed_field_elsewhere_changes_nothing() -> None:
    upload = {"type": 5, "timestamp": 1, "data": {"tag": "form", "payload": {"cv": "ada.pdf"}}}
    assert unpacked(upload, packed(META)) == [upload, {**META, "v": "v1"}]


def _damage(event: str) -> dict[str, str]:
    half = len(event) // 2
    return {
        "cut": event[:half],
        "flipped": event[:half] + chr(ord(event[half]) ^ 1) + event[half + 1 :],
        "header alone": event[:2],
        "characters that are no bytes": event[:half] + "€" + event[half:],
        "not JSON": zlib.compress(b"not json").decode("latin-1"),
        "not UTF-8": zlib.compress(b'{"type":4,"x":"\xff"}').decode("latin-1"),
        "no object": packed([1, 2]),
        "empty": zlib.compress(b"").decode("latin-1"),
    }


@pytest.mark.parametrize("damage", [*_damage(packed(META))])
def test_damaged_event_says_so_in_its_place_and_costs_no_other(damage: str) -> None:
    first, second, third = unpacked(packed(META), _damage(packed(META))[damage], packed(SNAPSHOT))
    assert (first["type"], third["type"]) == (4, 2)
    assert second.startswith("an event that could not be unpacked: ")


def test_damaged_squeezed_event_keeps_nothing_that_could_be_unpacked_later() -> None:
    event = squeezed({"type": 2, "timestamp": 1, "data": {"secret": "hunter2"}})
    event["data"] = event["data"][:-4]
    assert unpacked(event) == ["an event that could not be unpacked: it ends early"]


def test_bomb_is_left_packed_and_what_follows_it_too() -> None:
    bomb = zlib.compress(b'"' + b"0" * 50_000_000 + b'"').decode("latin-1")
    body = unpack_events(body_of(packed(META), bomb, packed(META)), MAX_BODY_BYTES)
    first, second, third = events_in(body)
    assert first["type"] == 4
    assert "over the limit" in second
    assert "over the limit" in third
    assert len(body) < 1_000


def test_events_share_the_limit() -> None:
    event = packed({**META, "data": {"href": "x" * 40_000}})
    kinds = [type(event).__name__ for event in unpacked(*[event] * 5, limit=100_000)]
    assert kinds == ["dict", "dict", "str", "str", "str"]


def test_many_damaged_events_do_not_make_a_bomb() -> None:
    damaged = zlib.compress(b"0" * 5_000_000)[:-4].decode("latin-1")
    events = unpacked(*[damaged] * 3, packed(META))
    assert all(isinstance(event, str) for event in events)


def test_lone_surrogates_are_mended_in_what_is_packed_too() -> None:
    cut = zlib.compress(rb'{"type":4,"timestamp":1,"data":{"href":"cut \ud83d"}}').decode("latin-1")
    assert unpacked(cut)[0]["data"]["href"] == "cut \ufffd"


@pytest.mark.parametrize("number", ["1" * 60, "1e5", "-0.0"])
def test_numbers_come_through_as_they_were_written(number: str) -> None:
    event = zlib.compress(f'{{"type":4,"timestamp":{number}}}'.encode()).decode("latin-1")
    assert number.encode() in unpack_events(body_of(event), MAX_BODY_BYTES)


BYTES = st.binary(max_size=60)
STREAMS = st.one_of(
    BYTES,
    BYTES.map(zlib.compress),
    BYTES.map(gzip.compress),
    st.tuples(BYTES.map(zlib.compress), st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]]),
    st.tuples(st.just(b"x\x9c"), BYTES).map(b"".join),
)
TEXTS = STREAMS.map(lambda data: data.decode("latin-1")) | st.text(max_size=10)
SQUEEZED = st.fixed_dictionaries(
    {"cv": TEXTS | st.none()},
    optional={
        "type": st.integers(0, 6),
        "data": TEXTS
        | st.lists(TEXTS, max_size=2)
        | st.dictionaries(st.sampled_from(["adds", "texts", "source"]), TEXTS | st.integers()),
    },
)


@given(events=st.lists(TEXTS | SQUEEZED | st.none() | st.integers(), max_size=6), limit=st.integers(0, 2_000))
def test_any_events_keep_their_number_and_make_json(events: list[Any], limit: int) -> None:
    body = body_of(*events)
    assert len(msgspec.json.decode(unpack_events(body, limit))["events"]) == len(events)


@given(body=st.binary() | st.binary().map(lambda inner: b'{"events":["x^' + inner))
def test_no_bytes_raise(body: bytes) -> None:
    assert unpack_events(body, 1_000) is not None
