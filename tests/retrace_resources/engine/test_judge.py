"""Each assertion is red when it fails, green when it holds, and silent when nothing can be said."""

import pytest

from tests.retrace_resources.engine.conftest import Json, Run, button

pytestmark = pytest.mark.slow

POSTED: Json = {"type": "request_succeeds", "method": "POST", "path": "/api/:id", "after": "step-1"}
FETCHED: Json = {**POSTED, "method": "GET"}
NO_ERROR: Json = {"type": "no_error", "after": "step-1"}
EFFECT: Json = {"type": "has_effect", "after": "step-1"}
NO_MESSAGE: Json = {"type": "message_absent", "after": "step-1", "template": "Could not save order <n>"}

RED, GREEN = "reproduced", "not_reproduced"
CASES = [
    ("asks", "Fail", POSTED, RED),
    ("asks", "Work", POSTED, GREEN),
    ("asks", "Wait", {**FETCHED, "max_ms": 500}, RED),
    ("asks", "Wait", {**FETCHED, "max_ms": 5_000}, GREEN),
    ("errors", "Throw", NO_ERROR, RED),
    ("errors", "Late", NO_ERROR, RED),
    ("errors", "Reject", {**NO_ERROR, "template": "Error: order <n> is gone"}, RED),
    ("errors", "Say", {**NO_ERROR, "template": "cannot read order <n>"}, RED),
    ("errors", "Other", {**NO_ERROR, "template": "cannot read order <n>"}, GREEN),
    ("errors", "Quiet", NO_ERROR, GREEN),
    ("effects", "Dead", EFFECT, RED),
    ("effects", "Flash", EFFECT, RED),
    ("effects", "Fails", EFFECT, RED),
    ("effects", "Text", EFFECT, GREEN),
    ("effects", "Late", EFFECT, GREEN),
    ("effects", "Route", EFFECT, GREEN),
    ("effects", "Opens", EFFECT, GREEN),
    ("effects", "Alerts", EFFECT, GREEN),
    ("effects", "Scrolls", EFFECT, GREEN),
    ("effects", "Posts", EFFECT, GREEN),
    ("messages", "Save", NO_MESSAGE, RED),
    ("messages", "Works", NO_MESSAGE, GREEN),
]


@pytest.mark.parametrize(
    ("page", "name", "asserted", "verdict"), CASES, ids=[f"{case[0]}-{case[1]}-{case[3]}" for case in CASES]
)
def test_click_is_judged(page: str, name: str, asserted: Json, verdict: str, run: Run) -> None:
    found = run(page, button(name), asserts=asserted)

    assert (found.verdict, found.reason) == (verdict, None)
    assert found.failure_class == ("app_bug" if verdict == RED else "")


def test_request_that_was_not_sent_says_nothing(run: Run) -> None:
    found = run("asks", button("Nothing"), asserts=POSTED)

    assert (found.verdict, found.reason) == ("inconclusive", "not_observed")


def test_what_an_earlier_click_brings_late_is_no_effect_of_this_one(run: Run) -> None:
    found = run("echoes", button("Save"), button("Dead"), asserts={**EFFECT, "after": "step-2"})

    assert found.verdict == RED


def test_click_that_leads_to_a_login_says_nothing_of_its_effect(run: Run) -> None:
    found = run("effects", button("Login"), asserts=EFFECT)

    assert (found.verdict, found.reason) == ("inconclusive", "not_observed")


@pytest.mark.parametrize(("page", "verdict"), [("blank", RED), ("plain", GREEN), ("canvas", GREEN)])
def test_page_shows_content(page: str, verdict: str, run: Run) -> None:
    asserted = {"type": "page_shows_content", "path": f"/pages/{page}"}

    assert run(page, asserts=asserted).verdict == verdict


def test_blank_page_is_red_though_nothing_of_its_start_is_there(run: Run) -> None:
    landmark = {"landmark": {"by": "role", "value": "heading", "name": "Page"}}

    found = run(
        "blank",
        asserts={"type": "page_shows_content", "path": "/pages/blank"},
        start=landmark,
        options={"first_page_ms": 1_500},
    )

    assert found.verdict == RED


def test_failed_request_is_red_though_a_later_step_breaks(run: Run) -> None:
    found = run("asks", button("Fail"), button("Not there"), asserts=POSTED)

    assert found.verdict == RED


def test_error_before_the_step_in_question_is_another(run: Run) -> None:
    found = run("errors", button("Throw"), button("Quiet"), asserts={**NO_ERROR, "after": "step-2"})

    assert found.verdict == GREEN


def test_one_red_assertion_is_enough(run: Run) -> None:
    found = run("asks", button("Fail"), asserts=[{"type": "url_contains", "expected": "/pages/asks"}, POSTED])

    assert found.verdict == RED
    assert [each.ok for each in found.assertions] == [True, False]


@pytest.mark.parametrize(
    ("asserted", "verdict"),
    [
        ({"type": "status_code", "expected": 200}, GREEN),
        ({"type": "status_code", "expected": 404}, RED),
        ({"type": "text_contains", "expected": "Words"}, GREEN),
        ({"type": "text_contains", "expected": "Other"}, RED),
        ({"type": "text_matches", "expected": "W.rds"}, GREEN),
        ({"type": "url_contains", "expected": "nowhere"}, RED),
        ({"type": "selector_visible", "selector": "p"}, GREEN),
        ({"type": "selector_text", "selector": "p", "expected": "Words"}, GREEN),
        ({"type": "selector_count", "selector": "p", "expected": 2}, RED),
        ({"type": "selector_count", "selector": "p", "expected": 1}, GREEN),
    ],
)
def test_what_people_write_by_hand_is_judged(asserted: Json, verdict: str, run: Run) -> None:
    assert run("plain", asserts=asserted, options={"step_ms": 400}).verdict == verdict
