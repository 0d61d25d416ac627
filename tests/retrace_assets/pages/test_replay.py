"""Playing a window gives a row for each change a person sees, each click and each message, and never raises."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.pages.ambient import ambient_nodes
from retrace_assets.pages.replay import PageRow, page_rows
from tests.recorded_pages import Json, add, element, mutation, snapshot, text

START: list[Json] = [snapshot(element(3, "button", {}, text(4, "Save")), element(5, "p", None, text(6, "0")))]


def at(time: float, event: Json) -> Json:
    """An event at another time."""
    return {**event, "timestamp": time}


def pointer(time: float, kind: int, node: int = 3) -> Json:
    """A mouse interaction: 1 goes down, 2 clicks."""
    return {"type": 3, "timestamp": time, "data": {"source": 2, "type": kind, "id": node, "x": 1, "y": 1}}


def played(*events: Json) -> list[PageRow]:
    """The rows of a window of one batch."""
    return page_rows([(0, [*START, *events])])


def test_only_what_is_seen_makes_a_row() -> None:
    rows = played(
        at(10, mutation(texts=[{"id": 6, "value": "1"}])),
        at(20, mutation(attributes=[{"id": 3, "attributes": {"data-x": "1"}}])),
    )
    assert [(row.kind, row.event_index) for row in rows] == [("snapshot", 0), ("change", 1)]


def test_a_click_knows_how_the_page_looked_when_the_pointer_went_down() -> None:
    rows = played(pointer(100, 1), at(120, mutation(texts=[{"id": 6, "value": "1"}])), pointer(180, 2))
    click, start = rows[-1], rows[0]
    assert (click.kind, click.before, click.traits) == ("click", start.signature, ["control", "submit"])
    assert click.signature != start.signature


def test_a_click_without_a_press_looks_at_the_page_as_it_is() -> None:
    rows = played(at(120, mutation(texts=[{"id": 6, "value": "1"}])), pointer(180, 2))
    assert rows[-1].before == rows[-1].signature


def test_messages_are_parts_of_their_event() -> None:
    toast = add(2, element(30, "div", {"role": "alert"}, text(31, "Could not save")))
    rows = played(at(10, mutation(adds=[toast])))
    assert [(row.kind, row.part, row.message) for row in rows[1:]] == [
        ("change", 0, None),
        ("message", 1, "Could not save"),
    ]


def test_a_folded_mutation_is_what_rrweb_told() -> None:
    shown = [add(2, element(40, "p", None)), add(40, text(41, "0"))]
    folded = {"parentId": 2, "nextId": None, "node": {"like": 5, "id": 40}}
    plain, copied = (played(at(10, mutation(**data))) for data in ({"adds": shown}, {"adds": [folded], "folded": True}))
    assert [row.kind for row in copied] == ["snapshot", "change"]
    assert copied == plain


def test_a_node_that_moves_is_a_change() -> None:
    moved = mutation(removes=[{"parentId": 2, "id": 5}], adds=[add(2, element(5, "p", None, text(6, "0")), next_id=3)])
    assert [row.kind for row in played(at(10, moved))] == ["snapshot", "change"]


def test_nothing_is_played_before_the_first_snapshot() -> None:
    assert page_rows([(0, [mutation(texts=[{"id": 6, "value": "1"}]), pointer(5, 2)])]) == []


def test_ids_mean_something_else_after_each_snapshot() -> None:
    rows = page_rows([(0, START), (1, [snapshot(element(3, "a", {"href": "/", "target": "_blank"})), pointer(50, 2)])])
    assert (rows[-1].sequence, rows[-1].traits) == (1, ["control", "new_tab"])


def test_what_ticks_by_itself_is_ambient_and_what_answers_the_user_is_not() -> None:
    ticks = [at(1_000 * second, mutation(texts=[{"id": 6, "value": str(second)}])) for second in range(1, 9)]
    assert ambient_nodes([*START, *ticks]) == [frozenset(), frozenset({6})]
    answers = [event for tick in ticks for event in (pointer(tick["timestamp"] - 100, 2), tick)]
    assert ambient_nodes([*START, *answers]) == [frozenset(), frozenset()]


def test_a_clock_does_not_change_what_is_seen() -> None:
    ticks = [at(1_000 * second, mutation(texts=[{"id": 6, "value": str(second)}])) for second in range(1, 9)]
    assert len({row.signature for row in played(*ticks)}) == 1
    assert len({row.signature for row in played(*ticks[:3])}) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 40) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "node", "adds", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
EVENTS = st.one_of(
    st.fixed_dictionaries({"type": JSON, "timestamp": JSON, "data": JSON}),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from([2, 3, 4, 6]),
            "timestamp": st.integers(0, 9),
            "data": st.dictionaries(
                st.sampled_from(["source", "type", "id", "adds", "removes", "texts", "attributes", "node"]),
                JSON,
                max_size=6,
            ),
        }
    ),
)


@given(st.lists(EVENTS, max_size=8))
def test_damaged_streams_never_raise(events: list[dict[str, Any]]) -> None:
    page_rows([(0, [*START, *events])])
    page_rows([(0, events)])
