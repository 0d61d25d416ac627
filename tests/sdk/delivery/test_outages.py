"""The door goes away for a while: what pages keep, who sends it afterwards, and that nothing comes twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest
from playwright.sync_api import Error, Page

from tests.sdk.delivery.conftest import Visitor, numbers, say

pytestmark = pytest.mark.slow

FINAL = "final"


@contextmanager
def _outage(visitor: Visitor) -> Iterator[None]:
    visitor.door.stop()
    try:
        yield
    finally:
        visitor.door.start()


def _posts(page: Page) -> list[dict[str, int]]:
    posts: list[dict[str, int]] = page.evaluate("posts")
    return posts


def _wait_until_stored(visitor: Visitor, page: Page, batches: int) -> None:
    """Until so many batches are in the page's outbox."""
    script = """() => new Promise((resolve) => {
        const request = indexedDB.open("retrace");
        request.onsuccess = () => {
            const all = request.result.transaction("heads").objectStore("heads").getAll();
            all.onsuccess = () => { request.result.close(); resolve(all.result.length); };
        };
    })"""
    visitor.wait_for(lambda: page.evaluate(script) >= batches, page)


def test_outage_of_ten_minutes_loses_nothing_and_sends_nothing_twice(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    page.clock.install()
    visitor.go(page, "/")
    say(page, "before")
    visitor.wait_for(lambda: "before" in visitor.lines)
    with _outage(visitor):
        for second in range(0, 600, 3):
            say(page, f"second {second}")
            page.clock.fast_forward(3_000)
    during = [post for post in _posts(page) if post["status"] == 0]
    say(page, "after")

    def arrived() -> bool:
        page.clock.fast_forward(2_000)
        return "after" in visitor.lines

    visitor.wait_for(arrived)

    assert visitor.lines == ["before", *(f"second {second}" for second in range(0, 600, 3)), "after"]
    assert max(Counter(numbers(visitor.batches)).values()) == 1
    assert 9 < len(during) < 60
    assert all(later["at"] - earlier["at"] >= 1_000 for earlier, later in pairwise(during))


def test_navigation_during_an_outage_loses_nothing(visitor: Visitor) -> None:
    page = visitor.open("/first")
    visitor.wait_for(lambda: visitor.batches)
    with _outage(visitor):
        say(page, "sealed")
        visitor.wait_for(lambda: len(_posts(page)) > 1)
        _wait_until_stored(visitor, page, 1)
        say(page, "open")
        visitor.go(page, "/second")
        say(page, "next page")
    visitor.wait_for(lambda: len(visitor.lines) == 3)
    visitor.wait_for(lambda: any(batch["flushType"] == FINAL for batch in visitor.batches))

    assert visitor.lines == ["sealed", "open", "next page"]
    assert len({batch["sessionId"] for batch in visitor.batches}) == 1
    assert max(Counter(numbers(visitor.batches)).values()) == 1
    assert visitor.payloads("retrace/gap@1") == []


def test_tab_that_crashes_during_an_outage_loses_only_what_was_not_sealed(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches)
    with _outage(visitor):
        say(page, "sealed")
        visitor.wait_for(lambda: len(_posts(page)) > 1)
        _wait_until_stored(visitor, page, 1)
        say(page, "not sealed")
        with suppress(Error):
            page.goto("chrome://crash")
    crashed = visitor.batches[0]["windowId"]
    other = visitor.open("/again")
    visitor.wait_for(lambda: visitor.payloads("retrace/gap@1"), other)

    (gap,) = visitor.payloads("retrace/gap@1")
    last = max((b for b in visitor.batches if b["windowId"] == crashed), key=lambda batch: batch["sequence"])
    assert visitor.lines == ["sealed"]
    assert (gap["reason"], gap["sequences"]) == ("crash", None)
    assert gap["fromMs"] < gap["toMs"]
    assert last["flushType"] == FINAL
    assert max(Counter(numbers(visitor.batches)).values()) == 1


def test_leftovers_are_sent_by_one_of_two_tabs(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.wait_for(lambda: visitor.batches)
    with _outage(visitor):
        say(page, "left behind")
        visitor.wait_for(lambda: len(_posts(page)) > 1)
        page.goto("about:blank")
    tabs = [visitor.context.new_page(), visitor.context.new_page()]
    for tab in tabs:
        tab.goto(visitor.address + "/tab", wait_until="commit")
    visitor.wait_for(lambda: "left behind" in visitor.lines)
    tabs[0].wait_for_timeout(500)

    windows = Counter(batch["windowId"] for batch in visitor.batches)
    accepted = [post for tab in tabs for post in _posts(tab) if post["status"] == 202]
    assert visitor.lines == ["left behind"]
    assert len(windows) == 3
    assert len(accepted) == len(visitor.batches) - 1, "each batch was posted once; the first by the page that left"
