"""What is seen of a page is summed up rightly, whatever happens to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.visible import Seen, VisiblePage
from tests.recorded_pages import Json, add, element, mutation, snapshot, text


def page(*children: Json) -> VisiblePage:
    """A page with these children of its body."""
    shown = VisiblePage()
    shown.apply(snapshot(*children))
    return shown


def attributes(node_id: int, **changed: Any) -> Json:
    """A mutation of one node's attributes."""
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    return mutation(attributes=[{"id": node_id, "attributes": names}])


BUTTON = element(3, "button", {"class": "btn"}, text(4, "Save"))


def test_text_pictures_and_controls_are_counted() -> None:
    seen = page(BUTTON, element(5, "p", None, text(6, "  twelve chars ")), element(7, "img", {"src": "/a.png"})).seen()
    assert (seen.chars, seen.media, seen.main_content) == (len("Save") + len("twelve chars"), 2, None)


@pytest.mark.parametrize(
    "hidden",
    [
        element(5, "div", {"hidden": True}, text(6, "gone")),
        element(5, "div", {"style": "color: red; display: none"}, text(6, "gone")),
        element(5, "div", {"class": "modal d-none"}, text(6, "gone")),
        element(5, "script", None, text(6, "gone()")),
        element(5, "template", None, element(6, "img", {})),
    ],
)
def test_what_is_hidden_is_not_seen(hidden: Json) -> None:
    assert page(BUTTON, hidden).seen() == page(BUTTON).seen()


def test_what_is_shown_again_counts_again() -> None:
    shown = page(BUTTON, element(5, "div", {"hidden": ""}, text(6, "Saved")))
    before = shown.seen()
    shown.apply(attributes(5, hidden=None))
    assert shown.seen().chars == before.chars + len("Saved")
    shown.apply(attributes(5, hidden=""))
    assert shown.seen() == before


@pytest.mark.parametrize(
    "change",
    [
        mutation(texts=[{"id": 4, "value": "Saved"}]),
        attributes(3, **{"class": "btn btn-primary"}),
        attributes(3, aria_pressed="true"),
        attributes(3, disabled=""),
        attributes(3, style={"transform": "translateX(-100%)"}),
        mutation(adds=[add(2, element(9, "hr"))]),
        mutation(removes=[{"parentId": 3, "id": 4}]),
    ],
)
def test_what_a_person_sees_changes_the_signature(change: Json) -> None:
    shown = page(BUTTON)
    before = shown.seen()
    shown.apply(change)
    assert shown.seen().signature != before.signature


@pytest.mark.parametrize(
    "change",
    [
        attributes(3, **{"class": "btn focus-visible"}),
        attributes(3, data_state="x"),
        attributes(3, value="typed"),
        mutation(texts=[{"id": 4, "value": " Save\n"}]),
        mutation(adds=[add(2, element(9, "script", {"src": "/late.js"}))]),
    ],
)
def test_what_a_person_does_not_see_leaves_the_signature(change: Json) -> None:
    shown = page(BUTTON)
    before = shown.seen()
    shown.apply(change)
    assert shown.seen() == before


def test_a_change_that_is_taken_back_gives_the_old_signature() -> None:
    shown = page(BUTTON)
    before = shown.seen()
    shown.apply(mutation(adds=[add(2, element(9, "div", {"class": "menu"}, text(10, "Open")))]))
    shown.apply(mutation(removes=[{"parentId": 2, "id": 9}]))
    assert shown.seen() == before


def test_nodes_that_change_by_themselves_leave_the_signature() -> None:
    shown = page(BUTTON, element(5, "span", None, text(6, "12:00")))
    shown.ambient = frozenset({6})
    shown.apply(snapshot(BUTTON, element(5, "span", None, text(6, "12:00"))))
    before = shown.seen()
    shown.apply(mutation(texts=[{"id": 6, "value": "12:01"}]))
    assert shown.seen().signature == before.signature


def test_loading_and_busy_are_told_apart_from_content() -> None:
    shown = page(
        BUTTON, element(5, "div", {"class": "spinner-border"}), element(7, "p", None, text(8, "Loading orders…"))
    )
    assert (shown.seen().loading, shown.seen().busy) == (2, 2)
    shown.apply(attributes(3, disabled=True))
    assert (shown.seen().loading, shown.seen().busy) == (2, 3)


def test_the_main_landmark_is_counted_by_itself() -> None:
    shown = page(element(5, "header", None, text(6, "Shop")), element(7, "main", None, text(8, "Basket")))
    assert shown.seen().main_content == len("Basket")
    shown.apply(mutation(removes=[{"parentId": 7, "id": 8}]))
    assert shown.seen().main_content == 0
    shown.apply(mutation(removes=[{"parentId": 2, "id": 7}]))
    assert shown.seen().main_content is None


NODES = st.integers(3, 12)
CHANGES = st.lists(
    st.one_of(
        st.builds(
            lambda parent, node, tag, word: mutation(
                adds=[add(parent, element(node, tag, None, text(node + 20, word)))]
            ),
            st.integers(2, 12),
            NODES,
            st.sampled_from(["div", "main", "p", "button"]),
            st.sampled_from(["", "one", "loading"]),
        ),
        st.builds(lambda node: mutation(removes=[{"parentId": 2, "id": node}]), NODES),
        st.builds(lambda node: attributes(node, hidden=""), NODES),
        st.builds(lambda node: attributes(node, hidden=None), NODES),
        st.builds(
            lambda node, name: attributes(node, **{"class": name}), NODES, st.sampled_from(["a", "hidden", "spinner"])
        ),
    ),
    max_size=15,
)


@given(CHANGES)
def test_sums_kept_up_to_date_are_those_of_the_page_as_it_is(changes: list[Json]) -> None:
    shown = page(BUTTON)
    for change in changes:
        shown.apply(change)
    kept = shown.seen()
    root = shown.dom.node(1)
    shown.restarted(root)
    assert shown.seen() == kept


def test_an_empty_page_shows_nothing() -> None:
    assert page().seen()[1:] == Seen(0, 0, 0, None, 0, 0)[1:]
