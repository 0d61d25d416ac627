"""The recorded DOM follows rrweb's events, whatever they hold."""

import copy
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.dom import RecordedDom, Target
from tests.recorded_pages import add, document, element, mutation, page, snapshot, target_in, text

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "recordings"
DEEP = 100_000


def order_in(dom: RecordedDom, node_id: int = 2) -> str | None:
    return target_in(dom, node_id).name


def test_added_nodes_stand_before_their_next_sibling() -> None:
    dom = page(text(3, "a"), text(4, "c"))

    dom.apply(mutation(adds=[add(2, text(5, "b"), next_id=4), add(2, text(6, "d")), add(2, text(7, "e"))]))

    assert order_in(dom) == "abcde"


def test_added_nodes_stand_after_their_previous_sibling_when_an_old_recorder_says_so() -> None:
    dom = page(text(3, "a"), text(4, "c"))

    dom.apply(mutation(adds=[add(2, text(5, "b"), previousId=3), add(2, text(6, "d"), next_id=None, previousId=4)]))

    assert order_in(dom) == "abcd"


@given(letters=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12), random=st.randoms())
def test_added_nodes_keep_their_order_whatever_order_they_come_in(letters: list[str], random: Any) -> None:
    ids = [10 + position for position in range(len(letters))]
    adds = [
        add(3, text(node_id, letter), next_id=following)
        for node_id, letter, following in zip(ids, letters, [*ids[1:], None], strict=True)
    ]
    adds.append(add(2, element(3, "div")))
    random.shuffle(adds)
    dom = page()

    dom.apply(mutation(adds=adds))

    assert order_in(dom, 3) == "".join(letters)
    assert dom.unknown_nodes == 0


def test_added_node_goes_to_the_end_when_its_next_sibling_never_comes() -> None:
    dom = page(text(3, "a"))

    dom.apply(mutation(adds=[add(2, text(4, "b"), next_id=99), add(2, text(5, "c"), next_id=4)]))

    assert order_in(dom) in ("acb", "cba")
    assert dom.unknown_nodes == 0


def test_added_node_is_counted_when_its_parent_never_comes() -> None:
    dom = page()

    dom.apply(mutation(adds=[add(99, element(3, "div")), add(3, text(4, "a"))]))

    assert dom.unknown_nodes == 2
    assert dom.target(3) is None


def test_moved_node_leaves_its_old_place() -> None:
    dom = page(element(3, "div", None, text(4, "a")), text(5, "b"))

    dom.apply(mutation(adds=[add(2, text(4, "a"))], removes=[{"parentId": 3, "id": 4}]))

    assert order_in(dom) == "ba"


def test_node_leaves_its_old_place_when_it_is_added_again_without_a_removal() -> None:
    dom = page(text(3, "a"), text(4, "b"))

    dom.apply(mutation(adds=[add(2, text(3, "a"))]))

    assert order_in(dom) == "ba"


def test_removed_node_takes_what_is_in_it_along() -> None:
    dom = page(element(3, "div", None, element(4, "button", None, text(5, "Buy"))), text(6, "rest"))

    dom.apply(mutation(removes=[{"parentId": 2, "id": 3}]))

    assert [dom.target(node_id) for node_id in (3, 4, 5)] == [None, None, None]
    assert order_in(dom) == "rest"


def test_texts_and_attributes_change_what_a_control_is() -> None:
    dom = page(element(3, "button", {"disabled": "", "data-testid": "buy"}, text(4, "Buy")))

    dom.apply(
        mutation(
            texts=[{"id": 4, "value": "Sold out"}],
            attributes=[{"id": 3, "attributes": {"disabled": None, "data-testid": "sold", "role": "link"}}],
        )
    )

    assert target_in(dom, 4) == Target(
        tag="button",
        role="link",
        name="Sold out",
        test_id="sold",
        test_id_attribute="data-testid",
        css="body > button",
        interactive=True,
        disabled=False,
        input_type=None,
    )


@pytest.mark.parametrize(
    ("style", "name"),
    [
        ({"display": False}, "Buy now"),
        ({"display": ["none", "important"]}, "Buy"),
        ({"color": "red"}, "Buy"),
        ("color: red", "Buy now"),
        ({"display": 7, "visibility": []}, "Buy now"),
    ],
)
def test_style_changes_decide_what_is_seen(style: object, name: str) -> None:
    hidden = element(4, "span", {"style": "color: blue; display: none"}, text(5, " now"))
    dom = page(element(3, "button", None, text(6, "Buy"), hidden))
    assert order_in(dom, 3) == "Buy"

    dom.apply(mutation(attributes=[{"id": 4, "attributes": {"style": style}}]))

    assert order_in(dom, 3) == name


def test_ids_mean_other_nodes_after_a_full_snapshot() -> None:
    dom = page(element(3, "button", {"id": "old"}, text(4, "Old")))

    dom.apply(snapshot(element(3, "a", {"href": "/", "aria-labelledby": "old"}, text(5, "New"))))

    assert (target_in(dom, 3).tag, target_in(dom, 3).name) == ("a", "New")
    assert dom.target(4) is None


def test_old_ids_are_forgotten_when_a_full_snapshot_cannot_be_read() -> None:
    dom = page(element(3, "button"))

    dom.apply({"type": 2, "data": "\x1f\x8b packed"})

    assert dom.target(3) is None


def test_frame_shows_the_document_attached_last() -> None:
    dom = page(element(3, "iframe"))
    first = document(10, element(11, "button", None, text(12, "First")))
    second = document(20, element(21, "button", None, text(22, "Second")))

    dom.apply(mutation(adds=[add(3, first)], isAttachIframe=True))  # type: ignore[arg-type]
    assert target_in(dom, 12).name == "First"
    dom.apply(mutation(adds=[add(3, second)], isAttachIframe=True))  # type: ignore[arg-type]

    assert target_in(dom, 22).name == "Second"
    assert dom.target(12) is None


def test_control_is_not_sought_outside_of_its_frame() -> None:
    frame = element(4, "iframe", None, document(10, element(11, "span", None, text(12, "inside"))))
    dom = page(element(3, "button", None, frame))

    assert (target_in(dom, 12).tag, target_in(dom, 12).interactive) == ("span", False)


def test_control_is_found_around_its_picture() -> None:
    picture = element(5, "svg", None, element(6, "path"))
    dom = page(element(3, "a", {"href": "/cart", "aria-label": "Cart"}, element(4, "span", None, picture)))

    assert {target_in(dom, node_id) for node_id in (3, 4, 5, 6)} == {target_in(dom, 3)}
    assert (target_in(dom, 6).role, target_in(dom, 6).name) == ("link", "Cart")


def test_element_itself_is_the_target_when_nothing_around_it_is_a_control() -> None:
    dom = page(element(3, "main", None, element(4, "div", {"class": "card"}, text(5, "Hello"))))

    assert (target_in(dom, 5).tag, target_in(dom, 5).name, target_in(dom, 5).interactive) == ("div", "Hello", False)


def test_control_in_a_shadow_tree_is_found_from_what_is_slotted_into_it() -> None:
    shadow = element(6, "button", {"part": "base"}, element(7, "slot"), isShadow=True)
    dom = page(element(3, "sl-button", None, element(4, "span", None, text(5, "Save")), shadow, isShadowHost=True))

    for clicked in (4, 5, 6, 7):
        target = target_in(dom, clicked)
        assert (target.role, target.name, target.css) == ("button", "Save", "button")


@pytest.mark.parametrize(
    ("attributes", "test_id", "attribute"),
    [
        ({"data-testid": "a", "data-test": "b"}, "a", "data-testid"),
        ({"data-testid": "", "data-test": "b"}, "b", "data-test"),
        ({"data-qa": "c"}, "c", "data-qa"),
        ({"data-cy": "d"}, "d", "data-cy"),
        ({"data-cy": ["d"]}, None, None),
    ],
)
def test_test_id_is_the_first_that_is_set(attributes: dict[str, Any], test_id: str | None, attribute: str) -> None:
    target = target_in(page(element(3, "button", attributes)), 3)

    assert (target.test_id, target.test_id_attribute) == (test_id, attribute)


@pytest.mark.parametrize(
    ("attributes", "css"),
    [
        ({"id": "checkout"}, "#checkout"),
        ({"id": "step-2"}, "div.row.col > button"),
        ({"id": ":r1:", "class": "btn primary"}, "div.row.col > button.btn.primary"),
        ({"id": "ember412", "class": "btn is-active btn-disabled sign-in"}, "div.row.col > button.btn.sign-in"),
        ({"class": "css-abc sc-bdVaJa Button_root__aXbYc x1a2 md:p-4 buy"}, "div.row.col > button.buy"),
    ],
)
def test_css_holds_only_what_lasts(attributes: dict[str, Any], css: str) -> None:
    button = element(4, "button", attributes)

    assert target_in(page(element(3, "div", {"class": "row col open"}, button)), 4).css.removeprefix("body > ") == css


def test_css_starts_at_the_nearest_stable_id_or_three_levels_up() -> None:
    near = element(3, "nav", {"id": "menu"}, element(4, "ul", None, element(5, "button")))
    far = element(13, "nav", {"id": "menu"}, element(14, "ul", None, element(15, "li", None, element(16, "button"))))
    dom = page(near, far)

    assert target_in(dom, 5).css == "#menu > ul > button"
    assert target_in(dom, 16).css == "ul > li > button"


def test_input_type_is_told_for_inputs_only() -> None:
    dom = page(element(3, "input", {"type": "PassWord"}), element(4, "input"), element(5, "button", {"type": "submit"}))

    assert [dom.input_type(node_id) for node_id in (3, 4, 5, 99)] == ["password", "text", None, None]
    assert target_in(dom, 3).input_type == "password"


def test_unknown_nodes_are_counted_and_change_nothing() -> None:
    dom = page(text(3, "a"))

    dom.apply(
        mutation(
            removes=[{"id": 98}],
            adds=[add(97, text(96, "b")), add(2, {"type": 3, "textContent": "no id"})],
            texts=[{"id": 95, "value": "c"}, {"id": True, "value": "c"}],
            attributes=[{"id": 94, "attributes": {"x": "y"}}, {"id": [3], "attributes": {}}],
        )
    )

    assert dom.unknown_nodes == 7
    assert order_in(dom) == "a"


def test_events_are_left_as_they_came() -> None:
    event = snapshot(element(3, "button", {"class": "a"}))
    before = copy.deepcopy(event)
    dom = RecordedDom()

    dom.apply(event)
    dom.apply(mutation(attributes=[{"id": 3, "attributes": {"class": "b"}}]))

    assert event == before


def test_nesting_does_not_overflow_when_a_snapshot_is_deep() -> None:
    node = element(DEEP + 3, "button", None, text(DEEP + 4, "Deep"))
    for node_id in range(DEEP + 2, 2, -1):
        node = element(node_id, "div", None, node)
    dom = page(node)

    assert target_in(dom, DEEP + 4).name == "Deep"
    assert target_in(dom, 3).name is None
    dom.apply(mutation(removes=[{"id": 3}]))
    assert dom.target(DEEP + 3) is None


def test_nesting_does_not_overflow_when_mutations_add_it_from_the_inside_out() -> None:
    dom = page()

    dom.apply(mutation(adds=[add(node_id, element(node_id + 1, "fieldset")) for node_id in range(DEEP, 1, -1)]))

    assert dom.unknown_nodes == 0
    assert target_in(dom, DEEP).tag == "fieldset"
    dom.apply(snapshot())
    assert dom.target(DEEP) is None


def test_wide_pages_cost_no_more_a_node() -> None:
    def seconds(width: int) -> float:
        dom = page(element(3, "hr"))
        adds = [add(2, element(node_id, "p"), next_id=3) for node_id in range(4, width)]
        removes = [{"id": node_id} for node_id in range(width - 1, 3, -1)]
        start = time.process_time()
        dom.apply(mutation(adds=adds))
        dom.apply(mutation(removes=removes))
        assert dom.unknown_nodes == 0
        return time.process_time() - start

    # Ten times the nodes: 100 times the work if siblings were searched; the rest is the machine's noise.
    assert seconds(50_000) < 50 * min(seconds(5_000) for _ in range(3))


# Few ids, so that events meet; every field may also be anything else that JSON can say.
_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.sampled_from(["", "id", "a b", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "node", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
_IDS = st.integers(1, 7) | _JUNK
_TAGS = st.sampled_from(["button", "label", "input", "slot", "svg", "title", "fieldset", "legend", "iframe", "", "#x"])
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["id", "for", "aria-labelledby", "aria-label", "type", "role", "style", "tabindex", "name", "slot", "value"]
    ),
    st.sampled_from(["a", "b", "submit", "display:none", "0"]) | _JUNK,
    max_size=3,
)


def _mostly(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=fields) | _JUNK


def _node(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = {"type": st.sampled_from([0, 2, 2, 3]) | _JUNK, "id": _IDS, "tagName": _TAGS | _JUNK}
    more = {"attributes": _ATTRIBUTES | _JUNK, "textContent": _JUNK, "isShadow": st.booleans() | _JUNK}
    return _mostly({**fields, **more, "childNodes": children})


_NODES = st.recursive(_node(_JUNK), lambda inner: _node(st.lists(inner, max_size=3)), max_leaves=6)
_ADDS = st.lists(_mostly({"parentId": _IDS, "nextId": _IDS, "previousId": _IDS, "node": _NODES}), max_size=4)
_CHANGES = {
    "removes": st.lists(_mostly({"id": _IDS, "parentId": _IDS}), max_size=2) | _JUNK,
    "adds": _ADDS | _JUNK,
    "texts": st.lists(_mostly({"id": _IDS, "value": _JUNK}), max_size=2) | _JUNK,
    "attributes": st.lists(_mostly({"id": _IDS, "attributes": _ATTRIBUTES | _JUNK}), max_size=2) | _JUNK,
}
_EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([2, 3]) | _JUNK},
    optional={"data": _mostly({"source": st.just(0), "node": _NODES, **_CHANGES}), "timestamp": _JUNK},
)


@given(events=st.lists(_EVENTS, max_size=5))
def test_nothing_raises_whatever_events_hold(events: list[dict[str, Any]]) -> None:
    dom = page(element(3, "button", None, text(4, "a")), element(5, "iframe"))

    for event in events:
        dom.apply(event)
        targets = [dom.target(node_id) for node_id in range(-1, 10)]
        [dom.input_type(node_id) for node_id in range(-1, 10)]

        assert all(target is None or msgspec.json.encode(target) for target in targets)
        assert all(target is None or not target.name or len(target.name) <= 200 for target in targets)


@pytest.mark.skipif(not RECORDINGS.exists(), reason="recordings of real apps are not part of the repository")
@pytest.mark.parametrize(
    ("recording", "clicks"),
    [
        (
            "conduit_fav_500",
            {"textbox Email": 1, "password Password": 1, "button Sign in": 1, "button Favorite article": 7},
        ),
        (
            "conduit_fav_toggle",
            {
                "textbox Email": 1,
                "password Password": 1,
                "button Sign in": 1,
                "button Favorite article": 2,
                "button Unfavorite article": 2,
            },
        ),
        ("conduit_null_author__alpha4", {"link Go to page 2": 1, "link Go to page 3": 1}),
        ("conduit_chunk_missing", {"link Sign in": 5}),
        ("kitchensink_navigation", {"button Commands": 1, "testid new-todo": 1}),
    ],
)
def test_every_click_of_a_real_recording_finds_its_control(recording: str, clicks: dict[str, int]) -> None:
    events = msgspec.json.decode((RECORDINGS / f"{recording}.events.json").read_bytes())
    dom = RecordedDom()
    found: Counter[str] = Counter()

    for event in events:
        if event["type"] == 3 and event["data"]["source"] == 2 and event["data"]["type"] == 2:
            found[_identity(target_in(dom, event["data"]["id"]))] += 1
        dom.apply(event)

    assert found == clicks
    assert dom.unknown_nodes == 0


def _identity(target: Target) -> str:
    # Password fields are the one control without an ARIA role: their type stands in.
    assert target.interactive
    kind = target.role or target.input_type
    return f"testid {target.test_id}" if target.test_id else f"{kind} {target.name}"
