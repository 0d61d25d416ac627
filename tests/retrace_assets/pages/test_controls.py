"""A control is described by what decides what a click on it may do."""

import pytest

from retrace_assets.pages.controls import destination, landmarks, traits
from retrace_core.dom import RecordedDom
from retrace_core.nodes import Node
from tests.recorded_pages import Json, element, snapshot, text


def node(control: Json, *around: tuple[str, Json]) -> Node:
    """A control (node 10) within elements, outermost first."""
    inner = control
    for node_id, (tag, attributes) in enumerate(reversed(around), start=20):
        inner = element(node_id, tag, attributes, inner)
    dom = RecordedDom()
    dom.apply(snapshot(inner))
    found = dom.node(10)
    assert found is not None
    return found


def a(**attributes: str) -> Json:
    """A link."""
    return element(10, "a", attributes, text(11, "Here"))


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (element(10, "button", {}), {"control", "submit"}),
        (element(10, "div", {"role": "button"}), {"control"}),
        (element(10, "div", {"tabindex": "0"}), set()),
        (element(10, "button", {"type": "button", "disabled": ""}), {"control", "disabled"}),
        (
            element(10, "button", {"type": "button", "disabled": "", "title": "Choose a size first"}),
            {"control", "disabled", "explained"},
        ),
        (a(href="/orders"), {"control"}),
        (a(href="/orders", target="_blank"), {"control", "new_tab"}),
        (a(href="/invoice.pdf"), {"control", "download"}),
        (a(href="/invoice", download=""), {"control", "download"}),
        (a(href="mailto:a@b.test"), {"control", "outside"}),
        (a(href="#details"), {"control", "same_page"}),
        (a(href="#"), {"control", "same_page", "no_destination"}),
        (a(href="#/route"), {"control"}),
        (a(href="#", role="button"), {"control"}),
        (element(10, "button", {"type": "button", "popovertarget": "tip"}), {"control", "popover"}),
        (a(href="javascript:void(0)"), {"control", "no_destination"}),
        (element(10, "input", {"type": "text"}), {"text_field"}),
        (element(10, "input", {"type": "file"}), {"picker"}),
        (element(10, "input", {"type": "checkbox"}), {"choice"}),
        (element(10, "canvas", {}), {"media"}),
        (element(10, "button", {"type": "button", "aria-selected": "true"}), {"control", "selected"}),
    ],
)
def test_a_control_has_the_traits_of_its_markup(control: Json, expected: set[str]) -> None:
    assert set(traits(node(control))) == expected


def test_traits_come_from_what_is_around_too() -> None:
    inside_editor = node(element(10, "button", {"type": "button"}), ("div", {"class": "CodeMirror"}))
    assert "media" in traits(inside_editor)
    assert "label" in traits(node(element(10, "span", {}), ("label", {})))
    assert destination(node(element(10, "span", {}), ("a", {"href": "/orders"}))) == "/orders"


def test_landmarks_are_named_outermost_first() -> None:
    control = node(
        element(10, "button", {}), ("main", {}), ("section", {"aria-label": "Basket"}), ("section", {}), ("form", {})
    )
    assert landmarks(control) == 'main > region "Basket" > form'
    assert landmarks(node(element(10, "button", {}))) is None
