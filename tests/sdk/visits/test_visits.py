"""One visit over page loads and tabs; where it ends, and what begins then."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

SNAPSHOT, META = 2, 4
MINUTE_MS = 60_000


def _distinct(recorded: "Recorded", field: str) -> list[Any]:
    return list(dict.fromkeys(batch[field] for batch in recorded.capture.batches))


def _go(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("window.retrace !== undefined")


def test_visit_goes_on_over_page_loads_with_a_window_each(open_page: OpenPage) -> None:
    recorded = open_page("<a href='/next'>Next</a>")
    recorded.page.click("a")
    recorded.page.wait_for_url("**/next")
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.wait_for(lambda: len(_distinct(recorded, "windowId")) == 2)
    recorded.wait_for(recorded.finals)

    first = recorded.capture.batches[0]["windowId"]
    batches = recorded.capture.batches
    assert len(_distinct(recorded, "sessionId")) == 1
    assert [batch["sequence"] for batch in batches if batch["windowId"] == first][:2] == [0, 1]
    assert [batch["sequence"] for batch in batches if batch["windowId"] != first] == [0]
    assert [batch["windowId"] for batch in recorded.finals()] == [first]


def test_visit_spans_the_tabs_of_the_browser(open_page: OpenPage) -> None:
    recorded = open_page()
    other = recorded.page.context.new_page()
    _go(other, recorded.address + "/other")
    recorded.wait_for(lambda: len(_distinct(recorded, "windowId")) == 2)

    assert len(_distinct(recorded, "sessionId")) == 1


def test_tabs_that_open_at_the_same_moment_are_one_visit(open_page: OpenPage) -> None:
    recorded = open_page(options="{ autoStart: false }", sends=False)
    tabs = [recorded.page.context.new_page() for _ in range(5)]
    for tab in tabs:
        _go(tab, recorded.address)
        # So far apart that no tab sees the others' storage before it has decided.
        tab.evaluate("(at) => { setTimeout(() => retrace.start(), at - Date.now()); }", _soon(recorded.page))
    recorded.wait_for(lambda: len(_distinct(recorded, "windowId")) == len(tabs))

    assert len(_distinct(recorded, "sessionId")) == 1


def _soon(page: Page) -> int:
    moment: int = page.evaluate("window.moment ??= Date.now() + 1500")
    return moment


def test_visit_ends_after_half_an_hour_without_a_person_and_the_next_act_begins_another(open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>")
    page = recorded.page
    page.clock.install()
    _go(page, recorded.address + "/clock")
    recorded.wait_for(lambda: len(_distinct(recorded, "windowId")) == 2)
    page.clock.fast_forward(29 * MINUTE_MS)
    page.evaluate("console.info('the page by itself')")
    page.clock.fast_forward(2 * MINUTE_MS)
    page.evaluate("console.info('nobody is there')")
    recorded.wait_for(lambda: len(recorded.finals()) == 2)
    sessions = _distinct(recorded, "sessionId")
    page.click("button")
    recorded.flush()

    said = [payload["payload"] for payload in recorded.payloads("retrace/console@1")]
    new = [batch for batch in recorded.capture.batches if batch["sessionId"] not in sessions]
    events = [event for batch in new for event in batch["events"]]
    assert len(sessions) == 1
    assert said == [["the page by itself"]]
    assert {META, SNAPSHOT} <= {event["type"] for event in events}
    assert "retrace/click@1" in [event["data"].get("plugin") for event in events]


def test_unsampled_visit_sends_nothing_on_any_page(open_page: OpenPage) -> None:
    recorded = open_page(options="{ sampleRate: 0 }", sends=False)
    _go(recorded.page, recorded.address + "/next")
    recorded.flush()

    assert recorded.capture.bodies == []


def test_page_that_comes_back_from_the_cache_is_a_new_window(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        console.info("while away");
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        console.info("back");
    }""")
    recorded.flush()

    windows = _distinct(recorded, "windowId")
    back = [event for batch in recorded.capture.batches if batch["windowId"] == windows[1] for event in batch["events"]]
    assert len(windows) == 2
    assert {META, SNAPSHOT} <= {event["type"] for event in back}
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["back"]]
