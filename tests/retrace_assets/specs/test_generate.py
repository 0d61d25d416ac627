"""A recording and a finding in it become a test."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrace_assets.specs.generate import generate
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.spec_file import check_spec, write_spec
from retrace_core.spec_steps import AtPath, Click, Fill, Locator, Navigate, Select, Visible
from tests.recorded_pages import add, element, text
from tests.retrace_assets.specs.recordings import ORIGIN, Json, Visit, clicks_of, names, recording, signal

FIELD = element(10, "input", {"type": "text", "aria-label": "Search"})
BUTTON = element(11, "button", None, text(12, "Go"))


def made(*visits: Visit, detector: str = "console_error", **more: object) -> Spec:
    """The test of a finding at the end of the last visit."""
    found = signal(visits[-1], detector, **more)
    spec = generate(recording(*visits), found, [found])
    check_spec(spec)
    return spec


def refusal(*visits: Visit, **more: object) -> str:
    with pytest.raises(RetraceError) as refused:
        made(*visits, **more)  # type: ignore[arg-type]
    assert refused.value.code is ErrorCode.NOT_TESTABLE
    assert refused.value.hint
    return refused.value.detail


def test_click_that_throws() -> None:
    visit = Visit(f"{ORIGIN}/products/1001").opens(BUTTON)
    click = visit.clicks(11)

    spec = made(visit, detector="error_click")

    assert spec.exact_steps == (
        Navigate(id="open-1", url="/products/1001", source=spec.exact_steps[0].source),
        Click(
            id="click-2",
            locator=Locator("role", "button", name="Go"),
            fallbacks=spec.exact_steps[1].fallbacks,
            source=click,
        ),  # type: ignore[union-attr]
    )
    assert [(each.id, each.after) for each in spec.assertions] == [("no-error", "click-2")]
    assert (spec.app_url, spec.start.viewport) == (ORIGIN, (1280, 720))
    assert (spec.source.session_id, spec.source.signal_id, spec.source.recorded_steps) == ("session-1", "sig_1", 2)


def test_same_recording_makes_the_same_file() -> None:
    visit = Visit().opens(FIELD, BUTTON)
    visit.types(10, "rope")
    visit.clicks(11)

    assert write_spec(made(visit)) == write_spec(made(visit))


def test_app_runs_where_it_was_recorded_only_on_ones_own_machine() -> None:
    visit = Visit("https://shop.example.com/").opens(BUTTON)
    visit.clicks(11)

    assert made(visit).app_url == "http://127.0.0.1:3000"
    assert made(visit).exact_steps[0] == Navigate(id="open-1", url="/", source=made(visit).exact_steps[0].source)


def test_masked_entry_becomes_an_input() -> None:
    visit = Visit().opens(element(10, "input", {"type": "email", "name": "mail", "aria-label": "E-mail"}), BUTTON)
    visit.types(10, "*" * 12)
    visit.clicks(11)

    spec = made(visit)

    assert [step.text for step in spec.exact_steps if isinstance(step, Fill)] == ["{{ mail }}"]
    assert (spec.inputs["mail"].kind, spec.inputs["mail"].env) == ("email", "RETRACE_TESTER_MAIL")


@pytest.mark.parametrize(("matches", "expected"), [(1, Locator("role", "textbox", name="Body")), (2, None)])
def test_masked_label_that_our_recorder_tells_names_the_field(matches: int, expected: Locator | None) -> None:
    visit = Visit().opens(element(10, "textarea", {"aria-label": "****"}), element(13, "textarea", {}), BUTTON)
    visit.clicks(10)
    visit.tells("click", nodeId=10, target={"ariaLabel": "Body", "matchCount": matches})
    visit.enters(10, "*****")
    visit.clicks(11)

    fill = made(visit).exact_steps[1]

    assert isinstance(fill, Fill)
    assert fill.locator == expected or (expected is None and fill.locator.name == "")


@pytest.mark.parametrize(("kind", "is_named"), [("password", True), ("text", False)])
def test_name_as_long_as_a_masked_entry_is_used_only_if_no_page_would_show_the_entry(
    kind: str, *, is_named: bool
) -> None:
    visit = Visit().opens(element(10, "input", {"type": kind, "aria-label": "Search"}), element(13, "p", {}))
    visit.clicks(10)
    visit.enters(10, "********")
    visit.changes(
        adds=[add(13, element(11, "button", None, text(12, "Settings")))], removes=[], texts=[], attributes=[]
    )
    visit.clicks(11)

    click = made(visit).exact_steps[-1]

    assert isinstance(click, Click)
    assert (click.locator.name == "Settings") is is_named


def test_two_fields_of_one_name_have_two_inputs() -> None:
    fields = [
        element(node, "input", {"type": "text", "name": "line", "aria-label": name})
        for node, name in ((10, "First"), (20, "Second"))
    ]
    visit = Visit().opens(*fields, BUTTON)
    visit.types(10, "****")
    visit.types(20, "*******")
    visit.clicks(11)

    spec = made(visit)

    texts = [step.text for step in spec.exact_steps if isinstance(step, Fill)]
    assert len(set(texts)) == len(texts) == 2 == len(spec.inputs)


def test_option_whose_label_is_masked_is_chosen_by_its_place() -> None:
    options = [
        element(31 + 2 * place, "option", {"value": f"v{place}"}, text(32 + 2 * place, "****")) for place in range(3)
    ]
    visit = Visit().opens(element(30, "select", {"aria-label": "Delivery"}, *options), BUTTON)
    visit.clicks(30)
    visit.enters(30, "v2")
    visit.clicks(11)

    assert [step.indexes for step in made(visit).exact_steps if isinstance(step, Select)] == [(2,)]


def test_address_an_act_led_to_is_waited_for() -> None:
    link = element(15, "button", None, text(16, "To the cart"))
    visit = Visit().opens(link)
    visit.clicks(15)
    visit.tells("nav", kind="push", to=f"{ORIGIN}/cart")
    visit.changes(adds=[add(2, BUTTON)])
    visit.clicks(11)

    assert made(visit).exact_steps[-1].before == (AtPath("/cart"),)


def test_page_that_is_opened_after_an_entry_waits_for_what_the_entry_brought() -> None:
    first = Visit().opens(BUTTON)
    first.clicks(11)
    first.changes(adds=[add(2, element(20, "button", None, text(21, "Saved items")))])
    second = Visit(f"{ORIGIN}/next", "w2", first.at_ms + 30_000).opens(BUTTON)
    second.clicks(11)

    conditions = [step.before for step in made(first, second).exact_steps if isinstance(step, Navigate)]

    assert conditions == [(), (Visible(Locator("role", "button", name="Saved items")),)]


def test_click_that_could_be_on_any_page_waits_for_what_this_one_has() -> None:
    """Else a run that went astray would click something, see nothing fail, and call it green."""
    first = Visit().opens(element(15, "button", None, text(16, "Open")))
    first.clicks(15)
    bare = [element(node, "div", {"class": "card"}) for node in (40, 41, 42)]
    first.changes(
        removes=[{"parentId": 2, "id": 15}],
        adds=[add(2, each) for each in (*bare, element(20, "button", None, text(21, "Follow")))],
    )
    first.clicks(41)

    last = made(first).exact_steps[-1]

    assert isinstance(last, Click)
    assert last.locator.by == "css"
    assert Visible(Locator("role", "button", name="Follow")) in last.before


def test_first_landmark_tells_who_is_logged_in() -> None:
    out = element(20, "button", None, text(21, "Log out"))
    visit = Visit().opens(element(22, "a", {"href": "/"}, text(23, "Home")), out, BUTTON)
    visit.clicks(11)

    assert made(visit).start.landmark == Locator("role", "button", name="Log out")


@pytest.mark.parametrize(
    ("states", "account"),
    [
        ([{"loggedIn": True, "roleRef": "member without orders"}], "member without orders"),
        ([{}, {"loggedIn": True, "roleRef": "admin"}], "admin"),
        ([{"roleRef": "admin"}, {"loggedIn": False}], ""),
        ([{"roleRef": "ada@north.example"}], ""),
        ([{"roleRef": {"a": 1}}], ""),
        ([], ""),
    ],
)
def test_test_begins_with_the_account_the_app_told_of(states: list[Json], account: str) -> None:
    visit = Visit().opens(BUTTON)
    for state in states:
        visit.tells("state", **state)
    visit.clicks(11)

    assert made(visit).start.account == account


def test_test_that_logs_in_begins_with_nobody() -> None:
    visit = Visit().opens(element(10, "input", {"type": "password", "aria-label": "Password"}), BUTTON)
    visit.types(10, "****")
    visit.tells("state", loggedIn=True, roleRef="admin")
    visit.clicks(11)

    assert made(visit).start.account == ""


def test_dead_click_is_judged_by_the_first_of_the_angry_clicks() -> None:
    visit = Visit().opens(BUTTON)
    ids = [visit.clicks(11, 200) for _ in range(4)]

    spec = made(visit, detector="dead_click", evidence=clicks_of(*ids))

    assert names(spec.exact_steps) == ["navigate", "click"]
    assert spec.exact_steps[-1].source == ids[0]


def test_acts_of_another_tab_are_not_steps() -> None:
    """Of three tabs, what was done in the two that stayed open beside the failing one is theirs."""
    first = Visit().opens(BUTTON)
    other = Visit(f"{ORIGIN}/other", "w2", first.at_ms + 1_000).opens(element(30, "button", None, text(31, "Other")))
    third = Visit(f"{ORIGIN}/third", "w3", first.at_ms + 2_000).opens(BUTTON)
    for _ in range(3):
        other.clicks(30, 4_000)
        first.clicks(11, 4_500)
    third.clicks(11, 20_000)

    spec = made(first, other, third)

    assert [step.url for step in spec.exact_steps if isinstance(step, Navigate)] == ["/third"]
    assert names(spec.exact_steps) == ["navigate", "click"]


def test_of_three_tabs_the_one_that_failed_is_tested() -> None:
    first = Visit(window_id="t1").opens(BUTTON)
    first.clicks(11)
    second = Visit(f"{ORIGIN}/second", "t2", at_ms=first.at_ms + 1_000).opens(BUTTON)
    second.clicks(11)
    third = Visit(f"{ORIGIN}/third", "t3", at_ms=second.at_ms + 1_000).opens(FIELD)
    third.types(10, "rope")
    for tab in (first, second, third):
        # Back and forth, until all three were looked at after the last was opened.
        tab.at_ms = third.at_ms + 10_000
        tab.clicks(10 if tab is third else 11)

    spec = made(first, second, third)

    assert isinstance(spec.exact_steps[0], Navigate)
    assert spec.exact_steps[0].url == "/third"
    assert names(spec.exact_steps) == ["navigate", "fill", "click"]


def test_recording_without_a_picture_says_so() -> None:
    visit = Visit()
    visit.say({"type": 4, "data": {"href": visit.url, "width": 1, "height": 1}})
    visit.clicks(11)

    assert "no picture" in refusal(visit)


def test_click_in_an_element_that_is_gone_says_so() -> None:
    visit = Visit().opens(BUTTON)
    visit.changes(removes=[{"parentId": 2, "id": 11}])
    click = visit.clicks(11)

    assert "not in the recorded page" in refusal(visit, detector="dead_click", evidence=clicks_of(click))


def test_click_on_a_canvas_says_so() -> None:
    visit = Visit().opens(element(10, "canvas", None))
    visit.clicks(10)

    assert "canvas" in refusal(visit, detector="error_click")


def test_click_that_was_not_recorded_says_so() -> None:
    assert "was not recorded" in refusal(Visit().opens(BUTTON), detector="dead_click", evidence=clicks_of("evt-x"))


def test_window_nobody_has_says_so() -> None:
    visit = Visit().opens(BUTTON)

    assert refusal(visit, window_id="w9")


@settings(max_examples=60)
@given(
    secret=st.sampled_from(
        [
            "ada@north.example",
            "4111 1111 1111 1111",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        ]
    ),
    place=st.sampled_from(["button", "label", "placeholder", "typed", "query", "message"]),
)
def test_nothing_personal_gets_into_a_test(secret: str, place: str) -> None:
    attributes: Json = {"type": "text", "aria-label": secret if place == "label" else "Search"}
    if place == "placeholder":
        attributes = {"type": "text", "placeholder": secret}
    button = element(11, "button", None, text(12, f"Go {secret}" if place == "button" else "Go"))
    url = f"{ORIGIN}/?mail={secret}" if place == "query" else f"{ORIGIN}/"
    visit = Visit(url).opens(element(10, "input", attributes), button)
    visit.types(10, secret if place == "typed" else "rope")
    visit.clicks(11)

    written = write_spec(made(visit, message=f"boom {secret}" if place == "message" else "boom")).decode()

    assert secret not in written


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.fixed_dictionaries(
                {
                    "type": st.just(3),
                    "data": st.dictionaries(
                        st.sampled_from(["source", "type", "id", "text", "adds"]),
                        st.one_of(st.integers(0, 12), st.text(max_size=5), st.none(), st.lists(st.none(), max_size=2)),
                    ),
                }
            ),
            st.fixed_dictionaries(
                {
                    "type": st.integers(0, 8),
                    "data": st.one_of(
                        st.none(), st.text(max_size=4), st.dictionaries(st.text(max_size=4), st.integers())
                    ),
                }
            ),
        ),
        max_size=8,
    )
)
def test_hostile_events_make_a_test_or_a_reason(events: list[Json]) -> None:
    visit = Visit().opens(FIELD, BUTTON)
    for event in events:
        visit.say(event)
    visit.clicks(11)
    with suppress(RetraceError):
        assert msgspec.json.decode(write_spec(made(visit)))["exact_steps"]
