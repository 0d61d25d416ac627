"""What does not lead to the failure is left out."""

from retrace_assets.specs.acts import acts_of
from retrace_assets.specs.cutting import Cut, cut
from tests.recorded_pages import element, text
from tests.retrace_assets.specs.recordings import ORIGIN, Visit, names

FIELD = element(10, "input", {"type": "text", "aria-label": "Search"})
BUTTON = element(11, "button", None, text(12, "Go"))
OTHER = element(13, "button", None, text(14, "Other"))
LINK = element(15, "a", {"href": "/cart"}, text(16, "Cart"))
WORDS = element(17, "p", None, text(18, "Words"))


def left(*visits: Visit, clicks: tuple[str, ...] = (), needs_trigger: bool = False) -> Cut:
    acts = acts_of([visit.window for visit in visits], float("inf"))
    return cut(acts, visits[-1].at_ms, clicks=clicks, needs_trigger=needs_trigger)


def test_click_on_plain_text_that_did_nothing_goes() -> None:
    visit = Visit().opens(WORDS, BUTTON)
    visit.clicks(17)
    visit.clicks(11)

    assert [act.node_id for act in left(visit).acts if act.kind == "click"] == [11]


def test_click_on_plain_text_that_changed_the_page_stays() -> None:
    visit = Visit().opens(WORDS, BUTTON)
    visit.clicks(17)
    visit.changes(adds=[{"parentId": 2, "nextId": None, "node": text(50, "more")}])
    visit.clicks(11)

    assert [act.node_id for act in left(visit).acts if act.kind == "click"] == [17, 11]


def test_angry_clicks_are_the_first_of_them() -> None:
    visit = Visit().opens(BUTTON)
    ids = tuple(visit.clicks(11, 200) for _ in range(5))

    cut_ = left(visit, clicks=ids)

    assert [act.event_id for act in cut_.acts][1:] == [ids[0]]
    assert cut_.trigger is not None
    assert cut_.trigger.event_id == ids[0]


def test_what_comes_after_the_click_in_question_goes() -> None:
    visit = Visit().opens(BUTTON, OTHER)
    click = visit.clicks(11)
    visit.clicks(13)

    assert [act.node_id for act in left(visit, clicks=(click,)).acts] == [None, 11]


def test_page_opened_anew_makes_what_was_only_looked_at_needless() -> None:
    first = Visit().opens(LINK)
    second = Visit(f"{ORIGIN}/deals", "w2", first.at_ms + 30_000).opens(BUTTON)
    second.clicks(11)

    cut_ = left(first, second)

    assert [act.text or act.node_id for act in cut_.acts] == [f"{ORIGIN}/deals", 11]


def test_page_opened_anew_keeps_what_left_something_behind() -> None:
    first = Visit().opens(BUTTON)
    first.clicks(11)
    second = Visit(f"{ORIGIN}/deals", "w2", first.at_ms + 30_000).opens(OTHER)
    second.clicks(13)

    assert names(left(first, second).acts) == ["navigate", "click", "navigate", "click"]


def test_link_that_loads_a_page_is_opening_it() -> None:
    first = Visit().opens(LINK)
    first.clicks(15)
    second = Visit(f"{ORIGIN}/cart", "w2", first.at_ms).opens(BUTTON)
    second.clicks(11)

    assert [act.text or act.node_id for act in left(first, second).acts] == [f"{ORIGIN}/cart", 11]


def test_field_that_was_filled_twice_is_filled_once() -> None:
    visit = Visit().opens(FIELD, BUTTON)
    visit.types(10, "rope")
    visit.types(10, "ropes")
    visit.clicks(11)

    assert [act.text for act in left(visit).acts if act.kind == "fill"] == ["ropes"]


def test_clicks_that_each_did_something_all_stay() -> None:
    visit = Visit().opens(BUTTON, OTHER)
    for number in range(3):
        visit.clicks(11)
        visit.changes(adds=[{"parentId": 2, "nextId": None, "node": text(60 + number, "one more")}])
    visit.clicks(13)

    assert [act.node_id for act in left(visit).acts if act.kind == "click"] == [11, 11, 11, 13]


def test_page_that_fails_by_itself_has_only_its_address() -> None:
    visit = Visit().opens(BUTTON)

    assert names(left(visit).acts) == ["navigate"]
