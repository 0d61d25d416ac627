"""Intake writes each batch once, puts every event in its place in time, and loses nothing it cannot use."""

import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from retrace_assets.intake.update import drain
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from tests.landing_rows import RECEIVED, at, click, land, meta, plugin, post


def take_in(home: Path, lake: Lake, *segments: list[Any]) -> dict[str, Any]:
    """Land each list of posts as a segment, drain, and return what the report notes."""
    for posts in segments:
        land(home, posts)
    return dict(drain(lake, Landing(home)).notes)


def events(lake: Lake) -> pl.DataFrame:
    return lake.query("FROM replay_events ORDER BY session_id, window_id, sequence, event_index, part")


def rejected(lake: Lake) -> pl.DataFrame:
    return lake.query("FROM rejected ORDER BY rejected_id")


def test_drain_writes_rows_and_deletes_the_segment(home: Path, lake: Lake) -> None:
    notes = take_in(home, lake, [post([meta(-1000), click(-500, 7)], flushType="final", distinctId="u1", release="r1")])

    assert notes["batches"] == 1
    assert Landing(home).pending() == []
    batch = lake.query("FROM replay_batches").row(0, named=True)
    assert (batch["session_id"], batch["window_id"], batch["sequence"]) == ("s1", "w1", 0)
    assert (batch["flush_type"], batch["distinct_id"], batch["release"], batch["event_count"]) == (
        "final",
        "u1",
        "r1",
        2,
    )
    assert events(lake)["kind"].to_list() == ["meta", "click"]
    payload = lake.query("SELECT events FROM replay_payloads").item()
    assert json.loads(payload) == [meta(-1000), click(-500, 7)]


def test_drain_has_nothing_to_do_when_nothing_is_pending(home: Path, lake: Lake) -> None:
    before = lake.snapshot_id()
    assert drain(lake, Landing(home)).rows_out == 0
    assert lake.snapshot_id() == before


def test_a_repeated_batch_is_dropped_within_a_commit_and_across_commits(home: Path, lake: Lake) -> None:
    once = post([meta(-1000)])
    assert take_in(home, lake, [once, once])["duplicates"] == 1
    assert take_in(home, lake, [once])["duplicates"] == 1
    assert events(lake).height == 1
    assert rejected(lake).is_empty()


def test_a_repeat_is_known_again_when_it_comes_compressed(home: Path, lake: Lake) -> None:
    plain = post([meta(-1000)])
    zipped = plain._replace(encoding="gzip", body=gzip.compress(plain.body))
    assert take_in(home, lake, [plain], [zipped])["duplicates"] == 1


def test_the_same_sequence_with_other_content_is_a_conflict(home: Path, lake: Lake) -> None:
    take_in(home, lake, [post([meta(-1000)])], [post([meta(-900, "https://shop.test/other?token=abc123secret")])])
    assert events(lake).height == 1
    row = rejected(lake).row(0, named=True)
    assert (row["reason"], row["session_id"], row["sequence"]) == ("sequence_conflict", "s1", 0)
    assert "/other" in row["payload"]
    assert "abc123secret" not in row["payload"]


def test_sequences_count_within_a_window_and_an_environment(home: Path, lake: Lake) -> None:
    notes = take_in(
        home,
        lake,
        [post([meta(-3)]), post([meta(-2)], window="w2"), post([meta(-1)], environment="env_b")],
    )
    assert (notes["batches"], notes["duplicates"], notes["rejected"]) == (3, 0, 0)


@pytest.mark.parametrize("skew", [timedelta(days=365), timedelta(days=-365), timedelta(0)])
def test_sent_at_moves_a_window_to_our_clock_whatever_the_clients_says(home: Path, lake: Lake, skew: timedelta) -> None:
    skew_ms = skew.total_seconds() * 1000
    event = {**meta(0), "timestamp": at(skew_ms - 60_000)}
    take_in(home, lake, [post([event], sentAt=at(skew_ms))])
    assert events(lake)["occurred_at"].item() == RECEIVED - timedelta(seconds=60)


def test_a_window_keeps_the_offset_of_its_first_batch(home: Path, lake: Lake) -> None:
    """DESIGN §4.7: one offset moves the whole window, so durations stay the client's."""
    take_in(home, lake, [post([meta(-1000)], sentAt=at(0))])
    take_in(
        home, lake, [post([click(4000, 7)], sequence=1, sentAt=at(-9999), received_at=RECEIVED + timedelta(seconds=5))]
    )
    times = events(lake)["occurred_at"].to_list()
    assert times[1] - times[0] == timedelta(seconds=5)


def test_a_session_stays_on_the_day_of_its_first_batch(home: Path, lake: Lake) -> None:
    late = RECEIVED + timedelta(days=1)
    take_in(home, lake, [post([meta(-1000)])], [post([click(86_400_000 - 10, 7)], sequence=1, received_at=late)])
    assert events(lake)["day"].unique().to_list() == [date(2026, 3, 10)]
    assert events(lake)["started_at"].n_unique() == 1


def test_a_session_that_ended_more_than_eight_days_ago_is_rejected(home: Path, lake: Lake) -> None:
    old = post([{**meta(0), "timestamp": at(-9 * 86_400_000)}], sentAt=at(0))
    take_in(home, lake, [old])
    assert events(lake).is_empty()
    assert rejected(lake)["reason"].to_list() == ["session_too_old"]


@pytest.mark.parametrize(
    "bad",
    [
        {"type": 3, "timestamp": "yesterday"},
        {"type": 3, "timestamp": None},
        {"type": "3", "timestamp": 1},
        {"timestamp": 1},
        {"type": 3, "timestamp": -5},
        {"type": 3, "timestamp": 2**63},
        {"type": 3, "timestamp": 1e300},
        {},
    ],
    ids=str,
)
def test_an_unusable_event_is_rejected_and_its_neighbours_are_kept(home: Path, lake: Lake, bad: dict[str, Any]) -> None:
    take_in(home, lake, [post([meta(-1000), bad, click(-500, 7)])])
    assert events(lake)["kind"].to_list() == ["meta", "click"]
    row = rejected(lake).row(0, named=True)
    assert (row["reason"], row["event_index"]) == ("invalid_event", 1)
    assert json.loads(row["payload"]) == bad


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        ({"type": 99, "timestamp": at(-1)}, "unknown"),
        ({"type": 3, "timestamp": at(-1), "data": "text"}, "unknown"),
        ({"type": 3, "timestamp": at(-1), "data": {"source": 77}}, "unknown"),
        ({"type": 3, "timestamp": at(-1), "data": {"source": 2, "type": 2, "id": 2**70}}, "click"),
        ({"type": 6, "timestamp": at(-1), "data": {"plugin": 5}}, "plugin"),
        ({"type": 6, "timestamp": at(-1), "data": {"plugin": "retrace/console@1", "payload": [1]}}, "console"),
        ({"type": 5, "timestamp": at(-1), "data": {"tag": "x", "payload": {}}}, "custom"),
        ({"type": 3, "timestamp": at(-1), "data": {"source": 0, "adds": [{"parentId": 404, "node": 1}]}}, "mutation"),
    ],
    ids=str,
)
def test_an_odd_event_is_kept_under_the_name_it_deserves(
    home: Path, lake: Lake, odd: dict[str, Any], kind: str
) -> None:
    take_in(home, lake, [post([odd])])
    assert events(lake)["kind"].to_list() == [kind]
    assert rejected(lake).is_empty()


def test_a_timestamp_in_seconds_is_understood(home: Path, lake: Lake) -> None:
    take_in(home, lake, [post([{"type": 5, "timestamp": at(-2000) / 1000}], sentAt=at(0))])
    assert events(lake)["occurred_at"].item() == RECEIVED - timedelta(seconds=2)


def test_a_lone_surrogate_does_not_cost_the_batch(home: Path, lake: Lake) -> None:
    body = rb'{"sessionId":"s1","events":[{"type":6,"timestamp":1773144000000,"data":{"plugin":"retrace/console@1",'
    body += rb'"payload":{"level":"error","payload":["cut \ud83d"]}}}]}'
    take_in(home, lake, [post([], body=body)])
    assert events(lake)["message"].item() == "cut \ufffd"


def test_a_damaged_row_is_rejected_and_the_others_are_kept(home: Path, lake: Lake) -> None:
    land(home, [post([meta(-1000)], session="good"), post([meta(-1000, "https://shop.test/flip")], session="bad")])
    segment = Landing(home).pending()[0]
    data = segment.path.read_bytes()
    segment.path.write_bytes(data.replace(b"/flip", b"/flop"))
    take_in(home, lake)
    assert events(lake)["session_id"].to_list() == ["good"]
    assert rejected(lake)["reason"].to_list() == ["corrupt_row"]


def test_an_unreadable_segment_is_set_aside_and_the_others_are_taken_in(home: Path, lake: Lake) -> None:
    land(home, [post([meta(-1000)], session="first")])
    poison = Landing(home).pending()[0]
    land(home, [post([meta(-1000)], session="second")])
    poison.path.write_bytes(b"no arrow stream")
    notes = take_in(home, lake)
    assert (notes["poisoned"], notes["segments"]) == (1, 2)
    assert events(lake)["session_id"].to_list() == ["second"]
    assert rejected(lake)["reason"].to_list() == ["unreadable_segment"]
    assert [path.name for path in Landing(home).poison_directory.iterdir()] == [poison.name]
    assert Landing(home).pending() == []


def test_a_segment_that_was_noted_but_not_deleted_is_only_deleted(home: Path, lake: Lake) -> None:
    """What a `kill -9` between the commit and the deletion leaves behind."""
    land(home, [post([meta(-1000)])])
    segment = Landing(home).pending()[0]
    kept = segment.path.read_bytes()
    drain(lake, Landing(home))
    segment.path.write_bytes(kept)
    notes = take_in(home, lake)
    assert notes.get("batches", 0) == 0
    assert Landing(home).pending() == []
    assert events(lake).height == 1


def test_nothing_is_lost_when_the_commit_fails(home: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land(home, [post([meta(-1000)])])
    with monkeypatch.context() as patch:
        patch.setattr("retrace_assets.intake.update.note_changes", _fail)
        with pytest.raises(RuntimeError, match="on purpose"):
            drain(lake, Landing(home))
    assert events(lake).is_empty()
    take_in(home, lake)
    assert events(lake).height == 1


def _fail(*_: object) -> None:
    raise RuntimeError("on purpose")


def test_the_page_is_carried_from_batch_to_batch(home: Path, lake: Lake) -> None:
    take_in(home, lake, [post([meta(-1000, "https://shop.test/a")]), post([click(-900, 7)], sequence=1)])
    take_in(home, lake, [post([click(-800, 7)], sequence=2)])
    assert events(lake)["url"].to_list() == ["https://shop.test/a"] * 3


def test_a_click_takes_the_recorders_description_of_its_control(home: Path, lake: Lake) -> None:
    target = {"tagName": "BUTTON", "role": "button", "accessibleName": "Pay now", "testIdValue": "pay"}
    described = plugin(-500, "retrace/click@1", {"nodeId": 7, "target": target, "url": "https://shop.test/pay"})
    other = plugin(-499, "retrace/click@1", {"nodeId": 8, "target": {**target, "accessibleName": "Other"}})
    take_in(home, lake, [post([described, other, click(-499, 7)])])
    row = events(lake).filter(pl.col("kind") == "click").row(0, named=True)
    assert (row["target_tag"], row["target_role"], row["target_name"], row["target_test_id"]) == (
        "button",
        "button",
        "Pay now",
        "pay",
    )
    assert row["target_interactive"] is True
    assert row["url"] == "https://shop.test/pay"


def test_each_request_of_a_network_event_is_a_row(home: Path, lake: Lake) -> None:
    requests = [
        {"method": "get", "url": "https://api.test/a", "status": 200, "startTime": 10, "endTime": 25},
        {"method": "POST", "name": "https://api.test/b", "responseStatus": 503},
        {"url": "https://api.test/c", "error": "Failed to fetch"},
    ]
    take_in(home, lake, [post([plugin(-500, "rrweb/network@1", {"requests": requests})])])
    rows = events(lake).select("part", "method", "request_url", "status", "duration_ms").rows()
    assert rows == [
        (0, "GET", "https://api.test/a", 200, 15.0),
        (1, "POST", "https://api.test/b", 503, None),
        (2, "GET", "https://api.test/c", 0, None),
    ]


def test_two_people_with_addresses_for_ids_stay_two_and_nameless(home: Path, lake: Lake) -> None:
    take_in(
        home,
        lake,
        [
            post([meta(-1)], session="a", distinctId="ada@shop.test"),
            post([meta(-1)], session="b", distinctId="bob@shop.test"),
        ],
    )
    names = lake.query("SELECT distinct_id FROM replay_batches")["distinct_id"].to_list()
    assert len(set(names)) == 2
    assert all(name.startswith("usr_") for name in names)


def test_what_an_input_held_never_reaches_a_column(home: Path, lake: Lake) -> None:
    typed = {"type": 3, "timestamp": at(-500), "data": {"source": 5, "id": 9, "text": "my-words", "isChecked": False}}
    take_in(home, lake, [post([typed])])
    assert "my-words" not in events(lake).write_json()


def test_what_was_touched_is_noted_for_the_next_stage(home: Path, lake: Lake) -> None:
    take_in(home, lake, [post([meta(-1000)], session="a"), post([meta(-1000)], session="b")])
    rows = lake.query("SELECT source, day, key FROM changes ORDER BY key").rows()
    assert rows == [("replay_events", date(2026, 3, 10), "a"), ("replay_events", date(2026, 3, 10), "b")]


def test_only_narrows_what_is_taken_in(home: Path, lake: Lake) -> None:
    land(home, [post([meta(-1000)], session="a")])
    land(home, [post([meta(-1000)], session="b")])
    first, second = Landing(home).pending()
    drain(lake, Landing(home), only=[second.name])
    assert events(lake)["session_id"].to_list() == ["b"]
    assert Landing(home).pending() == [first]


def test_metadata_is_kept_as_redacted_json(home: Path, lake: Lake) -> None:
    take_in(
        home,
        lake,
        [post([meta(-1)], metadata={"plan": "pro", "mail": "ada@shop.test"}, sdk={"name": "x", "version": "1"})],
    )
    row = lake.query("SELECT metadata, sdk_name, sdk_version FROM replay_batches").row(0, named=True)
    assert msgspec.json.decode(row["metadata"]) == {"plan": "pro", "mail": "[email]"}
    assert (row["sdk_name"], row["sdk_version"]) == ("x", "1")


def _snapshot(offset_ms: float) -> dict[str, Any]:
    button = {
        "type": 2,
        "tagName": "button",
        "attributes": {"data-testid": "pay"},
        "childNodes": [{"type": 3, "textContent": "Pay now", "id": 8}],
        "id": 7,
    }
    html = {"type": 2, "tagName": "html", "attributes": {}, "childNodes": [button], "id": 2}
    return {"type": 2, "timestamp": at(offset_ms), "data": {"node": {"type": 0, "childNodes": [html], "id": 1}}}


@pytest.mark.parametrize("commits", [1, 2])
def test_a_click_without_description_is_looked_up_in_the_recorded_dom(home: Path, lake: Lake, commits: int) -> None:
    """Plain rrweb: also when the page came in an earlier batch, or an earlier commit."""
    first, second = post([meta(-1000), _snapshot(-990)]), post([click(-500, 8)], sequence=1)
    take_in(home, lake, *([[first], [second]] if commits == 2 else [[first, second]]))
    row = events(lake).filter(pl.col("kind") == "click").row(0, named=True)
    assert (row["target_role"], row["target_name"], row["target_test_id"]) == ("button", "Pay now", "pay")
    assert row["target_interactive"] is True


def test_a_click_on_an_unrecorded_page_keeps_its_node_alone(home: Path, lake: Lake) -> None:
    take_in(home, lake, [post([click(-500, 8)])])
    row = events(lake).row(0, named=True)
    assert (row["kind"], row["node_id"], row["target_role"]) == ("click", 8, None)
