"""A visit and its windows: page loads, and pages that come back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

SNAPSHOT, META = 2, 4


def test_visit_goes_on_over_page_loads_with_a_window_each(open_page: OpenPage) -> None:
    recorded = open_page("<a href='/next'>Next</a>")
    recorded.page.click("a")
    recorded.page.wait_for_url("**/next")
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.wait_for(lambda: len({batch["windowId"] for batch in recorded.capture.batches}) == 2)
    recorded.wait_for(recorded.finals)

    first = recorded.capture.batches[0]["windowId"]
    batches = recorded.capture.batches
    assert len({batch["sessionId"] for batch in batches}) == 1
    assert [batch["sequence"] for batch in batches if batch["windowId"] == first] == [0, 1]
    assert [batch["sequence"] for batch in batches if batch["windowId"] != first] == [0]
    assert [batch["windowId"] for batch in recorded.finals()] == [first]


def test_page_that_comes_back_from_the_cache_is_a_new_window(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        console.info("while away");
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        console.info("back");
    }""")
    recorded.flush()

    windows = list(dict.fromkeys(batch["windowId"] for batch in recorded.capture.batches))
    back = [event for batch in recorded.capture.batches if batch["windowId"] == windows[1] for event in batch["events"]]
    assert len(windows) == 2
    assert [event["type"] for event in back if event["type"] in (META, SNAPSHOT)] == [META, SNAPSHOT]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["back"]]


def test_tabs_of_one_browser_are_one_visit(open_page: OpenPage) -> None:
    recorded = open_page()
    other = recorded.page.context.new_page()
    other.goto(recorded.address + "/other")
    recorded.wait_for(lambda: len({batch["windowId"] for batch in recorded.capture.batches}) == 2)
    assert len({batch["sessionId"] for batch in recorded.capture.batches}) == 1


def test_visit_ends_after_half_an_hour_of_silence(open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>", clock=True)
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.page.clock.fast_forward("31:00")
    recorded.page.click("button")
    recorded.page.clock.fast_forward(6_000)
    recorded.wait_for(lambda: len({batch["sessionId"] for batch in recorded.capture.batches}) == 2)
    first, second = dict.fromkeys(batch["sessionId"] for batch in recorded.capture.batches)
    clicked = [batch["sessionId"] for batch in recorded.capture.batches if "retrace/click@1" in str(batch["events"])]
    assert clicked == [second]
    assert first != second
