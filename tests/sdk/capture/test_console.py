"""What the page logs, and what logging must not break."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_assertions_arrive_when_they_fail(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate(
        """() => { console.assert(1 === 1, "holds"); console.assert(1 === 2, "the total of", 3); }"""
    )
    recorded.flush()

    lines = [(payload["level"], payload["payload"]) for payload in recorded.payloads("retrace/console@1")]
    assert lines == [("assert", ["Assertion failed", "the total of", "3"])]


def test_console_lines_arrive_in_order_without_their_secrets(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        console.error("failed for jane@example.com", new TypeError("no push"), { token: "abc", n: 1 });
        console.warn("careful");
        console.info(document.body, [1, 2]);
        console.log("not recorded");
    }""")
    recorded.flush()

    lines = [(payload["level"], payload["payload"]) for payload in recorded.payloads("retrace/console@1")]
    assert lines == [
        ("error", ["failed for [email]", "TypeError: no push", '{"token":"[redacted]","n":1}']),
        ("warn", ["careful"]),
        ("info", ["<body>", "[1,2]"]),
    ]


def test_recorder_survives_a_page_that_logs_traps(open_page: OpenPage) -> None:
    recorded = open_page()
    outcome = recorded.page.evaluate("""() => {
        const trap = new Proxy({}, { ownKeys() { throw new Error("trap"); }, get() { throw new Error("trap"); } });
        console.error({ get boom() { throw new Error("getter"); } });
        console.info(trap);
        console.warn("still here");
        return "fine";
    }""")
    recorded.flush()

    assert outcome == "fine"
    assert recorded.payloads("retrace/console@1")[-1]["payload"] == ["still here"]
