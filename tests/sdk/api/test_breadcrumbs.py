"""The trail before an error."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_breadcrumbs_are_left_by_what_happens_in_sentrys_shape(open_page: OpenPage) -> None:
    recorded = open_page("<button id=pay>Pay</button>")
    recorded.page.click("#pay")
    crumbs = recorded.page.evaluate("""async () => {
        console.warn("careful");
        await fetch("/status/500?page=2", { method: "post" });
        history.pushState({}, "", "/next?x=1");
        setTimeout(() => { throw new Error("broken"); });
        await new Promise((done) => setTimeout(done, 50));
        const crumbs = retrace.getBreadcrumbs();
        crumbs[0].message = "changed";
        return retrace.getBreadcrumbs();
    }""")

    told = [(crumb["category"], crumb["level"], crumb["message"].replace(recorded.address, "")) for crumb in crumbs]
    assert told == [
        ("navigation", "info", " → /"),
        ("ui.click", "info", 'button #pay "Pay"'),
        ("console", "warning", "careful"),
        ("http", "error", "POST /status/500 → 500"),
        ("navigation", "info", "/ → /next"),
        ("error", "error", "Uncaught Error: broken"),
    ]
    assert all(crumb["timestamp"] > 1.6e12 for crumb in crumbs)
    assert crumbs[3]["data"]["status_code"] == 500


def test_masked_text_does_not_get_into_the_trail(open_page: OpenPage) -> None:
    recorded = open_page("<button data-retrace-mask id=owner>Jane Roe</button>")
    recorded.page.click("button")

    assert recorded.page.evaluate("retrace.getBreadcrumbs().at(-1).message") == "button #owner"
