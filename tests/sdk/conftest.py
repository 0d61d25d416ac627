"""A real Chromium, and pages that load the built recorder and post to a listening door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from retrace_app.demo.capture import Batch, Capture, capturing
from retrace_app.demo.serving import serving
from retrace_app.demo.shop_server import recorder_file
from retrace_core.folding import unfold
from tests.browsers import browser, browsers, fresh_context

__all__ = ["browser", "browsers"]

_WAIT_MS = 10_000
_STEP_MS = 25


@dataclass
class Recorded:
    """A page that records itself, and what has arrived of it."""

    page: Page
    capture: Capture
    address: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that arrived, in the order of the batches, as rrweb recorded it."""
        events = [copy(event) for batch in self.capture.batches for event in batch["events"]]
        unfold(events)
        return events

    def payloads(self, plugin: str) -> list[dict[str, Any]]:
        """What arrived of one kind of our own events."""
        return [event["data"]["payload"] for event in self.events if event["data"].get("plugin") == plugin]

    def flush(self) -> None:
        """Make the recorder send what it has."""
        self.page.evaluate("retrace.flush()")

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Let the page run until the condition holds."""
        for _ in range(_WAIT_MS // _STEP_MS):
            if condition():
                return
            self.page.wait_for_timeout(_STEP_MS)
        pytest.fail("waited in vain")

    def finals(self) -> list[Batch]:
        """The batches that ended a window, once each: a page's last words may come a second time."""
        ended = {(batch["windowId"], batch["sequence"]): batch for batch in self.capture.batches}
        return [batch for batch in ended.values() if batch["flushType"] == "final"]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Recorded]]:
    """Open a page with this body that records itself; `options` is JavaScript merged into those of `init`.

    The first picture of the page has arrived when it returns, unless the page is not to send any (`sends=False`).
    """
    with capturing() as capture, _site(capture) as site, fresh_context(browser) as context:

        def open_(body: str = "", options: str = "{}", script: str = "", *, sends: bool = True) -> Recorded:
            posts = len(capture.bodies)
            site.html = _HTML.format(url=capture.url, body=body, options=options, script=script)
            page = context.new_page()
            page.goto(site.address)
            recorded = Recorded(page, capture, site.address)
            page.wait_for_function("window.retrace !== undefined")
            if sends:
                recorded.wait_for(lambda: len(capture.bodies) > posts)
            return recorded

        yield open_


_HTML = """<!doctype html><title>Test</title><body>{body}
<script type="module">
  import {{ init }} from "/retrace.js";
  window.retrace = init({{ apiKey: "rtpk_test", ingestUrl: "{url}", flushIntervalMs: 60000, ...{options} }});
  {script}
</script>"""


@dataclass
class _Site:
    address: str = ""
    html: str = ""


@contextmanager
def _site(capture: Capture) -> Iterator[_Site]:
    site = _Site()

    async def page(request: Request) -> Response:
        return HTMLResponse(site.html)

    async def script(request: Request) -> Response:
        return FileResponse(recorder_file(), media_type="text/javascript")

    async def status(request: Request) -> Response:
        return JSONResponse({}, status_code=request.path_params["status"])

    routes = [
        Route("/retrace.js", script),
        Route("/status/{status:int}", status, methods=["GET", "POST"]),
        Route("/{path:path}", page),
    ]
    with serving(Starlette(routes=routes)) as site.address:
        yield site
