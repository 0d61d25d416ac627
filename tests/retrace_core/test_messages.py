"""Messages are found where a page shows them, told by what marks them or by their words."""

import pytest

from retrace_core.messages import Message, messages
from retrace_core.visible import VisiblePage
from tests.recorded_pages import Json, add, element, mutation, snapshot, text


def shown(came: Json, *page: Json, parent: int = 2) -> list[Message]:
    """The messages of a page to which a node comes."""
    visible = VisiblePage()
    visible.apply(snapshot(*page))
    visible.apply(mutation(adds=[add(parent, came)]))
    return messages(visible.revealed)


def p(content: str, **attributes: str) -> Json:
    """A paragraph."""
    return element(30, "p", attributes, text(31, content))


def test_a_toast_is_one_message_with_the_classes_of_what_is_in_it() -> None:
    icon = element(40, "i", {"class": "icon-danger"})
    toast = element(
        30, "div", {"class": "toast", "role": "status"}, icon, element(41, "b", None, text(42, "Not saved"))
    )
    [message] = shown(toast)
    assert (message.text, message.role, message.marked) == ("Not saved", "status", True)
    assert message.classes.split() == ["toast", "icon-danger"]


def test_a_line_in_a_container_that_waits_for_messages_is_marked_by_it() -> None:
    [message] = shown(p("Basket updated"), element(5, "div", {"aria-live": "polite"}), parent=5)
    assert (message.text, message.role, message.marked) == ("Basket updated", "polite", True)


def test_words_of_failure_make_a_message_of_an_unmarked_line() -> None:
    assert [message.marked for message in shown(p("Something went wrong"))] == [False]
    assert shown(p("Your basket is empty")) == []


@pytest.mark.parametrize(
    "words",
    [
        "Could not load your orders",
        "We couldn't save the address.",
        "Failed to fetch",
        "Unable to connect",
        "Payment failed",
        "An unexpected error occurred",
        "Please try again later",
        "Speichern fehlgeschlagen",
        "Une erreur est survenue",
        "No se pudo guardar",
        "Si è verificato un errore",
    ],
)
def test_failures_are_understood(words: str) -> None:
    assert shown(p(words))


@pytest.mark.parametrize(
    "words",
    [
        "Saved",
        "3 items in your basket",
        "Terms of service",
        "The trial of the century",
        "Delivery in 2 days",
        "Add error handling",
    ],
)
def test_other_words_are_no_failure(words: str) -> None:
    assert shown(p(words)) == []


def test_buttons_that_look_dangerous_say_nothing() -> None:
    delete = element(30, "button", {"class": "btn btn-outline-danger"}, text(31, "Delete article"))
    assert shown(element(29, "div", None, delete)) == []


def test_a_hint_beside_one_field_is_told_apart() -> None:
    field = element(5, "div", None, element(6, "input", {"type": "email"}))
    [hint] = shown(p("Could not find this address", **{"class": "error"}), field, parent=5)
    assert hint.near_field
    form = element(5, "form", None, element(6, "input", {}), element(7, "input", {}))
    [whole] = shown(p("Could not find this address", **{"class": "error"}), form, parent=5)
    assert not whole.near_field


def test_what_is_out_of_sight_is_no_message() -> None:
    assert shown(element(30, "div", {"class": "toast", "hidden": ""}, text(31, "Failed"))) == []


def test_a_text_that_changes_in_an_alert_is_a_message() -> None:
    visible = VisiblePage()
    visible.apply(snapshot(element(5, "div", {"role": "alert"}, text(6, ""))))
    visible.apply(mutation(texts=[{"id": 6, "value": "Could not pay"}]))
    assert [(message.text, message.role) for message in messages(visible.revealed)] == [("Could not pay", "alert")]


def test_a_whole_page_is_no_message_but_an_alert_in_it_is() -> None:
    lines = [element(100 + 2 * number, "p", None, text(101 + 2 * number, f"line {number}")) for number in range(60)]
    alert = element(30, "div", {"role": "alert"}, text(31, "Could not load prices"))
    assert [message.text for message in shown(element(29, "section", None, *lines, alert))] == ["Could not load prices"]
