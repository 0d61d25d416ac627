"""A session's events, read from what is stored of them."""

import json

import pytest

from retrace_assets.specs.recording import recording_of


def texts(*stored: str) -> list[str]:
    """What is read of texts, given as JSON writes them."""
    events = ", ".join(f'{{"timestamp": 1, "data": "{text}"}}' for text in stored)
    row = {"window_id": "w", "sequence": 0, "clock_offset_ms": 0, "events": f"[{events}]"}
    return [each.event["data"] for each in recording_of("s", [row]).windows[0].events]


@pytest.mark.parametrize("half", [r"a\ud83d", r"\ude00b", r"\ud83d\ud83d", r"\uDE00\uDE00", r"\\\ud83d"])
def test_half_a_character_is_read_as_none(half: str) -> None:
    (text,) = texts(half)
    assert "�" in text
    assert text.encode("utf-8")


@pytest.mark.parametrize("whole", [r"\ud83d\ude00", r"\uD83D\uDE00 caf\u00e9", r"\\ud83e", "😀"])
def test_a_whole_character_stays(whole: str) -> None:
    assert texts(whole)[0].encode("utf-8")
    if "\\\\" not in whole:
        assert texts(whole) == [json.loads(f'"{whole}"')]


def test_a_batch_that_is_no_json_is_a_hole() -> None:
    rows = [
        {"window_id": "w", "sequence": number, "clock_offset_ms": 0, "events": events}
        for number, events in enumerate(('[{"timestamp": 1}]', "[{", '[{"timestamp": 3}]'))
    ]
    (window,) = recording_of("s", rows).windows
    assert [each.event["timestamp"] for each in window.events] == [1, 3]


@pytest.mark.parametrize("odd", ["1", "null", '"x"', "[]", '{"timestamp": "soon"}', '{"timestamp": true}'])
def test_what_is_no_event_keeps_its_place(odd: str) -> None:
    row = {"window_id": "w", "sequence": 0, "clock_offset_ms": 0, "events": f'[{odd}, {{"timestamp": 1}}]'}
    (window,) = recording_of("s", [row]).windows
    assert [each.event_id for each in window.events] == ["w:0:1"]


@pytest.mark.parametrize("source", ["1", "[]", "{}", "true", "99"])
def test_events_that_nothing_is_made_of_are_not_read(source: str) -> None:
    event = f'{{"type": 3, "timestamp": 1, "data": {{"source": {source}, "positions": [{{"x": 1}}]}}}}'
    row = {"window_id": "w", "sequence": 0, "clock_offset_ms": 0, "events": f"[{event}]"}
    (window,) = recording_of("s", [row]).windows
    assert "positions" not in window.events[0].event["data"]


def test_mutations_are_unfolded_over_the_batches_of_a_window() -> None:
    page = {"type": 2, "timestamp": 1, "data": {"node": {"type": 0, "id": 1, "childNodes": [{"type": 3, "id": 2}]}}}
    copied = {"parentId": 1, "nextId": None, "node": {"like": 2, "id": 9}}
    mutation = {"type": 3, "timestamp": 2, "data": {"source": 0, "adds": [copied], "folded": True}}
    rows = [
        {"window_id": "w", "sequence": number, "clock_offset_ms": 0, "events": json.dumps([event])}
        for number, event in enumerate((page, mutation))
    ]
    (window,) = recording_of("s", rows).windows
    assert window.events[1].event["data"]["adds"] == [{**copied, "node": {"type": 3, "id": 9}}]
