"""Pages that record themselves to a real door, which can go away and come back."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_app.demo.shop_server import recorder_file
from tests.browsers import fresh_context
from tests.retrace_app.http.ingest.conftest import Door

WAIT_MS = 10_000
STEP_MS = 25

_PAGE = """<!doctype html><title>Test</title><body><button>Go</button>
<script type="module">
  import {{ init }} from "/retrace.js";
  window.retrace = init({{ apiKey: "{key}", ingestUrl: "{url}", release: "{release}", flushIntervalMs: 200 }});
</script>"""

# Before the recorder, which takes the page's fetch as it finds it: when each post left, by the page's own clock.
_NOTE_POSTS = """
window.posts = [];
const original = window.fetch;
window.fetch = async (url, options) => {
  const post = { at: Date.now(), keepalive: Boolean(options?.keepalive), status: 0 };
  if (String(url).includes("/api/sdk/replay")) window.posts.push(post);
  const response = await original(url, options);
  post.status = response.status;
  return response;
};
"""

_releases = count()


@dataclass
class Visitor:
    """A browser of its own, on pages that are recorded by a door."""

    context: BrowserContext
    door: Door
    address: str
    release: str

    def open(self, path: str = "/") -> Page:
        """Open a page in a tab of its own and wait until it is being recorded."""
        page = self.context.new_page()
        self.go(page, path)
        return page

    def go(self, page: Page, path: str) -> None:
        """Go to another page of the site."""
        page.goto(self.address + path)
        page.wait_for_function("window.retrace !== undefined")

    @property
    def batches(self) -> list[dict[str, Any]]:
        """What the door has made durable of this visitor, in the order of sessions, windows and sequence numbers."""
        rows = [_body(row) for row in self.door.rows()]
        mine = [body for body in rows if body.get("release") in (self.release, None)]
        sessions = {body["sessionId"] for body in mine if "release" in body}
        return [body for body in mine if body["sessionId"] in sessions]

    def payloads(self, plugin: str) -> list[dict[str, Any]]:
        """What arrived of one kind of our own events, window by window in order."""
        batches = self.batches
        windows = list(dict.fromkeys(batch["windowId"] for batch in batches))
        ordered = sorted(batches, key=lambda batch: (windows.index(batch["windowId"]), batch["sequence"]))
        events = [event for batch in ordered for event in batch["events"]]
        return [event["data"]["payload"] for event in events if event["data"].get("plugin") == plugin]

    @property
    def lines(self) -> list[str]:
        """What pages said on their console, as it arrived."""
        return [payload["payload"][0] for payload in self.payloads("retrace/console@1")]

    def wait_for(self, condition: Callable[[], object], page: Page | None = None) -> None:
        """Let the pages run until the condition holds."""
        page = page or self.context.pages[0]
        for _ in range(WAIT_MS // STEP_MS):
            if condition():
                return
            page.wait_for_timeout(STEP_MS)
        pytest.fail("waited in vain")


def say(page: Page, *lines: object) -> None:
    """Let the page log lines, each an event of the recording."""
    page.evaluate("(lines) => lines.forEach((line) => console.info(String(line)))", list(lines))


def numbers(batches: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Window and sequence number of each batch: what must never be there twice."""
    return [(batch["windowId"], batch["sequence"]) for batch in batches]


def _body(row: dict[str, Any]) -> dict[str, Any]:
    plain = gzip.decompress(row["body"]) if row["encoding"] == "gzip" else row["body"]
    body: dict[str, Any] = json.loads(plain)
    return body


@pytest.fixture(scope="module")
def real_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One door process for a module; tests may stop and start it."""
    with running(tmp_path_factory.mktemp("door")) as door:
        yield door


@contextmanager
def running(home: Path, **options: Any) -> Iterator[Door]:
    """A real door on a home, ended at the end of the block."""
    door = Door(home, **options)
    try:
        yield door
    finally:
        if door.process.poll() is None:
            door.stop()
        door.client.close()


@contextmanager
def visiting(browser: Browser, door: Door, **options: Any) -> Iterator[Visitor]:
    """A visitor with a fresh browser profile, on a site that is recorded by this door."""
    release = f"test@{next(_releases)}"
    html = _PAGE.format(key=door.key, url=f"{door.url}/api/sdk/replay", release=release)

    async def page(_: Request) -> Response:
        return HTMLResponse(html)

    async def script(_: Request) -> Response:
        return FileResponse(recorder_file(), media_type="text/javascript")

    with (
        serving(Starlette(routes=[Route("/retrace.js", script), Route("/{path:path}", page)])) as address,
        fresh_context(browser, **options) as context,
    ):
        context.add_init_script(_NOTE_POSTS)
        yield Visitor(context, door, address, release)


@pytest.fixture
def visitor(browser: Browser, real_door: Door) -> Iterator[Visitor]:
    """A visitor of pages that the module's door records."""
    with visiting(browser, real_door) as visitor:
        yield visitor
