"""The demo's visits, stored and live: each fault leaves its trace in the recording, clean visits leave none."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from retrace_app.demo.capture import Batch, capturing
from retrace_app.demo.shop_server import running_shop
from retrace_app.demo.stored import VISITS_FILE, store_batches, stored_batches
from retrace_app.demo.visitors import FAULTS, VISITORS, run_visits
from retrace_core.errors import ErrorCode, RetraceError

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)

Events = list[dict[str, Any]]


def _sessions(batches: list[Batch]) -> dict[str, list[Batch]]:
    sessions: dict[str, list[Batch]] = defaultdict(list)
    for batch in batches:
        # A page that is left while a post is on its way sends it again, the same: the door drops it.
        if batch not in sessions[batch["distinctId"]]:
            sessions[batch["distinctId"]].append(batch)
    return sessions


def _payloads(events: Events, plugin: str) -> Iterator[dict[str, Any]]:
    return (event["data"]["payload"] for event in events if event["data"].get("plugin") == plugin)


def _failures(events: Events) -> list[tuple[str, int]]:
    requests = _payloads(events, "retrace/network@1")
    return [(request["method"], request["status"]) for request in requests if request["status"] >= 400]


def _most_clicks_in_a_second(events: Events, name: str) -> int:
    times = [
        event["timestamp"]
        for event in events
        if event["data"].get("plugin") == "retrace/click@1"
        and event["data"]["payload"]["target"].get("accessibleName", "").startswith(name)
    ]
    return max((sum(0 <= other - time <= 1000 for other in times) for time in times), default=0)


def _exceptions(events: Events) -> list[str]:
    return [payload["message"] for payload in _payloads(events, "retrace/exception@1")]


def _toasts(events: Events) -> int:
    return sum(json.dumps(event["data"].get("adds", "")).count("toast-error") for event in events)


TRACES: dict[str, Callable[[Events], bool]] = {
    "throwing_handler": lambda events: any("'push'" in message for message in _exceptions(events)),
    "dead_button": lambda events: _most_clicks_in_a_second(events, "Apply code") >= 3,
    "checkout_500": lambda events: (
        _failures(events).count(("POST", 500)) >= 2 and _most_clicks_in_a_second(events, "Pay €") >= 3
    ),
    "orders_404": lambda events: ("GET", 404) in _failures(events),
    "error_toast": lambda events: _toasts(events) >= 1,
    "blank_route": lambda events: any("'price'" in message for message in _exceptions(events)),
}


def _assert_tells_its_story(batches: list[Batch]) -> None:
    sessions = _sessions(batches)
    assert sorted(sessions) == [visitor.name for visitor in VISITORS]
    for visitor in VISITORS:
        session = sessions[visitor.name]
        events = sorted((event for batch in session for event in batch["events"]), key=itemgetter("timestamp"))
        left = {fault for fault, trace in TRACES.items() if trace(events)}
        assert left == {visitor.fault} - {""}, visitor.name
        if not visitor.fault:
            assert (_failures(events), _exceptions(events)) == ([], []), visitor.name
        _assert_complete(session)


def _assert_complete(session: list[Batch]) -> None:
    assert len({batch["sessionId"] for batch in session}) == 1
    windows: dict[str, list[Batch]] = defaultdict(list)
    for batch in session:
        windows[batch["windowId"]].append(batch)
    for batches in windows.values():
        batches.sort(key=itemgetter("sequence"))
        assert [batch["sequence"] for batch in batches] == list(range(len(batches)))
        assert [batch["flushType"] for batch in batches] == ["normal"] * (len(batches) - 1) + ["final"]


@pytest.fixture(scope="module")
def stored() -> list[Batch]:
    return list(stored_batches(NOW))


def test_stored_visits_tell_every_story(stored: list[Batch]) -> None:
    _assert_tells_its_story(stored)


def test_stored_visits_end_now_and_come_one_after_another(stored: list[Batch]) -> None:
    visits = _sessions(stored).values()
    spans = sorted(
        (min(times), max(times))
        for times in ([event["timestamp"] for batch in visit for event in batch["events"]] for visit in visits)
    )

    assert spans[-1][1] == NOW_MS
    assert all(earlier[1] < later[0] for earlier, later in pairwise(spans))
    assert NOW_MS - spans[0][0] < timedelta(hours=3).total_seconds() * 1000
    assert {batch["sentAt"] for batch in stored} == {NOW_MS}


def test_stored_visits_move_every_time_in_a_body(stored: list[Batch]) -> None:
    for batch in stored:
        for event in batch["events"]:
            started = event["data"].get("payload", {}).get("startedAt", event["timestamp"])
            assert 0 <= event["timestamp"] - started < 15_000


def test_stored_visits_are_the_same_for_the_same_moment_and_new_ones_later(stored: list[Batch]) -> None:
    assert list(stored_batches(NOW)) == stored

    later = list(stored_batches(NOW + timedelta(seconds=1)))
    assert {batch["sessionId"] for batch in later}.isdisjoint(batch["sessionId"] for batch in stored)


def test_stored_visits_are_small_and_made_by_this_recorder(stored: list[Batch]) -> None:
    package = json.loads((Path(__file__).parents[3] / "sdk/browser/package.json").read_text())

    assert VISITS_FILE.stat().st_size < 400_000
    assert all(batch["sdk"] == {"name": package["name"], "version": package["version"]} for batch in stored)


def test_storing_and_reading_gives_the_visits_back(stored: list[Batch], tmp_path: Path) -> None:
    store_batches(stored, tmp_path / "visits")

    assert list(stored_batches(NOW, tmp_path / "visits")) != []
    again = list(stored_batches(NOW, tmp_path / "visits"))
    assert [batch["events"] for batch in again] == [batch["events"] for batch in stored]


@pytest.mark.slow
def test_visits_end_with_a_reason_when_there_is_no_shop() -> None:
    with pytest.raises(RetraceError) as refusal:
        run_visits("http://127.0.0.1:9", ())

    assert refusal.value.code is ErrorCode.DEMO_VISIT_FAILED
    assert "visitor-" in refusal.value.detail
    assert "\n" not in refusal.value.detail


@pytest.mark.slow
def test_live_visits_tell_every_story() -> None:
    with capturing() as capture, running_shop(door_url=capture.url, sdk_key="rtpk_test") as shop_url:
        visits = run_visits(shop_url, FAULTS)

    assert sorted(visit.visitor for visit in visits) == [visitor.name for visitor in VISITORS]
    _assert_tells_its_story(capture.batches)
