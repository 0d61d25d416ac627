"""Requests with their outcome, and never our own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_requests_of_fetch_and_xhr_arrive_with_their_outcome(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""async () => {
        const xhr = (method, url, abort) => new Promise((done) => {
            const request = new XMLHttpRequest();
            request.open(method, url);
            request.onloadend = done;
            request.send();
            if (abort) request.abort();
        });
        await fetch("/status/500?token=abc&page=2", { method: "post" });
        await fetch(new Request("/status/201"));
        await fetch("http://127.0.0.1:9/").catch(() => {});
        await xhr("get", "/status/404");
        await xhr("GET", "/status/200", true);
    }""")
    recorded.flush()

    requests = recorded.payloads("retrace/network@1")
    assert [(r["kind"], r["method"], r["url"].removeprefix(recorded.address), r.get("status")) for r in requests] == [
        ("fetch", "POST", "/status/500?token=[redacted]&page=2", 500),
        ("fetch", "GET", "/status/201", 201),
        ("fetch", "GET", "http://127.0.0.1:9/", None),
        ("xhr", "GET", "/status/404", 404),
        ("xhr", "GET", "/status/200", None),
    ]
    assert [r["error"] for r in requests if "error" in r] == ["TypeError: Failed to fetch", "abort"]
    assert all(r["durationMs"] >= 0 and r["startedAt"] > 1.6e12 for r in requests)


def test_recorder_never_reports_its_own_posts(open_page: OpenPage) -> None:
    recorded = open_page()
    for _ in range(3):
        recorded.page.evaluate("console.info('tick')")
        recorded.flush()

    assert len(recorded.capture.batches) >= 4
    assert recorded.payloads("retrace/network@1") == []
