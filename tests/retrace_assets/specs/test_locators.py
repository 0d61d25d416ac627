"""An element is found again by the best name that means it alone."""

import pytest

from retrace_assets.specs.locators import FALLBACKS, RenderedPage, locators_of, stable_name
from retrace_core.spec_steps import Locator
from tests.recorded_pages import Json, element, markup, numbered, page, text

BUTTON = "button"


def found(*body: Json, of: int) -> list[Locator]:
    """Locators of a node of a page."""
    dom = page(*body)
    node = dom.node(of)
    assert node is not None
    return locators_of(RenderedPage(dom), node)


def best(*body: Json, of: int) -> Locator:
    return found(*body, of=of)[0]


def test_test_id_comes_first_then_role_and_name() -> None:
    button = element(10, BUTTON, {"data-testid": "pay", "title": "Pay now"}, text(11, "Pay"))

    kinds = [locator.by for locator in found(button, of=10)]

    assert kinds[:2] == ["test_id", "role"]
    assert len(kinds) <= FALLBACKS + 1
    assert len(set(kinds)) == len(kinds)


def test_name_that_a_stylesheet_may_part_is_found_by_its_longest_part() -> None:
    link = element(
        10, "a", {"href": "/deals"}, element(11, "span", {}, text(12, "Offers")), text(13, "See the bundles")
    )
    locators = found(link, of=10)

    assert locators[0] == Locator("role", "link", name="See the bundles", exact=False)
    # Playwright compares the whole text of an element.
    assert "text" not in [locator.by for locator in locators]


def test_part_of_a_name_that_others_have_too_is_none() -> None:
    links = [
        element(
            number,
            "a",
            {"href": "/deals"},
            element(number + 1, "span", {}, text(number + 2, kind)),
            text(number + 3, "See"),
        )
        for number, kind in ((10, "A b"), (20, "C d"))
    ]

    assert best(*links, of=20) != Locator("role", "link", name="See", exact=False)


def test_name_of_parts_with_a_space_between_is_one() -> None:
    link = element(10, "a", {"href": "/deals"}, text(11, "See "), element(12, "b", {}, text(13, "all")))

    assert best(link, of=10) == Locator("role", "link", name="See all")


@pytest.mark.parametrize("attribute", ["data-testid", "data-test", "data-qa", "data-cy"])
def test_test_ids_of_all_houses_are_known(attribute: str) -> None:
    assert best(element(10, BUTTON, {attribute: "pay"}, text(11, "…")), of=10) == Locator(
        "test_id", "pay", attribute=attribute
    )


def test_test_id_that_is_used_twice_is_none() -> None:
    twins = [
        element(node, BUTTON, {"data-testid": "row"}, text(node + 1, name)) for node, name in ((10, "A b"), (20, "C d"))
    ]

    assert best(*twins, of=20) == Locator("role", "button", name="C d")


def test_field_is_found_by_its_label_role() -> None:
    body = (element(10, "label", {"for": "e"}, text(11, "E-mail")), element(12, "input", {"id": "e", "type": "email"}))

    assert best(*body, of=12) == Locator("role", "textbox", name="E-mail")


def test_password_has_no_role_but_a_label() -> None:
    body = (
        element(10, "label", {"for": "p"}, text(11, "Password")),
        element(12, "input", {"id": "p", "type": "password"}),
    )

    assert best(*body, of=12) == Locator("label", "Password")


def test_password_whose_placeholder_repeats_its_label_is_found_by_the_label() -> None:
    said = {"type": "password", "aria-label": "Password", "placeholder": "Password"}

    assert best(element(10, "input", said), of=10) == Locator("label", "Password")
    del said["aria-label"]
    assert best(element(10, "input", said), of=10) == Locator("placeholder", "Password")


def test_field_without_a_label_is_found_by_its_placeholder_at_least_as_a_fallback() -> None:
    kinds = [locator.by for locator in found(element(10, "input", {"placeholder": "Find goods"}), of=10)]

    assert "placeholder" in kinds


def test_ten_equal_buttons_are_told_apart_by_their_rows() -> None:
    rows = [
        numbered(
            markup(
                "li",
                {"data-testid": f"item-{letter}"},
                markup("span", None, f"Rope {letter}"),
                markup(BUTTON, None, "Remove"),
            ),
            number * 100,
        )
        for number, letter in enumerate("abcdefghij", 1)
    ]

    locator = best(*rows, of=303)

    assert (locator.by, locator.name) == ("role", "Remove")
    assert locator.within == Locator("test_id", "item-c")


def test_equal_buttons_of_equal_rows_are_counted() -> None:
    rows = [numbered(markup("li", None, markup(BUTTON, None, "Remove")), number * 100) for number in range(1, 4)]

    locator = best(*rows, of=201)

    assert locator.name == "Remove"
    assert locator.nth == 1 or (locator.within is not None and locator.within.nth == 1)


def test_hidden_twin_does_not_count() -> None:
    hidden = element(20, "div", {"style": "display: none"}, element(21, BUTTON, None, text(22, "Pay")))

    assert best(hidden, element(10, BUTTON, None, text(11, "Pay")), of=10) == Locator("role", "button", name="Pay")


@pytest.mark.parametrize(
    "name",
    ["Order TW-20417", "$ 12.50", "kim@example.com", "Monday, 12:30", "https://a.example/x", "···", "x" * 200],
)
def test_name_that_is_a_value_is_no_name(name: str) -> None:
    assert stable_name(name) == ""
    body = element(9, "main", None, element(10, BUTTON, None, text(11, name)))
    assert all(name not in (locator.value, locator.name) for locator in found(body, of=10))


@pytest.mark.parametrize("name", ["Pay", "Add to cart", "Größe wählen", "続ける", "Step 2"])
def test_words_are_a_name(name: str) -> None:
    assert stable_name(name) == name


def test_element_in_a_frame_is_found_through_it() -> None:
    inside = {
        "type": 0,
        "id": 20,
        "childNodes": [element(21, "body", None, element(22, BUTTON, None, text(23, "Pay")))],
    }
    frame = element(10, "iframe", {"title": "Card"}, inside)

    locator = best(frame, of=22)

    assert locator.frames == ('iframe[title="Card"]',)
    assert (locator.by, locator.name) == ("role", "Pay")


def test_element_in_a_shadow_tree_needs_no_path() -> None:
    host = element(
        10, "shop-button", None, element(11, BUTTON, None, text(12, "Pay"), isShadow=True), isShadowHost=True
    )

    assert best(host, of=11) == Locator("role", "button", name="Pay")


def test_text_that_may_be_what_was_entered_is_not_used() -> None:
    dom = page(element(10, BUTTON, None, text(11, "rope")))
    node = dom.node(10)
    assert node is not None

    locators = locators_of(RenderedPage(dom, entered={4: ["Pay!"]}), node)

    assert all("rope" not in (locator.value, locator.name) for locator in locators)


def test_nameless_element_is_found_somehow() -> None:
    body = [element(number, "div", None) for number in range(10, 20)]

    locator = best(*body, of=14)

    assert (locator.by, locator.nth) == ("css", 4)
