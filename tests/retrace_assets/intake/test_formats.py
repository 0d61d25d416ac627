"""Plain rrweb is enough: recordings of any recorder give the same rows, whatever they are packed in."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_assets.intake.update import drain
from retrace_assets.signals.detectors import console_error
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from tests.landing_rows import RECEIVED, at, click, land, meta, plugin, post
from tests.packed_events import packed, squeezed
from tests.retrace_assets.signals.recordings import recordings

Json = dict[str, Any]
FRAMES = ["pay (https://shop.test/assets/cart.js:3:9)", "https://shop.test/assets/cart.js:1:1"]


def take_in(home: Path, lake: Lake, *segments: list[Any]) -> pl.DataFrame:
    """Land each list of posts as a segment, drain, and return the events."""
    for posts in segments:
        land(home, posts)
    drain(lake, Landing(home))
    return lake.query("FROM replay_events ORDER BY session_id, window_id, sequence, event_index, part")


def payloads(lake: Lake) -> list[Any]:
    return [json.loads(text) for text in lake.query("SELECT events FROM replay_payloads ORDER BY sequence")["events"]]


def snapshot(offset_ms: float, *fields: Json) -> Json:
    """A page with a button (node 7) and some fields."""
    text = {"type": 3, "textContent": "Pay now", "id": 8}
    button = {"type": 2, "tagName": "button", "attributes": {}, "childNodes": [text], "id": 7}
    html = {"type": 2, "tagName": "html", "attributes": {}, "childNodes": [button, *fields], "id": 2}
    return {"type": 2, "timestamp": at(offset_ms), "data": {"node": {"type": 0, "childNodes": [html], "id": 1}}}


def text_field(node: int, **attributes: str) -> Json:
    return {"type": 2, "tagName": "input", "attributes": attributes, "childNodes": [], "id": node}


def typed(offset_ms: float, node: int, text: str) -> Json:
    return {"type": 3, "timestamp": at(offset_ms), "data": {"source": 5, "id": node, "text": text, "isChecked": False}}


def mutation(offset_ms: float, **changes: Any) -> Json:
    lists: Json = {"texts": [], "attributes": [], "removes": [], "adds": []}
    return {"type": 3, "timestamp": at(offset_ms), "data": {"source": 0, **lists, **changes}}


def touch(offset_ms: float, kind: int, node: int = 7) -> Json:
    return {"type": 3, "timestamp": at(offset_ms), "data": {"source": 2, "type": kind, "id": node, "x": 1, "y": 2}}


RENAMED = mutation(-800, texts=[{"id": 8, "value": "Pay €9"}])
PAGE = [meta(-1000), snapshot(-900), RENAMED, click(-500, 8)]


@pytest.mark.parametrize("form", ["plain", "packed", "mixed", "squeezed", "extra fields"])
def test_every_form_of_a_recording_gives_the_same_rows_and_plain_events(home: Path, lake: Lake, form: str) -> None:
    forms: dict[str, list[Any]] = {
        "plain": PAGE,
        "packed": [packed(event) for event in PAGE],
        "mixed": [packed(event) if index % 2 else event for index, event in enumerate(PAGE)],
        "squeezed": [meta(-1000), squeezed(snapshot(-900)), squeezed(RENAMED), click(-500, 8)],
        "extra fields": [{**event, "sessionId": "2018", "delay": 3} for event in PAGE],
    }
    rows = take_in(home, lake, [post(forms[form])])

    assert rows["kind"].to_list() == ["meta", "full_snapshot", "mutation", "click"]
    assert rows["texts"].to_list() == [None, None, 1, None]
    clicked = rows.row(3, named=True)
    assert (clicked["target_role"], clicked["target_name"], clicked["url"]) == (
        "button",
        "Pay €9",
        "https://shop.test/cart",
    )
    kept = [
        {name: value for name, value in event.items() if name not in ("v", "sessionId", "delay")}
        for event in payloads(lake)[0]
    ]
    assert kept == PAGE
    assert lake.query("FROM rejected").is_empty()


@pytest.mark.parametrize("squeeze", [packed, squeezed])
def test_secrets_do_not_hide_in_packed_events(home: Path, lake: Lake, squeeze: Any) -> None:
    event = snapshot(-900, {"type": 3, "textContent": "mail ada@shop.test", "id": 9})
    take_in(home, lake, [post([squeeze(event)])])
    stored = json.dumps(payloads(lake))
    assert "[email]" in stored
    assert "ada@" not in stored


def test_damaged_packed_events_are_rejected_and_their_neighbours_are_kept(home: Path, lake: Lake) -> None:
    take_in(home, lake, [post([packed(meta(-1000)), packed(snapshot(-900))[:-9], packed(click(-500, 8))])])

    rejected = lake.query("FROM rejected").row(0, named=True)
    assert (rejected["reason"], rejected["event_index"]) == ("invalid_event", 1)
    assert rejected["payload"] == '"an event that could not be unpacked: it ends early"'
    assert lake.query("FROM replay_events")["kind"].to_list() == ["meta", "click"]


def test_a_repeated_packed_batch_is_dropped(home: Path, lake: Lake) -> None:
    once = post([packed(meta(-1000))])
    rows = take_in(home, lake, [once], [once])
    assert rows.height == 1
    assert lake.query("FROM rejected").is_empty()


def console(offset_ms: float, *arguments: str, trace: list[str] | None = None, level: str = "error") -> Json:
    payload = {"level": level, "payload": list(arguments), "trace": FRAMES if trace is None else trace}
    return plugin(offset_ms, "rrweb/console@1", payload)


V8_STACK = "Error: boom\n    at pay (https://shop.test/assets/cart.js:3:9)\n    at https://shop.test/assets/cart.js:1:1"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Uncaught Error: boom", ['"Uncaught Error: boom"']),
        ("Error: boom", ['"Uncaught (in promise) Error: boom"']),
    ],
    ids=["error", "rejection"],
)
def test_what_nobody_caught_is_the_same_bug_whoever_recorded_it(
    home: Path, lake: Lake, ours: str, theirs: list[str]
) -> None:
    line = console(-500, *theirs)
    exception = plugin(-500, "retrace/exception@1", {"kind": "onerror", "message": ours, "stack": V8_STACK})
    posts = [post([meta(-1000), event], session=session) for session, event in (("ours", exception), ("rrweb", line))]
    events = take_in(home, lake, posts)
    found = console_error.DETECTOR.find(recordings(events))
    assert found["session_id"].sort().to_list() == ["ours", "rrweb"]
    assert found["identity"].n_unique() == 1
    assert set(found["confidence"]) == {"high"}


def test_answers_are_placed_where_they_came_not_where_they_were_reported(home: Path, lake: Lake) -> None:
    requests = [
        {"method": "GET", "name": "https://api.test/a", "status": 200, "startTime": 10, "endTime": 300},
        {"method": "GET", "name": "/b", "status": 500, "startTime": 10, "endTime": 1_300},
        {"name": "https://cdn.test/c.css", "initiatorType": "link", "status": 0, "startTime": 0, "endTime": 1},
    ]
    report = plugin(-500, "rrweb/network@1", {"requests": requests})
    answers = take_in(home, lake, [post([meta(-3000), report], sentAt=at(0))]).filter(pl.col("kind") == "network")
    before = [timedelta(milliseconds=number) for number in (1_500, 500, 1_799)]
    assert answers["occurred_at"].to_list() == [RECEIVED - time for time in before]
    assert answers["request_url"].to_list()[1] == "https://shop.test/b"
    assert answers["status"].to_list() == [200, 500, None]


def breadcrumb(offset_ms: float, **payload: Any) -> Json:
    return {"type": 5, "timestamp": at(offset_ms), "data": {"tag": "breadcrumb", "payload": payload}}


def test_sentrys_spans_and_breadcrumbs_are_requests_lines_and_pages(home: Path, lake: Lake) -> None:
    span = {
        "op": "resource.fetch",
        "description": "/api/pay",
        "startTimestamp": at(-700) / 1000,
        "endTimestamp": at(-600) / 1000,
        "data": {"method": "POST", "statusCode": 502},
    }
    events = [
        meta(-1000),
        breadcrumb(-900, category="navigation", data={"from": "/cart", "to": "/pay?x=1"}),
        {"type": 5, "timestamp": at(-700) / 1000, "data": {"tag": "performanceSpan", "payload": span}},
        breadcrumb(-500, category="console", level="warning", message="slow"),
        breadcrumb(-400, category="ui.click", message="button"),
    ]
    rows = take_in(home, lake, [post(events, sentAt=at(0))])
    assert rows["kind"].to_list() == ["meta", "custom", "network", "console", "custom"]
    request, line = rows.row(2, named=True), rows.row(3, named=True)
    assert (request["request_url"], request["status"], round(request["duration_ms"])) == (
        "https://shop.test/api/pay",
        502,
        100,
    )
    assert abs(request["occurred_at"] - (RECEIVED - timedelta(milliseconds=600))) < timedelta(milliseconds=1)
    assert (line["level"], line["message"], line["url"]) == ("warn", "slow", "https://shop.test/pay?x=1")


def test_posthogs_page_views_move_the_page_on(home: Path, lake: Lake) -> None:
    view = {
        "type": 5,
        "timestamp": at(-900),
        "data": {"tag": "$pageview", "payload": {"href": "https://shop.test/pay"}},
    }
    rows = take_in(home, lake, [post([meta(-1000), view, click(-500, 7)])])
    assert rows["url"].to_list()[-1] == "https://shop.test/pay"


@pytest.mark.parametrize("recorder_clicks", [True, False])
def test_taps_are_clicks_once_whether_or_not_the_recorder_says_so(
    home: Path, lake: Lake, recorder_clicks: bool
) -> None:
    said = [click(-2900, 8)] if recorder_clicks else []
    events = [meta(-5000), snapshot(-4900), touch(-3000, 7, 8), touch(-2950, 9, 8), *said, mutation(-100)]
    rows = take_in(home, lake, [post(events)])
    clicks = rows.filter(pl.col("kind") == "click")
    assert clicks.select("node_id", "target_role", "target_name").rows() == [(8, "button", "Pay now")]


def test_taps_do_not_count_in_a_window_whose_recorder_says_click(home: Path, lake: Lake) -> None:
    tap = [touch(-3000, 7), touch(-2950, 9), mutation(-100)]
    rows = take_in(home, lake, [post([click(-4000, 7)]), post(tap, sequence=1)])
    assert rows.filter(pl.col("kind") == "click").height == 1


SHOWN = {"type": "text", "data-rr-is-password": "true"}
SECRET_FIELDS = {
    "password": text_field(9, type="password"),
    "one-time code": text_field(9, type="text", autocomplete="one-time-code"),
    "card": text_field(9, type="tel", autocomplete="section-pay cc-number"),
    "password being shown": text_field(9, **SHOWN),
}


@pytest.mark.parametrize(("field", "commits"), [*((field, 1) for field in SECRET_FIELDS), ("card", 2)])
def test_what_was_typed_into_a_field_for_secrets_is_masked(home: Path, lake: Lake, field: str, commits: int) -> None:
    opened = post([meta(-1000), snapshot(-900, SECRET_FIELDS[field], text_field(10, type="text"))])
    filled = post([typed(-500, 9, "tulip 77"), typed(-400, 10, "red tulip")], sequence=1)
    take_in(home, lake, *([[opened, filled]] if commits == 1 else [[opened], [filled]]))
    first, second = payloads(lake)[1]
    assert first == typed(-500, 9, "********")
    assert second == typed(-400, 10, "red tulip")


def test_field_that_becomes_one_for_a_secret_stays_one_until_the_page_does_not(home: Path, lake: Lake) -> None:
    changes = [{"id": 9, "attributes": {"type": "password"}}]
    back = [{"id": 9, "attributes": {"type": "text"}}]
    added = {"parentId": 2, "nextId": None, "node": text_field(11, autocomplete="cc-csc")}
    events = [
        snapshot(-900, text_field(9, type="text")),
        typed(-800, 9, "before"),
        mutation(-700, attributes=changes, adds=[added]),
        mutation(-600, attributes=back),
        typed(-500, 9, "tulip"),
        typed(-400, 11, "abc"),
        snapshot(-300, text_field(9, type="text")),
        typed(-200, 9, "after"),
    ]
    take_in(home, lake, [post(events)])
    texts = [event["data"]["text"] for event in payloads(lake)[0] if event["data"].get("source") == 5]
    assert texts == ["before", "*****", "***", "after"]


def test_copy_of_a_field_for_secrets_is_one_and_stays_folded(home: Path, lake: Lake) -> None:
    copied = {"parentId": 2, "nextId": None, "node": {"like": 9, "ids": [5105, 1]}}
    form = {"type": 2, "tagName": "form", "attributes": {}, "id": 9, "childNodes": [text_field(20, type="password")]}
    folded = mutation(-600, adds=[copied], folded=True)
    take_in(home, lake, [post([snapshot(-900, form), folded, typed(-500, 5106, "tulip"), typed(-400, 7, "rose")])])
    assert payloads(lake)[0][1:] == [folded, typed(-500, 5106, "*****"), typed(-400, 7, "rose")]


def test_masking_leaves_all_other_events_as_they_came(home: Path, lake: Lake) -> None:
    odd = {"type": 3, "timestamp": at(-600), "data": {"source": 99, "number": 10**40}}
    given, masked = typed(-550, 9, "tulip"), typed(-550, 9, "*****")
    for event in (given, masked):
        event["data"]["number"] = 10**40
    take_in(home, lake, [post([snapshot(-900, text_field(9, type="password")), odd, given])])
    assert payloads(lake)[0][1:] == [odd, masked]
