"""Roles and names of recorded elements."""

import re
from pathlib import Path
from typing import Any

import pytest

from retrace_core.accessible import INPUT_ROLES, NAME_CHARS, TAG_ROLES
from retrace_core.dom import RecordedDom, Target
from tests.recorded_pages import element, markup, mutation, numbered, page, target_in, text

RECORDER = Path(__file__).parents[2] / "sdk" / "browser" / "src"


def target_of(root: dict[str, Any]) -> Target:
    return target_in(page(numbered(root)), 100)


@pytest.mark.parametrize(
    ("tag", "attributes", "role"),
    [
        ("button", {}, "button"),
        ("a", {"href": "/"}, "link"),
        ("a", {}, None),
        ("input", {}, "textbox"),
        ("input", {"type": "EMAIL"}, "textbox"),
        ("input", {"type": "email", "list": "l"}, "combobox"),
        ("input", {"list": "l"}, "combobox"),
        ("input", {"type": "submit"}, "button"),
        ("input", {"type": "password"}, None),
        ("input", {"type": "range"}, "slider"),
        ("select", {}, "combobox"),
        ("select", {"multiple": True}, "listbox"),
        ("select", {"size": 4}, "listbox"),
        ("select", {"size": "1"}, "combobox"),
        ("div", {"role": "Tab presentation"}, "tab"),
        ("div", {"role": {"a": 1}}, None),
        ("div", {}, None),
        ("H2", {}, "heading"),
    ],
)
def test_role_is_the_explicit_one_else_the_one_of_the_tag(
    tag: str, attributes: dict[str, Any], role: str | None
) -> None:
    assert target_of(markup(tag, attributes)).role == role


@pytest.mark.parametrize(("table", "roles"), [("INPUT_ROLES", INPUT_ROLES), ("TAG_ROLES", TAG_ROLES)])
def test_roles_are_those_of_the_recorder(table: str, roles: dict[str, str]) -> None:
    source = (RECORDER / "role.ts").read_text()
    body = source.split(f"const {table}", 1)[1].split("};", 1)[0]

    assert dict(re.findall(r'^  (\w+): "(\w+)",$', body, re.M)) == roles


@pytest.mark.parametrize(
    ("tag", "attributes", "interactive"),
    [
        ("button", {}, True),
        ("summary", {}, True),
        ("a", {"href": "#"}, True),
        ("input", {"type": "checkbox"}, True),
        ("div", {"role": "button"}, True),
        ("div", {"tabindex": "0"}, True),
        ("div", {"contenteditable": ""}, True),
        ("td", {"onclick": "go()"}, True),
        ("div", {}, False),
        ("a", {}, False),
        ("input", {"type": "hidden"}, False),
        ("div", {"tabindex": "-1"}, False),
        ("div", {"contenteditable": "false"}, False),
        ("div", {"role": "region"}, False),
        ("div", {"class": "button"}, False),
    ],
)
def test_control_is_told_by_tag_role_and_attributes(tag: str, attributes: dict[str, Any], interactive: bool) -> None:
    assert target_of(markup(tag, attributes)).interactive is interactive


@pytest.mark.parametrize(
    ("root", "name"),
    [
        (markup("button", None, "\n  Buy \xa0", markup("b", None, "now"), "\n"), "Buy now"),
        (markup("button", {"aria-label": "Close", "title": "x"}, "✕"), "Close"),
        (markup("button", {"title": "Close"}), "Close"),
        (markup("a", {"href": "/", "title": "Home page"}, "Home"), "Home"),
        (markup("a", {"href": "/"}, markup("img", {"alt": "Logo"}), " Home"), "Logo Home"),
        (markup("button", None, markup("svg", None, markup("title", None, "Menu"), markup("path"))), "Menu"),
        (markup("button", None, markup("div", None, "Add"), markup("div", None, "to cart")), "Add to cart"),
        (markup("button", None, "Save", markup("span", {"aria-hidden": "true"}, "✓")), "Save"),
        (markup("button", None, "Save", markup("span", {"hidden": True}, " all")), "Save"),
        (markup("button", None, "Save", markup("span", {"style": "visibility:hidden"}, " all")), "Save"),
        (markup("button", None, "Save", markup("script", None, "track()")), "Save"),
        (markup("input", {"type": "submit", "value": "Pay"}), "Pay"),
        (markup("input", {"type": "submit"}), "Submit"),
        (markup("input", {"type": "reset"}), "Reset"),
        (markup("input", {"type": "image", "alt": "Search"}), "Search"),
        (markup("input", {"type": "button", "title": "More"}), "More"),
        (markup("input", {"placeholder": "Email", "value": "ann@example.org"}), "Email"),
        (markup("input", {"placeholder": "Email", "title": "Your email"}), "Your email"),
        (markup("input", {"value": "typed"}), None),
        (markup("textarea", None, "typed"), None),
        (markup("div", {"contenteditable": ""}, "typed"), None),
        (markup("fieldset", None, markup("legend", None, "Address"), "Street"), "Address"),
        (markup("table", None, markup("caption", None, "Prices"), markup("tr", None, "1")), "Prices"),
        (markup("div", {"title": "Card"}, "text"), "Card"),
        (markup("div", None, "text"), "text"),
        (markup("button", {"aria-label": ["Close"]}, "✕"), "✕"),
        (markup("button"), None),
    ],
)
def test_name_comes_from_the_first_source_that_has_one(root: dict[str, Any], name: str | None) -> None:
    assert target_of(root).name == name


@pytest.mark.parametrize(
    ("attributes", "content", "name"),
    [
        ({"aria-label": "*****"}, "Buy", "Buy"),
        ({"title": "Buy"}, "*** **", "Buy"),
        ({"placeholder": "•••"}, "****", None),
        ({}, "5 * 3", "5 * 3"),
    ],
)
def test_stars_are_no_name(attributes: dict[str, Any], content: str, name: str | None) -> None:
    assert target_of(markup("button", attributes, content)).name == name


def test_name_of_a_field_comes_from_the_label_around_it() -> None:
    field = markup("select", {"title": "other"}, markup("option", None, "Austria"))

    dom = page(numbered(markup("label", None, "Country ", field)))

    assert target_in(dom, 102).name == "Country"


def test_name_of_a_field_comes_from_the_label_that_points_at_it() -> None:
    dom = page(
        element(3, "label", {"for": "mail"}, text(4, "E-mail")),
        element(5, "label", {"for": "other"}, text(6, "Other"), element(7, "input", {"id": "mail"})),
    )
    assert target_in(dom, 7).name == "E-mail"

    dom.apply(mutation(attributes=[{"id": 3, "attributes": {"for": "gone"}}, {"id": 5, "attributes": {"for": None}}]))
    assert target_in(dom, 7).name == "Other"


def test_name_comes_from_the_elements_it_is_labelled_by_in_their_order() -> None:
    dom = page(
        element(3, "span", {"id": "what"}, text(4, "item")),
        element(5, "span", {"id": "do", "hidden": ""}, text(6, "Delete")),
        element(7, "button", {"aria-labelledby": "do gone what", "aria-label": "x"}, text(8, "y")),
    )

    assert target_in(dom, 7).name == "Delete item"


def test_name_does_not_come_from_another_tree_when_ids_are_the_same() -> None:
    inner = element(8, "button", {"aria-labelledby": "title"}, text(9, "Inner"), isShadow=True)
    dom = page(
        element(3, "h1", {"id": "title"}, text(4, "Page")),
        element(5, "button", {"aria-labelledby": "title"}, text(6, "Outer")),
        element(7, "x-card", None, inner, isShadowHost=True),
    )

    assert (target_in(dom, 5).name, target_in(dom, 8).name) == ("Page", "Inner")


def test_named_slots_show_what_is_meant_for_them() -> None:
    slots = [element(21, "slot", {"name": "icon"}), element(22, "slot", None, text(23, "nothing"))]
    button = element(20, "button", None, *slots, isShadow=True)
    host = element(3, "x-button", None, text(4, "Save"), element(5, "b", {"slot": "icon"}, text(6, "+")), button)

    assert target_in(page(host), 20).name == "+Save"


def test_long_names_are_cut() -> None:
    name = target_of(markup("button", None, "word " * 1_000)).name

    assert name is not None
    assert len(name) == NAME_CHARS
    assert name.endswith("…")


def test_reading_a_name_stops_when_the_page_has_no_end() -> None:
    references = " ".join(["all"] * 1_000)
    children = [text(node_id, f"{node_id} ") for node_id in range(1_000, 21_000)]
    dom = page(element(3, "div", {"id": "all"}, *children), element(4, "button", {"aria-labelledby": references}))

    assert (target_in(dom, 4).name or "").startswith("1000 1001 1002")


@pytest.mark.parametrize(
    ("tag", "attributes", "around", "disabled"),
    [
        ("button", {"disabled": ""}, {}, True),
        ("button", {"disabled": True}, {}, True),
        ("button", {"disabled": False}, {}, False),
        ("button", {}, {}, False),
        ("button", {}, {"disabled": ""}, True),
        ("a", {"href": "/", "disabled": ""}, {}, False),
        ("a", {"href": "/", "aria-disabled": "true"}, {}, True),
        ("div", {"tabindex": "0"}, {"disabled": ""}, False),
    ],
)
def test_disabled_is_told_by_itself_by_aria_or_by_the_fieldset_around(
    tag: str, attributes: dict[str, Any], around: dict[str, Any], disabled: bool
) -> None:
    dom: RecordedDom = page(element(3, "fieldset", around, element(4, tag, attributes)))

    assert target_in(dom, 4).disabled is disabled
