"""What recorders say of requests: whether one failed, and when it was answered."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.intake.requests import PageClock, absolute_url, read_requests, read_span

ORIGIN = 1_795_446_801_750
Json = dict[str, Any]


def read(
    *requests: Json, reported: float = ORIGIN + 4_000, clock: PageClock | None = None, **payload: Any
) -> list[Json]:
    return read_requests({"requests": list(requests), **payload}, reported, clock or PageClock())


def call(start: float = 3_000, end: float = 3_100, **fields: Any) -> Json:
    return {"method": "POST", "initiatorType": "fetch", "name": "/api", "startTime": start, "endTime": end, **fields}


def measured(**fields: Any) -> Json:
    """An entry of the browser's resource timing."""
    return {"entryType": "resource", "name": "/a", "startTime": 10, "endTime": 20, **fields}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (call(status=503), 503),
        (call(responseStatus=503), 503),
        (call(status_code=404), 404),
        (call(status=500, responseStatus=0), 500),
        (call(), 0),
        (call(status=0), 0),
        (call(error="Failed to fetch"), 0),
        (call(status="500"), 0),
        (measured(initiatorType="img", responseStatus=0), None),
        (measured(initiatorType="script", status=0), None),
        (measured(initiatorType="fetch", responseStatus=0), None),
        (measured(initiatorType="script"), None),
        (measured(initiatorType="script", responseStatus=404), 404),
        (measured(status=True), None),
        (measured(status=99_999), None),
        ({"url": "/x", "error": "Failed to fetch"}, 0),
        ({"url": "/x", "method": "GET"}, None),
    ],
    ids=str,
)
def test_status_is_zero_only_for_a_call_without_an_answer(request_: Json, status: int | None) -> None:
    assert read(request_)[0]["status"] == status


def test_our_own_request_is_of_the_moment_it_is_reported() -> None:
    payload = {"kind": "fetch", "method": "get", "url": "https://a.test/x", "status": 200, "durationMs": 12.5}
    (request,) = read_requests(payload, ORIGIN, PageClock())
    assert (request["method"], request["status"], request["duration_ms"], request.get("shift_ms", 0)) == (
        "GET",
        200,
        12.5,
        0,
    )


def test_absolute_times_say_when_it_was_answered() -> None:
    (request,) = read(measured(startTime=361, endTime=379, timestamp=ORIGIN + 361, duration=18.6))
    assert request["shift_ms"] == ORIGIN + 379 - (ORIGIN + 4_000)


def test_relative_times_count_from_the_last_answer_of_a_report() -> None:
    first, second = read(measured(endTime=500), measured(endTime=2_500))
    assert (first["shift_ms"], second["shift_ms"]) == (-2_000, 0)


def test_page_load_is_known_better_from_each_report() -> None:
    clock = PageClock()
    read(measured(endTime=900), reported=ORIGIN + 1_000, clock=clock)
    read(measured(endTime=2_000), reported=ORIGIN + 2_000, clock=clock)
    late, last = read(call(end=2_500), call(end=3_000), reported=ORIGIN + 3_900, clock=clock)
    assert (late["shift_ms"], last["shift_ms"]) == (-1_400, -900)


@pytest.mark.parametrize("told", ["initial", "restart", "too late for the other page"])
def test_another_page_load_begins_a_clock_of_its_own(told: str) -> None:
    clock = PageClock()
    read(measured(endTime=1_000), reported=ORIGIN + 1_000, clock=clock)
    if told == "restart":
        clock.restart()
    reported = ORIGIN + (60_000 if told.startswith("too late") else 3_000)
    (request,) = read(measured(endTime=200), reported=reported, clock=clock, isInitial=told == "initial")
    assert request["shift_ms"] == 0


@pytest.mark.parametrize(
    "request_",
    [
        measured(timestamp=ORIGIN - 10_000_000, duration=5),
        measured(timestamp=ORIGIN + 10_000_000, duration=5),
        measured(endTime=ORIGIN + 10_000_000),
    ],
)
def test_clock_that_stood_still_is_not_believed(request_: Json) -> None:
    assert read(request_)[0]["shift_ms"] == 0


def test_navigation_takes_as_long_as_its_answer_not_as_its_page() -> None:
    assert read(measured(startTime=0, endTime=15, duration=363.9))[0]["duration_ms"] == 15


def test_sentrys_span_is_a_request_answered_at_its_end() -> None:
    span = {
        "op": "resource.fetch",
        "description": "/api/cart",
        "startTimestamp": 1_795_446_831.5,
        "endTimestamp": 1_795_446_831.75,
        "data": {"method": "POST", "statusCode": 500},
    }
    (request,) = read_span(span) or []
    assert (request["method"], request["request_url"], request["status"]) == ("POST", "/api/cart", 500)
    assert (request["duration_ms"], request["shift_ms"]) == (250, 250)


@pytest.mark.parametrize(
    ("operation", "status"),
    [("resource.fetch", 0), ("resource.xhr", 0), ("resource.img", None), ("resource.link", None)],
)
def test_sentrys_span_without_status_is_a_failure_only_of_a_call(operation: str, status: int | None) -> None:
    assert (read_span({"op": operation, "data": {"statusCode": 0}}) or [])[0]["status"] == status


@pytest.mark.parametrize("operation", ["paint", "memory", "navigation.push", None])
def test_span_about_something_else_is_no_request(operation: str | None) -> None:
    assert read_span({"op": operation}) is None


@pytest.mark.parametrize(
    ("url", "page", "absolute"),
    [
        ("/api?x=1", "https://a.test/cart/7", "https://a.test/api?x=1"),
        ("https://b.test/", "https://a.test/", "https://b.test/"),
        ("/api", None, "/api"),
        (None, "https://a.test/", None),
        ("/api", "https://[", "/api"),
    ],
)
def test_url_gets_the_origin_of_its_page(url: str | None, page: str | None, absolute: str | None) -> None:
    assert absolute_url(url, page) == absolute


SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
)
NAMES = ["method", "name", "url", "status", "responseStatus", "startTime", "endTime", "duration", "timestamp", "error"]
REQUESTS = st.lists(SCALARS | st.dictionaries(st.sampled_from(NAMES), SCALARS), max_size=4)


@given(requests=REQUESTS | SCALARS, reported=st.floats(0, 4e12), initial=SCALARS)
def test_no_payload_raises_and_no_answer_is_far_from_its_report(requests: Any, reported: float, initial: Any) -> None:
    for request in read_requests({"requests": requests, "isInitial": initial}, reported, PageClock()):
        assert abs(request.get("shift_ms", 0)) <= 60_000


@given(st.dictionaries(st.sampled_from(["op", "data", "startTimestamp", "endTimestamp", "description"]), SCALARS))
def test_no_span_raises(span: Json) -> None:
    for request in read_span({"op": "resource.xhr", **span}) or []:
        assert abs(request["shift_ms"]) <= 60_000
