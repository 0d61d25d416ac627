"""Steps name what a person did, and nothing a person did not do."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.issues.steps import EVENT_KINDS, STEPS_KEPT, typed_steps
from tests.retrace_assets.signals.recordings import PAGE, START, click, events_frame

Row = dict[str, Any]
CART = "https://shop.example/cart"
FIELD = {"node_id": 9, "target_tag": "input", "target_role": "textbox"}


def steps(events: list[Row], until: int = 60_000) -> list[Row]:
    """The steps of a window whose signal comes `until` milliseconds into it."""
    rows = events_frame(events).to_dicts()
    at = START + timedelta(milliseconds=until)
    signal = {"occurred_at": at, "url": PAGE, "expected": "it works", "detector": "rage_click", "target": "css=#pay"}
    return typed_steps(rows, signal)


def said(events: list[Row], until: int = 60_000) -> list[str]:
    """What the steps between the first and the last say."""
    return [step["description"] for step in steps(events, until)[1:-1]]


def meta(at: int, url: str = PAGE) -> Row:
    return {"at": at, "kind": "meta", "url": url}


def typing(at: int, **more: Any) -> Row:
    return {"at": at, "kind": "input", "node_id": 9, **more}


def test_steps_open_the_page_act_and_assert() -> None:
    found = steps([meta(0), click(500, target_test_id="pay")], until=900)
    assert [step["index"] for step in found] == [1, 2, 3]
    assert [step["action"] for step in found] == ["navigate", "click", "assert"]
    assert found[0]["url"] == PAGE
    assert found[1]["target"] == {"role": "button", "name": "Pay now", "test_id": "pay", "tag": "button"}
    assert found[1]["description"] == "Click button “Pay now”"
    assert found[2]["description"] == "it works"
    assert found[2]["target"] == {"detector": "rage_click", "target": "css=#pay"}
    assert found[2]["timestamp_ms"] - found[0]["timestamp_ms"] == 900


def test_click_into_a_field_and_its_keystrokes_are_one_step() -> None:
    events = [meta(0), click(500, "Email", **FIELD), typing(600), typing(650), typing(700), click(900)]
    assert said(events) == ["Enter text into textbox “Email”", "Click button “Pay now”"]
    assert steps(events)[1]["value"] is None


def test_repeated_clicks_on_a_control_are_one_step() -> None:
    assert said([meta(0), click(500), click(600), click(700)]) == ["Click button “Pay now”"]


def test_clicks_on_a_control_with_another_in_between_are_steps_of_their_own() -> None:
    events = [meta(0), click(500, "Add", node_id=1), click(900, "Cart", node_id=2), click(1_500, "Add", node_id=1)]
    assert said(events) == ["Click button “Add”", "Click button “Cart”", "Click button “Add”"]


def test_page_that_follows_a_click_is_no_step_and_one_that_does_not_is() -> None:
    followed = [meta(0, CART), click(500, "Checkout", url=CART), meta(900)]
    assert said(followed) == ["Click button “Checkout”"]
    later = [meta(0, CART), click(500, "Checkout", url=CART), meta(3_600)]
    assert said(later) == ["Click button “Checkout”", f"Open {PAGE}"]


def test_click_on_what_is_not_interactive_is_no_step_unless_the_signal_is_about_it() -> None:
    plain = click(500, "Some text", target_interactive=False, target_role=None, target_tag="p")
    assert said([meta(0), plain]) == []
    assert said([meta(0), plain], until=500) == ["Click p “Some text”"]


def test_control_without_a_name_is_named_by_what_is_known() -> None:
    bare = {"target_role": None, "target_tag": "div"}
    events = [
        meta(0),
        click(100, "", node_id=1, target_test_id="open", **bare),
        click(200, "", node_id=2, target_css="#menu", **bare),
        click(300, "", node_id=3, **bare),
        typing(400, node_id=4),
    ]
    assert said(events) == ["Click div [open]", "Click div [#menu]", "Click div", "Enter text into the field"]


def test_name_of_a_field_is_forgotten_when_its_page_is_taken_anew() -> None:
    events = [meta(0), click(500, "Email", **FIELD), {"at": 700, "kind": "full_snapshot"}, typing(800)]
    assert said(events) == ["Click textbox “Email”", "Enter text into the field"]


def test_long_walk_keeps_its_start_and_its_end() -> None:
    events = [meta(0), *(click(100 * number, f"B{number}", node_id=number) for number in range(1, 60))]
    found = steps(events)
    assert len(found) == STEPS_KEPT
    assert found[0]["action"] == "navigate"
    assert found[-2]["description"] == "Click button “B59”"


def test_signal_without_any_event_still_says_where_and_what() -> None:
    assert [step["description"] for step in steps([])] == [f"Open {PAGE}", "it works"]


KINDS = st.sampled_from(EVENT_KINDS)
TEXT = st.sampled_from([None, "", "x"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "at": st.integers(0, 9_000),
                "kind": KINDS,
                "url": TEXT,
                "node_id": st.sampled_from([None, 1, 2]),
                "target_role": TEXT,
                "target_name": TEXT,
                "target_tag": TEXT,
                "target_interactive": st.sampled_from([None, True, False]),
            }
        ),
        max_size=40,
    )
)
def test_steps_are_few_and_numbered_whatever_the_events(events: list[Row]) -> None:
    found = steps(sorted(events, key=lambda event: int(event["at"])))
    assert 2 <= len(found) <= STEPS_KEPT
    assert [step["index"] for step in found] == list(range(1, len(found) + 1))
    assert found[0]["action"] == "navigate"
    assert [step["action"] for step in found].count("assert") == 1
