"""What a person did is told from what the page did by itself."""

from retrace_assets.specs.acts import Act, acts_of
from tests.recorded_pages import add, element, text
from tests.retrace_assets.specs.recordings import ORIGIN, Visit, names

FIELD = element(10, "input", {"type": "text", "aria-label": "Search"})
BUTTON = element(11, "button", None, text(12, "Go"))


def acts(*visits: Visit) -> list[Act]:
    return acts_of([visit.window for visit in visits], float("inf"))


def test_page_load_is_the_first_act() -> None:
    visit = Visit().opens(BUTTON)

    assert [(act.kind, act.text) for act in acts(visit)] == [("navigate", f"{ORIGIN}/")]


def test_keys_of_one_field_are_one_entry_and_the_click_into_it_is_part_of_it() -> None:
    visit = Visit().opens(FIELD, BUTTON)
    visit.types(10, "rope")
    visit.clicks(11)

    found = acts(visit)

    assert names(found) == ["navigate", "fill", "click"]
    assert (found[1].text, found[1].typed) == ("rope", True)


def test_pasted_text_is_an_entry_that_was_not_typed() -> None:
    visit = Visit().opens(FIELD)
    visit.clicks(10)
    visit.enters(10, "a long text")

    assert [(act.text, act.typed) for act in acts(visit) if act.kind == "fill"] == [("a long text", False)]


def test_page_that_writes_into_its_own_field_is_no_person() -> None:
    visit = Visit().opens(BUTTON)
    visit.clicks(11)
    visit.changes(adds=[add(2, FIELD)])
    visit.enters(10, "prefilled", 20)

    assert names(acts(visit)) == ["navigate", "click"]


def test_field_that_is_not_in_focus_is_filled_by_the_page() -> None:
    visit = Visit().opens(FIELD, BUTTON)
    visit.clicks(11)
    visit.enters(10, "autofilled", 2_000)

    assert names(acts(visit)) == ["navigate", "click"]


def test_field_a_page_empties_right_after_typing_was_sent_by_enter() -> None:
    visit = Visit().opens(FIELD)
    visit.types(10, "Buy rope")
    visit.enters(10, "", 200)

    found = acts(visit)

    assert names(found) == ["navigate", "fill", "press"]
    assert (found[1].text, found[2].text) == ("Buy rope", "Enter")


def test_page_that_comes_right_after_an_entry_was_asked_for_by_enter() -> None:
    first = Visit().opens(FIELD)
    first.types(10, "rope")
    second = Visit(f"{ORIGIN}/?q=rope", "w2", first.at_ms).opens(BUTTON)

    found = acts(first, second)

    assert names(found) == ["navigate", "fill", "press"]
    assert found[-1].follows == f"{ORIGIN}/?q=rope"


def test_page_that_follows_a_click_is_no_act_of_its_own() -> None:
    first = Visit().opens(element(13, "a", {"href": "/cart"}, text(14, "Cart")))
    first.clicks(13)
    second = Visit(f"{ORIGIN}/cart", "w2", first.at_ms).opens(BUTTON)

    found = acts(first, second)

    assert names(found) == ["navigate", "click"]
    assert found[1].follows == f"{ORIGIN}/cart"


def test_page_that_comes_much_later_was_opened() -> None:
    first = Visit().opens(BUTTON)
    first.clicks(11)
    second = Visit(f"{ORIGIN}/cart", "w2", first.at_ms + 30_000).opens(BUTTON)

    assert names(acts(first, second)) == ["navigate", "click", "navigate"]


def test_same_page_again_is_a_reload() -> None:
    first = Visit().opens(BUTTON)
    second = Visit(window_id="w2", at_ms=first.at_ms + 30_000).opens(BUTTON)

    assert [act.navigation for act in acts(first, second)] == ["goto", "reload"]


def test_browser_that_clicks_the_field_of_a_label_is_one_click() -> None:
    label = element(20, "label", {"for": "agree"}, text(21, "I agree"))
    visit = Visit().opens(label, element(22, "input", {"type": "checkbox", "id": "agree"}))
    visit.clicks(20)
    visit.presses(22, 2, 5)

    assert [act.node_id for act in acts(visit) if act.kind == "click"] == [20]


def test_box_that_is_clicked_is_brought_to_its_state() -> None:
    visit = Visit().opens(element(22, "input", {"type": "checkbox", "aria-label": "I agree"}))
    visit.clicks(22)
    visit.enters(22, "on", 10, isChecked=True)

    assert [(act.kind, act.checked) for act in acts(visit)][1:] == [("check", True)]


def test_box_that_the_page_ticks_is_nobodys_act() -> None:
    visit = Visit().opens(BUTTON, element(22, "input", {"type": "checkbox", "aria-label": "All"}))
    visit.clicks(11)
    visit.enters(22, "on", 3_000, isChecked=True)

    assert names(acts(visit)) == ["navigate", "click"]


def test_option_is_told_by_its_label_and_place() -> None:
    options = [
        element(31, "option", {"value": "std"}, text(32, "Standard")),
        element(33, "option", {"value": "exp"}, text(34, "Express")),
    ]
    visit = Visit().opens(element(30, "select", {"aria-label": "Delivery"}, *options))
    visit.clicks(30)
    visit.enters(30, "exp")

    assert [(act.kind, act.text, act.index) for act in acts(visit)][1:] == [("select", "Express", 1)]


def test_two_clicks_and_their_double_are_one_act() -> None:
    visit = Visit().opens(BUTTON)
    visit.clicks(11)
    visit.clicks(11, 120)
    visit.presses(11, 4, 5)

    assert [(act.kind, act.double) for act in acts(visit)][1:] == [("click", True)]


def test_tap_that_is_told_as_touch_and_as_click_is_one() -> None:
    visit = Visit().opens(BUTTON)
    visit.presses(11, 7)
    visit.presses(11, 9, 40)
    visit.presses(11, 2, 10)

    assert names(acts(visit)) == ["navigate", "click"]


def test_chosen_file_is_told_by_its_kind() -> None:
    visit = Visit().opens(element(40, "input", {"type": "file", "aria-label": "Photo"}))
    visit.clicks(40)
    visit.enters(40, "C:\\fakepath\\me.PNG")

    assert [(act.kind, act.files) for act in acts(visit)][1:] == [("upload", (".png",))]


def test_recorder_of_ours_tells_keys_dialogs_and_addresses() -> None:
    visit = Visit().opens(FIELD, BUTTON)
    visit.tells("key", nodeId=10, key="k", modifiers=["ctrl"])
    visit.clicks(11)
    visit.tells("dialog", type="confirm", answer=True)
    visit.tells("nav", kind="push", to=f"{ORIGIN}/done")

    found = acts(visit)

    assert names(found) == ["navigate", "press", "dialog", "click"]
    assert (found[1].text, found[2].accept, found[3].follows) == ("Control+k", True, f"{ORIGIN}/done")


def test_address_that_comes_by_itself_much_later_was_entered() -> None:
    visit = Visit().opens(BUTTON)
    visit.clicks(11)
    visit.tells("nav", 10_000, kind="hash", to=f"{ORIGIN}/#/other")

    assert [(act.kind, act.text) for act in acts(visit)][2:] == [("navigate", f"{ORIGIN}/#/other")]


def test_masked_entry_is_known_for_one() -> None:
    visit = Visit().opens(FIELD)
    visit.types(10, "****")

    assert [act.is_masked for act in acts(visit)] == [False, True]


def test_acts_after_the_moment_asked_for_are_left_out() -> None:
    visit = Visit().opens(BUTTON)
    visit.clicks(11)
    until = visit.at_ms
    visit.clicks(11, 5_000)

    assert names(acts_of([visit.window], until)) == ["navigate", "click"]


def test_entry_in_an_unknown_node_is_passed_over() -> None:
    visit = Visit().opens(BUTTON)
    visit.enters(999, "text")
    visit.say({"type": 3, "data": "nonsense"})
    visit.say({"type": 3, "data": {"source": 2, "type": 2, "id": "x"}})

    assert names(acts(visit)) == ["navigate"]
