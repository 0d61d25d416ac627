"""A failed request made into an API test, with nobody's data in it."""

from datetime import datetime
from typing import Any

import pytest

from retrace_assets.specs.api import api_spec_of
from retrace_core.api_spec import ApiSpec
from retrace_core.api_spec_file import read_api_spec, write_api_spec
from retrace_core.errors import ErrorCode, RetraceError


def signal(method: str = "GET", url: str = "http://127.0.0.1:8790/api/orders", **more: Any) -> dict[str, Any]:
    return {
        "signal_id": "sig_1",
        "session_id": "s-1",
        "detector": "network_5xx",
        "method": method,
        "status": 500,
        "url": "http://127.0.0.1:8790/cart",
        "occurred_at": datetime(2026, 1, 2, 3, 4, 5),
        "evidence": {"request": {"method": method, "url": url, "status": 500}},
        **more,
    }


def made(*given: Any, **more: Any) -> ApiSpec:
    spec = api_spec_of(signal(*given, **more), "inc-1-api")
    assert read_api_spec(write_api_spec(spec)) == spec
    return spec


def test_the_same_request_must_be_answered_below_400() -> None:
    (step,) = made("GET", "http://127.0.0.1:8790/api/orders?page=2&sort=new").steps
    assert (step.method, step.url, step.query) == ("GET", "/api/orders", {"page": "2", "sort": "new"})
    assert (step.expected_status, step.failed_with) == ("ok", 500)


def test_what_was_sent_is_asked_for() -> None:
    spec = made("POST")
    assert spec.steps[0].body == "{{ body }}"
    assert spec.inputs["body"].env == "RETRACE_TESTER_BODY"
    assert "RETRACE_TESTER_BODY" in spec.source.notes[0]


def test_data_of_a_person_is_asked_for_instead_of_kept() -> None:
    spec = made("GET", "http://127.0.0.1:8790/api/users/ada%40north.example/orders?mail=ada@north.example&page=1")
    assert spec.steps[0].url == "/api/users/{{ part_1 }}/orders"
    assert spec.steps[0].query == {"page": "1"}
    assert "north" not in write_api_spec(spec).decode()


@pytest.mark.parametrize(
    "found",
    [
        signal(detector="dead_click"),
        signal(evidence={}),
        signal("GET", "https://api.other.example/x"),
        signal("CONNECT"),
    ],
)
def test_what_is_no_request_to_the_app_gives_none(found: dict[str, Any]) -> None:
    with pytest.raises(RetraceError) as refused:
        api_spec_of(found, "x")
    assert refused.value.code is ErrorCode.NOT_TESTABLE
