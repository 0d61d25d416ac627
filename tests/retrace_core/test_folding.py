"""Folded mutations: what our recorder leaves out comes back, and nothing that others make up does harm."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retrace_core import folding
from retrace_core.dom import RecordedDom
from retrace_core.folding import unfold
from tests.recorded_pages import element, snapshot, text

Json = dict[str, Any]


def mutation(*adds: Json, **more: Any) -> Json:
    return {"type": 3, "timestamp": 1, "data": {"source": 0, "adds": list(adds), "folded": True, **more}}


def add(parent: int, node: Json, before: int | None = None) -> Json:
    return {"parentId": parent, "nextId": before, "node": node}


def page() -> Json:
    return snapshot(element(3, "ul", {"class": "goods"}, element(4, "li", None, text(5, "Rope")), element(6, "hr")))


def adds_of(event: Json) -> list[Json]:
    adds: list[Json] = event["data"]["adds"]
    return adds


def test_nested_children_come_one_by_one_each_after_its_next_sibling() -> None:
    item = {"type": 2, "tagName": "li", "attributes": {}, "id": 10}
    nested = {**item, "childNodes": [{"type": 3, "textContent": "Wool", "id": 11}, {**item, "tagName": "b", "id": 12}]}
    events = [page(), mutation(add(3, nested, before=6), removes=[{"parentId": 3, "id": 4}])]
    unfold(events)

    assert adds_of(events[1]) == [
        add(3, {**item, "childNodes": []}, before=6),
        add(10, {**item, "tagName": "b", "id": 12, "childNodes": []}),
        add(10, {"type": 3, "textContent": "Wool", "id": 11}, before=12),
    ]
    assert events[1]["data"]["removes"] == [{"parentId": 3, "id": 4}]
    assert "folded" not in events[1]["data"]


def test_copy_has_its_original_s_distances_between_ids_or_its_own() -> None:
    events = [page(), mutation(add(3, {"like": 4, "id": 40})), mutation(add(3, {"like": 40, "ids": [70, -9]}))]
    unfold(events)

    assert [(each["node"]["id"], each["node"].get("textContent")) for each in adds_of(events[1])] == [
        (40, None),
        (41, "Rope"),
    ]
    assert [(each["node"]["id"], each["parentId"]) for each in adds_of(events[2])] == [(70, 3), (61, 70)]


def test_copy_is_of_what_an_id_stood_for_first() -> None:
    moved = element(4, "li", {"class": "sold"}, text(5, "Rope, sold"))
    events = [page(), mutation(add(3, moved)), mutation(add(3, {"like": 4, "id": 40}))]
    unfold(events)

    assert adds_of(events[2])[1]["node"]["textContent"] == "Rope"


def test_ids_of_one_snapshot_mean_nothing_in_the_next() -> None:
    events = [
        page(),
        mutation(add(3, {"like": 4, "id": 40})),
        snapshot(element(3, "ul")),
        mutation(add(3, {"like": 4, "id": 50})),
    ]
    unfold(events)

    assert len(adds_of(events[1])) == 2
    assert adds_of(events[3]) == []


def test_copies_that_cannot_be_made_are_left_out() -> None:
    unknown = {"like": 99, "id": 40}
    too_few = {"like": 4, "ids": [40]}
    no_ids = {"like": 4}
    holder = {"type": 2, "tagName": "p", "id": 50, "childNodes": [unknown, too_few, no_ids, {"like": 6, "id": 51}]}
    itself = {"type": 2, "tagName": "p", "id": 60, "childNodes": [{"like": 60, "id": 61}]}
    events = [page(), mutation(add(3, holder), add(3, itself), add(3, unknown))]
    unfold(events)

    assert [each["node"]["id"] for each in adds_of(events[1])] == [50, 51, 60]


def test_what_other_recorders_tell_is_left_alone() -> None:
    nested = add(3, element(10, "li", None, text(11, "Wool")))
    events = [page(), {"type": 3, "timestamp": 1, "data": {"source": 0, "adds": [nested]}}]
    before = copy.deepcopy(events)
    unfold(events)

    assert events == before


def test_copies_of_copies_end_at_the_limit(monkeypatch: Any) -> None:
    monkeypatch.setattr(folding, "MOST_COPIES", 10_000)
    doubling = []
    for step in range(40):
        twice = [{"like": 99 + step if step else 4, "id": 1_000_000 * step + half} for half in (1_000, 501_000)]
        doubling.append(mutation(add(3, {"type": 2, "tagName": "p", "id": 100 + step, "childNodes": twice})))
    events = [page(), *doubling]
    unfold(events)

    assert sum(len(adds_of(event)) for event in doubling) < 11_000


_IDS = st.integers(-2, 20)
_NODES = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"type": st.just(3), "id": _IDS, "textContent": st.just("Rope")}),
        st.fixed_dictionaries({"like": _IDS, "id": _IDS}),
        st.fixed_dictionaries({"like": _IDS, "ids": st.lists(_IDS, max_size=4)}),
        st.none() | st.integers() | st.just({}),
    ),
    lambda children: st.fixed_dictionaries(
        {"type": st.just(2), "tagName": st.just("p"), "id": _IDS, "childNodes": st.lists(children, max_size=3)}
    ),
    max_leaves=8,
)
_ADDS = st.lists(
    st.fixed_dictionaries({"parentId": _IDS, "nextId": st.none() | _IDS, "node": _NODES}) | st.none(), max_size=4
)


@given(st.lists(_ADDS | st.integers(), max_size=5))
def test_nothing_that_is_made_up_raises_or_stays_folded(lists: list[Any]) -> None:
    events = [page(), *({"type": 3, "data": {"source": 0, "adds": adds, "folded": 1}} for adds in lists)]
    unfold(events)

    dom = RecordedDom()
    for event in events:
        dom.apply(event)
        for told in event["data"].get("adds", []):
            assert "like" not in told["node"]
            assert told["node"].get("childNodes", []) == []


def test_deep_nesting_is_no_harm() -> None:
    node: Json = {"type": 2, "tagName": "i", "id": 5_000}
    for node_id in range(4_999, 1_000, -1):
        node = {"type": 2, "tagName": "i", "id": node_id, "childNodes": [node]}
    events = [page(), mutation(add(3, node)), mutation(add(3, {"like": 1_001, "id": 10_001}))]
    unfold(events)

    assert len(adds_of(events[1])) == len(adds_of(events[2])) == 4_000
