"""Each step is done as a person does it."""

import pytest

from retrace_core.spec_file import spec_from
from tests.retrace_resources.engine.conftest import Json, Run, button, on, said

pytestmark = pytest.mark.slow

DRAG = on("drag", "test_id", "drag", to={"by": "test_id", "value": "drop"})
DONE: dict[str, tuple[Json, str]] = {
    "click": (button("Click me"), "clicked"),
    "clicks": (button("Click me", count=3), "clicked clicked clicked"),
    "double click": (button("Double me", double=True), "doubled"),
    "right click": (button("Right me", button="right"), "context"),
    "fill": (on("fill", "label", "Name", text="rope"), "typed:rope"),
    "fill key by key": (on("fill", "label", "Keys", text="abc", keys=True), "key key key"),
    "select by label": (on("select", "role", "combobox", labels=["Green"]), "chose:g"),
    "select by place": (on("select", "role", "combobox", indexes=[1]), "chose:g"),
    "check": (on("check", "role", "checkbox"), "agreed:true"),
    "press": (on("press", "label", "Search", key="Enter"), "sent"),
    "hover": (on("hover", "test_id", "hover"), "hovered"),
    "upload": (on("upload", "label", "Photo", files=[".png"]), "file:png:true"),
    "drag": (DRAG, "dropped"),
    "click far below": (button("Deep"), "deep"),
}


@pytest.mark.parametrize("name", DONE)
def test_step_is_done(name: str, run: Run) -> None:
    step, expected = DONE[name]

    found = run("acts", step, asserts=said(expected))

    assert (found.verdict, found.detail) == ("not_reproduced", "")
    assert [(each.step_id, each.ok) for each in found.steps] == [("open", True), ("step-1", True)]


def test_box_that_is_on_already_is_left_alone(run: Run) -> None:
    twice = [on("check", "role", "checkbox")] * 2

    found = run(
        "acts",
        *twice,
        asserts=[said("agreed:true"), {"type": "text_matches", "expected": "^(?![\\s\\S]*agreed:false)"}],
    )

    assert found.verdict == "not_reproduced"


def test_styled_box_whose_input_cannot_be_clicked_is_brought_to_its_state(run: Run) -> None:
    assert run("styled-box", on("check", "role", "checkbox"), asserts=said("on:true")).verdict == "not_reproduced"


def test_field_that_writes_back_what_it_made_of_a_key_takes_the_whole_text(run: Run) -> None:
    assert (
        run("controlled", on("fill", "label", "Code", text="ab1cd", keys=True), asserts=said("ABCD")).verdict
        == "not_reproduced"
    )


def test_step_waits_for_what_the_one_before_has_sent(run: Run) -> None:
    assert run("takes", button("Take"), button("Pay"), asserts=said("paid")).verdict == "not_reproduced"


def test_what_is_never_answered_is_not_waited_for_again(run: Run) -> None:
    found = run("takes", button("Hang"), button("Pay"), button("Pay"), asserts=said("empty empty"))

    assert found.verdict == "not_reproduced"
    assert [step.duration_ms > 3_000 for step in found.steps] == [False, False, True, False]


@pytest.mark.parametrize(("accept", "expected"), [(True, "yes"), (False, "no")])
def test_dialog_is_answered_as_the_step_says(accept: bool, expected: str, run: Run) -> None:
    steps = [{"action": "dialog", "accept": accept}, button("Ask")]

    assert run("dialogs", *steps, asserts=said(expected)).verdict == "not_reproduced"


def test_dialog_nobody_expects_does_not_stop_the_run(run: Run) -> None:
    assert run("dialogs", button("Ask"), asserts=said("no")).verdict == "not_reproduced"


def test_page_that_asks_before_it_is_left_is_left(run: Run) -> None:
    steps = [on("fill", "label", "Note", text="x"), {"action": "navigate", "url": "/pages/plain"}]

    assert run("leaves", *steps, asserts=said("Words")).verdict == "not_reproduced"


def test_back_forward_and_reload(run: Run) -> None:
    moves = [{"action": "navigate", "url": "/", "kind": kind} for kind in ("back", "forward", "reload")]
    steps = [{"action": "navigate", "url": "/pages/acts"}, *moves]

    assert run("plain", *steps, asserts={"type": "url_contains", "expected": "/pages/acts"}).verdict == "not_reproduced"


def test_element_in_a_frame_is_found(run: Run) -> None:
    step = {
        "action": "click",
        "locator": {"by": "role", "value": "button", "name": "Pay", "frames": ['iframe[title="Card"]']},
    }
    paid = {"type": "selector_visible", "locator": {"by": "text", "value": "Paid", "frames": ['iframe[title="Card"]']}}

    assert run("frame", step, asserts=paid).verdict == "not_reproduced"


def test_element_in_a_shadow_tree_is_found(run: Run) -> None:
    paid = {"type": "selector_visible", "locator": {"by": "role", "value": "button", "name": "Paid"}}

    assert run("shadow", button("Pay"), asserts=paid).verdict == "not_reproduced"


def test_control_that_is_drawn_anew_all_the_time_is_clicked(run: Run) -> None:
    assert run("remounts", button("Pay"), options={"step_ms": 5_000}).verdict == "not_reproduced"


def test_row_of_a_virtual_list_that_is_shown_is_clicked(run: Run) -> None:
    assert run("virtual", button("Row 2")).verdict == "not_reproduced"


def test_condition_is_waited_for(run: Run) -> None:
    late = {"type": "visible", "locator": {"by": "role", "value": "button", "name": "Late"}}

    assert run("late-button", {"action": "wait_for", "before": [late]}).verdict == "not_reproduced"


def test_condition_that_never_holds_breaks_the_step(run: Run) -> None:
    found = run("plain", {"action": "wait_for", "before": [{"type": "at_path", "path": "/elsewhere"}]})

    assert (found.verdict, found.reason) == ("inconclusive", "broken_step")
    assert "/elsewhere" in found.detail


def test_lost_locator_is_healed_and_the_run_says_so(run: Run) -> None:
    step = on(
        "click",
        "test_id",
        "pay",
        fallbacks=[{"by": "label", "value": "Pay"}, {"by": "role", "value": "button", "name": "Pay now"}],
    )

    found = run("renamed", step, asserts=said("paid"))

    assert found.verdict == "not_reproduced"
    assert [(each.step_id, each.fallback) for each in found.healed] == [("step-1", 1)]


def test_assertion_is_never_healed(run: Run) -> None:
    gone = {"type": "selector_visible", "locator": {"by": "test_id", "value": "pay"}, "timeout_ms": 300}

    assert run("renamed", asserts=gone).verdict == "reproduced"


def test_ten_equal_buttons_are_no_element(run: Run) -> None:
    found = run("twins", button("Pay"))

    assert (found.verdict, found.reason) == ("inconclusive", "locator_lost")
    assert "10 elements" in found.detail


def test_one_of_ten_equal_buttons_by_its_place_is_one(run: Run) -> None:
    step = {"action": "click", "locator": {"by": "role", "value": "button", "name": "Pay", "nth": 7}}

    assert run("twins", step).verdict == "not_reproduced"


def test_unknown_action_is_no_spec() -> None:
    with pytest.raises(Exception, match="invalid_spec"):
        spec_from({"spec_id": "x", "name": "x", "exact_steps": [{"action": "teleport", "id": "a"}], "assertions": []})
