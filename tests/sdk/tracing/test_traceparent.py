"""Trace context: where it goes, where it does not, and that the app's own calls stay as they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Request as PlaywrightRequest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from retrace_app.demo.serving import serving

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

SERVER_TRACE = "00-11111111111111111111111111111111-b7ad6b7169203331-01"


@dataclass
class OtherOrigin:
    """A server that is not the page's: every request it got, preflights too, with its trace header."""

    address: str = ""
    seen: list[tuple[str, str | None]] = field(default_factory=list)


class _Noting:
    def __init__(self, app: ASGIApp, other: OtherOrigin) -> None:
        self.app, self.other = app, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        trace = headers.get(b"traceparent")
        self.other.seen.append((scope["method"], trace.decode() if trace else None))
        await self.app(scope, receive, send)


@pytest.fixture
def other_origin() -> Iterator[OtherOrigin]:
    other = OtherOrigin()

    async def answer(request: Request) -> Response:
        return JSONResponse({}, headers={"traceparent": SERVER_TRACE, "access-control-expose-headers": "traceparent"})

    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["traceparent"])
    noting = Middleware(_Noting, other=other)
    application = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])], middleware=[noting, cors])
    with serving(application) as other.address:
        yield other


CALLS = """async (address) => {
    const xhr = (set) => new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("GET", address + "/xhr");
        if (set) request.setRequestHeader("traceparent", set);
        request.onloadend = done;
        request.send();
    });
    await fetch(address + "/fetch");
    await fetch(new Request(address + "/request", { method: "POST", body: "x" }));
    await xhr();
    return xhr;
}"""


def _traces(recorded: "Recorded") -> list[str]:
    recorded.flush()
    return [
        request["trace"]["requestTraceparent"]
        for request in recorded.payloads("retrace/network@1")
        if "trace" in request
    ]


def test_calls_to_other_origins_stay_as_the_app_made_them(open_page: OpenPage, other_origin: OtherOrigin) -> None:
    recorded = open_page()
    recorded.page.evaluate(CALLS, other_origin.address)
    recorded.flush()

    # No preflight either: these are simple requests.
    assert other_origin.seen == [("GET", None), ("POST", None), ("GET", None)]
    requests = recorded.payloads("retrace/network@1")
    assert ["firstParty" in request for request in requests] == [False] * 3
    assert len(requests) == 3


def test_requests_of_a_page_share_a_trace_and_have_spans_of_their_own(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate(CALLS, "")
    first = _traces(recorded)
    recorded.page.evaluate("history.pushState({}, '', '/next')")
    recorded.page.evaluate(CALLS, "")
    both = _traces(recorded)

    assert len(first) == 3
    assert len({trace.split("-")[1] for trace in first}) == 1
    assert len({trace.split("-")[1] for trace in both}) == 2
    assert len({trace.split("-")[2] for trace in both}) == 6


def test_allow_listed_origin_gets_the_trace_and_its_answer_is_read(
    open_page: OpenPage, other_origin: OtherOrigin
) -> None:
    recorded = open_page(options=f"{{ tracePropagationTargets: ['{other_origin.address}'] }}")
    recorded.page.evaluate(CALLS, other_origin.address)
    sent = _traces(recorded)

    assert [trace for method, trace in other_origin.seen if method != "OPTIONS"] == sent
    answers = [request["trace"] for request in recorded.payloads("retrace/network@1")]
    assert {answer["responseTraceparent"] for answer in answers} == {SERVER_TRACE}
    assert {answer["traceId"] for answer in answers} == {"1" * 32}


def test_trace_that_the_app_set_itself_is_kept(open_page: OpenPage, other_origin: OtherOrigin) -> None:
    recorded = open_page(options=f"{{ tracePropagationTargets: ['{other_origin.address}'] }}")
    own = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"
    recorded.page.evaluate(
        """async ([address, own]) => {
            await fetch(address, { headers: { traceparent: own } });
            const request = new XMLHttpRequest();
            request.open("GET", address);
            request.setRequestHeader("TraceParent", own);
            await new Promise((done) => { request.onloadend = done; request.send(); });
        }""",
        [other_origin.address, own],
    )

    assert _traces(recorded) == [own, own]
    assert [trace for method, trace in other_origin.seen if method != "OPTIONS"] == [own, own]


def test_posts_of_the_recorder_carry_no_trace_and_are_no_requests_of_the_page(open_page: OpenPage) -> None:
    recorded = open_page(options="{ tracePropagationTargets: [/./] }")
    posts: list[PlaywrightRequest] = []
    # A bound method of a list is none that Playwright can wrap.
    recorded.page.on("request", lambda request: posts.append(request))  # noqa: PLW0108
    recorded.page.evaluate("fetch('/status/200')")
    recorded.page.wait_for_timeout(100)
    recorded.flush()
    recorded.flush()

    headers = [post.headers for post in posts if post.url == recorded.capture.url]
    assert headers
    assert not any("traceparent" in header for header in headers)
    assert len(recorded.payloads("retrace/network@1")) == 1
    assert recorded.page.evaluate("retrace.getBreadcrumbs().filter((crumb) => crumb.category === 'http').length") == 1
