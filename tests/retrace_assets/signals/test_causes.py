"""A consequence takes its cause's fingerprint; what has nothing to do with each other stays apart."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.rows import find_signals
from retrace_assets.signals.rules import Rule
from retrace_core.tables import REPLAYS
from tests.retrace_assets.signals.pages import recorded
from tests.retrace_assets.signals.recordings import (
    click,
    console,
    exception,
    frame_of,
    request,
)
from tests.retrace_assets.signals.shapes import EVENTS

Row = dict[str, Any]
REJECTION = "Unhandled: request failed"
IN_ORDER_OF_CAUSES = (
    ("network_5xx", "network_4xx", "slow_request"),
    ("failed_chunk",),
    ("console_error",),
    ("console_error of a line",),
    ("error_toast", "blank_render", "dead_click", "error_click", "thrashed_cursor"),
    ("rage_click", "session_abandon_on_error"),
)


def signals_of(events: list[Row]) -> pl.DataFrame:
    """The signals of one session."""
    recording = recorded(events)
    frame = recording.events
    key = ("project_id", "environment_id", "day", "session_id", "started_at")
    session = {**frame.select(key).row(0, named=True), "first_at": frame["occurred_at"].min()}
    sessions = frame_of(REPLAYS, [session])
    return find_signals(recording, sessions, [Rule(detector) for detector in DETECTORS.values()])


def judge(events: list[Row]) -> dict[str, list[Row]]:
    """The signals of one session, by detector."""
    found = signals_of(events)
    return {name: found.filter(pl.col("detector") == name).to_dicts() for name in DETECTORS}


def follows(effect: Row, cause: Row) -> bool:
    return bool(effect["cause"] == cause["signal_id"] and effect["fingerprint"] == cause["fingerprint"])


def rage(at: int, name: str = "Pay now", clicks: int = 4, **more: Any) -> list[Row]:
    return [click(at + 200 * number, name, **more) for number in range(clicks)]


def dead(at: int) -> Row:
    """A click after which the page is as before."""
    return click(at, page={"before": 0, "traits": ["control"]})


def toast(at: int) -> Row:
    """A message of failure that is shown."""
    shown = {"kind": "message", "message": "Could not save", "message_role": "alert", "near_field": False}
    return {"at": at, "kind": "mutation", "page": shown}


@pytest.mark.parametrize(
    ("error", "linked"),
    [
        pytest.param(exception(1_020, REJECTION), True, id="20 ms after"),
        pytest.param(exception(2_000, REJECTION), True, id="at the end of the second"),
        pytest.param(exception(2_001, REJECTION), False, id="after the second"),
        pytest.param(exception(920, REJECTION), True, id="the request is reported late"),
        pytest.param(exception(880, REJECTION), False, id="before the request"),
        pytest.param(console(1_020, "could not save"), True, id="a printed line"),
        pytest.param(exception(1_020, REJECTION, window_id="w2"), False, id="in another window"),
    ],
)
def test_error_follows_from_a_failed_request_when_it_comes_within_a_second(error: Row, linked: bool) -> None:
    found = judge([request(1_000), error])
    assert follows(found["console_error"][0], found["network_5xx"][0]) is linked
    assert found["network_5xx"][0]["fingerprint"] == found["network_5xx"][0]["own_fingerprint"]


def test_error_does_not_follow_when_the_user_clicked_in_between() -> None:
    found = judge([request(1_000), click(1_500, "Cart"), exception(1_510)])
    assert found["console_error"][0]["cause"] is None


def test_error_follows_from_the_request_its_message_names_though_another_failed_later() -> None:
    named = request(1_000, url="https://shop.example/api/orders/12")
    later = request(1_200, url="https://shop.example/api/tags")
    found = judge([named, later, console(1_210, "POST https://shop.example/api/orders/12 failed")])
    orders = next(signal for signal in found["network_5xx"] if "orders" in signal["request"])
    assert follows(found["console_error"][0], orders)


def test_error_follows_from_the_request_whose_status_it_names() -> None:
    found = judge(
        [
            request(1_000, status=503, url="https://shop.example/api/a"),
            request(1_200, status=500, url="https://shop.example/api/b"),
            exception(1_210, "Request failed with status code 503"),
        ]
    )
    cause = next(signal for signal in found["network_5xx"] if signal["status"] == 503)
    assert follows(found["console_error"][0], cause)


def test_error_that_mostly_comes_alone_keeps_its_fingerprint() -> None:
    alone = [exception(10_000 * number) for number in range(1, 4)]
    found = judge([request(1_000), exception(1_020), *alone])
    assert found["console_error"][0]["cause"] is None


def test_rage_follows_from_the_request_that_fails_after_each_click() -> None:
    events = [event for at in range(1_000, 2_000, 250) for event in (click(at), request(at + 40))]
    found = judge(events)
    assert follows(found["rage_click"][0], found["network_5xx"][0])
    assert "4 of its 4 clicks" in found["rage_click"][0]["evidence"]


def test_rage_follows_from_the_error_that_comes_after_each_click() -> None:
    events = [event for at in range(1_000, 2_000, 250) for event in (click(at), console(at + 15, "module is gone"))]
    found = judge(events)
    assert follows(found["rage_click"][0], found["console_error"][0])


def test_rage_error_and_request_are_one_bug_whose_cause_is_the_request() -> None:
    events = [event for at in range(1_000, 2_000, 250) for event in (click(at), request(at + 40), exception(at + 45))]
    found = judge(events)
    cause = found["network_5xx"][0]
    assert follows(found["rage_click"][0], cause)
    assert follows(found["console_error"][0], cause)


def test_rage_follows_from_a_try_that_failed_before_and_left_the_control_stuck() -> None:
    found = judge([click(1_000), request(1_040), *rage(4_000), {"at": 9_000, "kind": "mutation"}])
    assert follows(found["rage_click"][0], found["network_5xx"][0])


def test_rage_follows_from_a_slow_request_that_its_first_click_started() -> None:
    started_before = request(6_000, duration_ms=5_100.0)
    found = judge([click(500, "Home", node_id=3), *rage(1_000), started_before])
    assert found["rage_click"][0]["cause"] is None

    started_by_it = request(6_020, duration_ms=5_000.0)
    found = judge([*rage(1_000), started_by_it])
    assert follows(found["rage_click"][0], found["network_5xx"][0])


def test_rage_on_a_control_that_works_for_another_bug_stays_its_own() -> None:
    other = [click(1_000, "Cart", node_id=3), request(1_030)]
    found = judge([*other, *rage(3_000), {"at": 9_000, "kind": "mutation"}])
    assert found["rage_click"][0]["cause"] is None


def test_rage_stays_its_own_when_a_background_request_fails_once_during_it() -> None:
    found = judge([*rage(3_000), request(3_350), {"at": 9_000, "kind": "mutation"}])
    assert found["rage_click"][0]["cause"] is None
    assert found["network_5xx"][0]["cause"] is None


def test_printed_line_after_the_first_click_alone_is_no_cause_of_rage() -> None:
    found = judge([click(3_000), console(3_010, "a key is missing"), *rage(3_200), {"at": 9_000, "kind": "mutation"}])
    assert found["rage_click"][0]["cause"] is None


@pytest.mark.parametrize(("at", "linked"), [(1_090, True), (910, True), (1_110, False)])
def test_line_of_a_framework_follows_from_the_exception_it_is_about(at: int, linked: bool) -> None:
    found = judge([exception(1_000), console(at, "The above error occurred in the <Cart> component")])
    thrown, line = sorted(found["console_error"], key=lambda signal: str(signal["reason_codes"]))
    assert follows(line, thrown) is linked


def test_chain_of_consequences_ends_at_the_request() -> None:
    handled = "The above error occurred in the <Cart> component"
    tries = [
        event
        for at in range(1_000, 2_000, 250)
        for event in (click(at), request(at + 40), exception(at + 45), console(at + 50, handled))
    ]
    found = judge([event for event in tries if event["kind"] != "network"])
    assert len({signal["fingerprint"] for group in found.values() for signal in group}) == 1
    assert [signal["cause"] for signal in found["console_error"]].count(None) == 1
    found = judge(tries)
    assert {signal["fingerprint"] for group in found.values() for signal in group} == {
        found["network_5xx"][0]["own_fingerprint"]
    }


def test_two_bugs_of_one_session_stay_two() -> None:
    found = judge(
        [
            click(1_000, "Pay now"),
            request(1_040),
            exception(1_050, REJECTION),
            click(8_000, "Sort", node_id=9),
            exception(8_010, "RangeError: bad order"),
        ]
    )
    signals = [signal for group in found.values() for signal in group]
    assert len({signal["fingerprint"] for signal in signals}) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            request(1, url="https://shop.example/api/orders/1?t=5"),
            request(1, url="https://shop.example/api/orders/2?t=6"),
            id="ids and queries of a request",
        ),
        pytest.param(
            exception(1, "TypeError: order 17 is gone"),
            exception(1, "TypeError: order 4 is gone"),
            id="numbers of a message",
        ),
        pytest.param(
            console(1, "no stock", url="https://shop.example/orders/1"),
            console(1, "no stock", url="https://shop.example/orders/2"),
            id="ids of a page",
        ),
    ],
)
def test_fingerprint_is_the_same_whatever(one: Row, other: Row) -> None:
    fingerprints = [{s["fingerprint"] for group in judge([event]).values() for s in group} for event in (one, other)]
    assert fingerprints[0] == fingerprints[1]
    assert len(fingerprints[0]) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(request(1), request(1, status=502), id="status"),
        pytest.param(request(1), request(1, method="GET"), id="method"),
        pytest.param(exception(1), exception(1, "TypeError: cart is undefined"), id="message"),
        pytest.param(
            console(1, "no"), console(1, "no", url="https://shop.example/cart"), id="page of what has no stack"
        ),
    ],
)
def test_fingerprint_differs_by(one: Row, other: Row) -> None:
    fingerprints = [{s["fingerprint"] for group in judge([event]).values() for s in group} for event in (one, other)]
    assert fingerprints[0].isdisjoint(fingerprints[1])


def test_rage_is_the_same_bug_for_another_node_and_another_count() -> None:
    end = {"at": 9_000, "kind": "mutation"}
    one = judge([*rage(1_000), end])["rage_click"][0]
    other = judge([*rage(1_000, clicks=7, node_id=512), end])["rage_click"][0]
    assert one["fingerprint"] == other["fingerprint"]


def test_exception_with_a_stack_is_the_same_bug_on_every_page() -> None:
    pages = ("https://shop.example/cart", "https://shop.example/checkout")
    found = [judge([exception(1, url=page)])["console_error"][0] for page in pages]
    assert found[0]["fingerprint"] == found[1]["fingerprint"]


@pytest.mark.parametrize("error", [console(1_020, "could not load"), exception(1_020, REJECTION)])
def test_error_follows_from_a_refused_request_too(error: Row) -> None:
    found = judge([request(1_000, status=404, method="GET"), error])
    assert follows(found["console_error"][0], found["network_4xx"][0])


def test_request_for_a_part_follows_from_that_for_the_whole() -> None:
    whole = request(1_000, status=404, method="GET", url="https://shop.example/api/articles/gone")
    part = request(1_010, status=404, method="GET", url="https://shop.example/api/articles/gone/comments")
    other = request(1_010, status=404, method="GET", url="https://shop.example/api/articles/goners")
    found = {signal["request"]: signal for signal in judge([part, whole, other])["network_4xx"]}
    assert follows(found["/api/articles/gone/comments"], found["/api/articles/gone"])
    assert found["/api/articles/goners"]["cause"] is None


def test_dead_click_follows_from_the_only_line_that_answers_it() -> None:
    found = judge([dead(1_000), console(1_020, "could not save"), {"at": 9_000, "kind": "scroll"}])
    assert follows(found["dead_click"][0], found["console_error"][0])


def test_dead_click_and_rage_follow_from_the_request_that_fails() -> None:
    tries = [event for at in range(1_000, 2_000, 250) for event in (dead(at), request(at + 40))]
    found = judge([*tries, {"at": 9_000, "kind": "scroll"}])
    assert follows(found["dead_click"][0], found["network_5xx"][0])
    assert follows(found["rage_click"][0], found["network_5xx"][0])


def test_rage_without_a_failure_follows_from_the_dead_click() -> None:
    found = judge([*[dead(at) for at in range(1_000, 2_000, 250)], {"at": 9_000, "kind": "scroll"}])
    assert follows(found["rage_click"][0], found["dead_click"][0])


@pytest.mark.parametrize("failure", [request(1_000), console(1_030, "could not save")])
def test_message_follows_from_what_failed_just_before(failure: Row) -> None:
    found = judge([failure, toast(1_040)])
    cause = (found["network_5xx"] + found["console_error"])[0]
    assert follows(found["error_toast"][0], cause)


def test_message_that_comes_later_is_a_bug_of_its_own() -> None:
    assert judge([request(1_000), toast(2_001)])["error_toast"][0]["cause"] is None


@pytest.mark.parametrize(("at", "linked"), [(1_300, True), (2_100, False)])
def test_blank_page_follows_from_the_exception_at_its_beginning(at: int, linked: bool) -> None:
    nothing = {"kind": "change", "chars": 0, "media": 0}
    events = [{"at": 1_000, "page": nothing}, exception(at), {"at": 20_000, "kind": "scroll"}]
    found = judge(events)
    assert follows(found["blank_render"][0], found["console_error"][0]) is linked


def test_what_a_bundler_says_of_a_chunk_follows_from_the_chunk() -> None:
    found = judge([exception(1_000, "ChunkLoadError: Loading chunk 7 failed. (https://shop.example/assets/7.js)")])
    assert follows(found["console_error"][0], found["failed_chunk"][0])


def test_chunk_follows_from_the_server_that_fails_to_send_it() -> None:
    found = judge([request(1_000, status=503, method="GET", url="https://shop.example/assets/cart.js")])
    assert follows(found["failed_chunk"][0], found["network_5xx"][0])


def test_error_click_follows_from_its_exception() -> None:
    found = judge([click(1_000), exception(1_004)])
    assert follows(found["error_click"][0], found["console_error"][0])


def test_rage_follows_from_the_answer_it_waits_for() -> None:
    late = request(8_000, status=200, method="GET", duration_ms=6_990.0)
    found = judge([*rage(1_000), late, {"at": 9_900, "kind": "mutation"}])
    assert follows(found["rage_click"][0], found["slow_request"][0])


def test_end_of_a_visit_is_the_bug_it_follows_from() -> None:
    found = judge([{"at": 0, "kind": "meta"}, click(4_000), request(4_020), {"at": 6_000, "kind": "mutation"}])
    assert follows(found["session_abandon_on_error"][0], found["network_5xx"][0])


def test_end_of_a_visit_is_nothing_when_no_detector_found_what_failed() -> None:
    failed = request(4_020, status=0, message="TypeError: Failed to fetch")
    found = judge([{"at": 0, "kind": "meta"}, click(4_000), failed, {"at": 6_000, "kind": "mutation"}])
    assert not found["session_abandon_on_error"]


def test_printed_objects_of_two_controls_are_two_bugs() -> None:
    found = judge([click(1_000), console(1_010, "{}"), click(5_000, "Sort", node_id=9), console(5_010, "{}")])
    assert len({signal["fingerprint"] for signal in found["console_error"]}) == 2


@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_every_consequence_has_the_fingerprint_of_a_cause_of_its_session(events: list[Row]) -> None:
    found = {signal["signal_id"]: signal for signal in signals_of(events).to_dicts()}
    places = {name: place for place, names in enumerate(IN_ORDER_OF_CAUSES) for name in names}

    def place(signal: Row) -> tuple[int, int]:
        line = signal["reason_codes"] == ["console_error.error_level"]
        # A part's path is longer than that of the whole.
        return places[signal["detector"] + (" of a line" if line else "")], len(signal["request"] or "")

    for signal in found.values():
        root = signal
        while root["cause"] is not None:
            cause = found[root["cause"]]
            assert place(cause) < place(root)
            root = cause
        assert signal["fingerprint"] == root["own_fingerprint"]
        assert (json.loads(signal["evidence"])["cause"] is None) == (signal["cause"] is None)
