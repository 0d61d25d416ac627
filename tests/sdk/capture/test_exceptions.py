"""What nobody caught: errors, rejections, resources that did not load."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def test_exceptions_arrive_with_their_stack(open_page: OpenPage) -> None:
    recorded = open_page(
        "<button>Break</button>",
        script="document.querySelector('button').onclick = function onBreak() { null.push(1); }",
    )
    recorded.page.click("button")
    recorded.page.evaluate("() => { Promise.reject(new RangeError('too far')); Promise.reject('plain'); }")
    recorded.page.wait_for_timeout(50)
    recorded.flush()

    error, rejection, plain = recorded.payloads("retrace/exception@1")
    assert error["kind"] == "onerror"
    assert error["message"] == "Uncaught TypeError: Cannot read properties of null (reading 'push')"
    assert "onBreak" in error["stack"]
    assert error["source"].startswith(recorded.address)
    assert error["line"] > 0
    assert (rejection["kind"], rejection["message"]) == ("unhandledrejection", "RangeError: too far")
    assert "RangeError" in rejection["stack"]
    assert (plain["message"], "stack" in plain) == ("plain", False)
    assert [payload.get("name") for payload in (error, rejection, plain)] == ["TypeError", "RangeError", None]
    assert len(error["trace"]["traceId"]) == 32


def test_page_keeps_its_own_errors_when_it_is_recorded(open_page: OpenPage) -> None:
    recorded = open_page()
    seen = recorded.page.evaluate("""async () => {
        const seen = [];
        addEventListener("unhandledrejection", (event) => seen.push(event.reason.message));
        fetch("http://127.0.0.1:9/");
        const text = await (await fetch("/status/200")).text();
        await new Promise((done) => setTimeout(done, 300));
        return [...seen, text];
    }""")

    assert seen == ["Failed to fetch", "{}"]


def test_resource_that_does_not_load_is_told_with_its_address(open_page: OpenPage) -> None:
    recorded = open_page("<img src='/status/404?token=t0ps3cret'>")
    recorded.page.wait_for_timeout(100)
    recorded.page.evaluate(
        "() => { const s = document.createElement('script'); s.src = '/status/500'; "
        "document.head.append(s); return new Promise((done) => (s.onerror = done)).then(() => 1); }"
    )
    recorded.flush()

    resources = [payload for payload in recorded.payloads("retrace/exception@1") if payload["kind"] == "resource"]
    assert resources[-1]["message"] == "Failed to load <script>"
    assert resources[-1]["source"] == recorded.address + "/status/500"


def test_error_that_repeats_is_told_once_and_counted(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        const fail = () => { throw new Error("again"); };
        for (let i = 0; i < 50; i++) setTimeout(fail);
        setTimeout(() => { throw new Error("another"); });
    }""")
    recorded.page.wait_for_timeout(100)
    recorded.page.evaluate("retrace.stop()")
    recorded.wait_for(recorded.finals)

    counts = [(payload["message"], payload["count"]) for payload in recorded.payloads("retrace/exception@1")]
    assert counts == [("Uncaught Error: again", 1), ("Uncaught Error: another", 1), ("Uncaught Error: again", 49)]


def test_captured_exception_is_told_with_the_trail_to_it(open_page: OpenPage) -> None:
    recorded = open_page("<button>Pay</button>", "{ maxBreadcrumbs: 2 }")
    recorded.page.click("button")
    recorded.page.evaluate("""() => {
        retrace.addBreadcrumb({ category: "auth", message: "login by jane@example.com", data: { user: 7 } });
        try { null.push(); } catch (error) { retrace.captureException(error); }
    }""")
    recorded.flush()

    (exception,) = recorded.payloads("retrace/exception@1")
    assert (exception["kind"], exception["name"]) == ("captured", "TypeError")
    assert [(crumb["category"], crumb["message"]) for crumb in exception["breadcrumbs"]] == [
        ("ui.click", 'button "Pay"'),
        ("auth", "login by [email]"),
    ]
    assert exception["breadcrumbs"][1]["data"] == {"user": 7}


def test_errors_from_before_the_recorder_was_there_are_not_lost(open_page: OpenPage) -> None:
    recorded = open_page(
        "<script>window.retraceEarly = []; window.keepEarly = (event) => retraceEarly.push(event);"
        "window.retraceEarly.stop = () => removeEventListener('error', keepEarly);"
        "addEventListener('error', keepEarly); setTimeout(() => { throw new Error('too early'); });</script>"
    )
    recorded.page.evaluate("setTimeout(() => { throw new Error('in time'); })")
    recorded.page.wait_for_timeout(50)
    recorded.flush()

    messages = [payload["message"] for payload in recorded.payloads("retrace/exception@1")]
    assert messages == ["Uncaught Error: too early", "Uncaught Error: in time"]
    assert recorded.page.evaluate("retraceEarly.length") == 0
