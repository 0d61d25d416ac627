"""The observed failure is turned round, in one form a detector."""

import pytest

from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.specs.assertions import assertion_of, meant
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec_assertions import HasEffect, MessageAbsent, NoError, PageShowsContent, RequestSucceeds
from tests.retrace_assets.specs.recordings import ORIGIN, Json, Visit, signal

REQUEST = {"request": {"method": "post", "url": f"{ORIGIN}/api/orders/8812?token=x#a"}}
FORMS = {
    "network_4xx": RequestSucceeds,
    "network_5xx": RequestSucceeds,
    "failed_chunk": RequestSucceeds,
    "slow_request": RequestSucceeds,
    "console_error": NoError,
    "error_click": NoError,
    "dead_click": HasEffect,
    "rage_click": HasEffect,
    "error_toast": MessageAbsent,
    "blank_render": PageShowsContent,
}
WITHOUT_ONE = {"session_abandon_on_error", "thrashed_cursor"}


def row(detector: str, **more: object) -> Json:
    return signal(Visit().opens(), detector, **more)


def test_every_detector_has_a_form_or_is_known_to_have_none() -> None:
    assert set(FORMS) | WITHOUT_ONE == set(DETECTORS)


@pytest.mark.parametrize(("detector", "form"), FORMS.items())
def test_detector_has_its_form(detector: str, form: type) -> None:
    found = assertion_of(row(detector, evidence=REQUEST), ORIGIN, "click-2")

    assert type(found) is form
    assert (found.after, found.signal) == ("click-2", "sig_1")


@pytest.mark.parametrize("detector", sorted(WITHOUT_ONE))
def test_what_no_test_can_see_says_so(detector: str) -> None:
    with pytest.raises(RetraceError) as refusal:
        assertion_of(row(detector), ORIGIN, "click-2")

    assert refusal.value.code is ErrorCode.NOT_TESTABLE


def test_request_is_named_by_its_route_without_query() -> None:
    found = assertion_of(row("network_5xx", evidence=REQUEST), ORIGIN, "click-2")

    assert found == RequestSucceeds(
        id="request-succeeds", after="click-2", signal="sig_1", method="POST", path="/api/orders/:id"
    )


def test_request_to_another_host_names_it() -> None:
    evidence = {"request": {"method": "GET", "url": "https://api.example.com/v1/tags"}}

    found = assertion_of(row("network_5xx", evidence=evidence), ORIGIN, "click-2")

    assert isinstance(found, RequestSucceeds)
    assert (found.host, found.path) == ("api.example.com", "/v1/tags")


def test_only_slow_requests_have_a_limit() -> None:
    limits = {
        detector: getattr(assertion_of(row(detector, evidence=REQUEST), ORIGIN, ""), "max_ms", None)
        for detector in FORMS
    }

    assert {detector for detector, limit in limits.items() if limit} == {"slow_request"}


def test_thrown_object_is_any_error_for_browsers_word_it_each_in_their_way() -> None:
    found = assertion_of(row("console_error", template='{"code":1}'), ORIGIN, "")

    assert isinstance(found, NoError)
    assert found.template == ""


def test_consequence_is_tested_by_its_cause() -> None:
    cause = row("network_5xx", signal_id="sig_0", fingerprint="f0")
    consequence = row("session_abandon_on_error", cause="sig_0")

    assert meant(consequence, [cause, consequence]) is cause


def test_causes_in_a_circle_come_to_an_end() -> None:
    one, other = row("console_error", signal_id="a", cause="b"), row("error_toast", signal_id="b", cause="a")

    assert meant(one, [one, other])["signal_id"] in ("a", "b")


def test_surest_finding_of_one_bug_is_tested() -> None:
    dead, error = row("dead_click", signal_id="a"), row("error_click", signal_id="b")

    assert meant(dead, [dead, error]) is error
