"""What somebody did in a visit and what the browser saw happen, noted beside the recorder and without it.

Belongs here: acting through the ledger, and watching a page from outside. Does not: what was recorded (arrivals).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Frame, Locator, Page, Request, Response

from retrace_core.encodings import decompress, parse_content_encoding
from retrace_core.limits import MAX_BODY_BYTES

_DESCRIBE: Final = """(element) => ({
    tag: element.tagName.toLowerCase(),
    id: element.id,
    name: element.getAttribute("name") ?? "",
    placeholder: element.getAttribute("placeholder") ?? "",
    label: element.getAttribute("aria-label") ?? "",
})"""
_THROW: Final = """(what) => {
    setTimeout(() => { throw new TypeError(`${what} is not a function`); });
    setTimeout(() => void Promise.reject(new Error(`${what} was refused`)));
}"""
_CALLS: Final = ("fetch", "xhr")
_HESITATION_S: Final = 0.4
_GOODBYE_S: Final = 0.7
_KEY_MS: Final = 15


@dataclass
class Ledger:
    """The acts and happenings of one visit, each kind in the order it took place."""

    door: str
    clicks: list[Mapping[str, str]] = field(default_factory=list)
    entries: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failed_requests: list[tuple[str, str, int]] = field(default_factory=list)
    # Under which the visit was recorded, as its posts say.
    sessions: set[str] = field(default_factory=set)
    # What the browser itself says of requests it did not let through.
    blocked: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note what happens on a page from now on."""
        page.on("pageerror", lambda error: self.errors.append(error.message))
        page.on("request", self._sent)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)
        page.on("framenavigated", self._navigated)
        page.on("console", lambda line: self._printed(line.text))

    def _navigated(self, frame: Frame) -> None:
        if frame.parent_frame is None and frame.url != "about:blank" and frame.url not in self.pages[-1:]:
            self.pages.append(frame.url)

    def _sent(self, request: Request) -> None:
        body = request.post_data_buffer if self._is_own(request) else None
        if body:
            encoding = parse_content_encoding(request.headers.get("content-encoding", ""))
            self.sessions.add(json.loads(decompress(encoding, body, MAX_BODY_BYTES))["sessionId"])

    def _answered(self, response: Response) -> None:
        request = response.request
        if response.status >= 400 and request.resource_type in _CALLS and not self._is_own(request):
            self.failed_requests.append((request.method, request.url, response.status))

    def _failed(self, request: Request) -> None:
        if self._is_own(request):
            if request.failure != "net::ERR_ABORTED":
                self.blocked.append(f"{request.method} {request.url}: {request.failure}")
        # What a page that is left had under way fails for nobody.
        elif request.resource_type in _CALLS and request.failure != "net::ERR_ABORTED":
            self.failed_requests.append((request.method, request.url, 0))

    def _printed(self, line: str) -> None:
        if "blocked by CORS" in line:
            self.blocked.append(line)

    def _is_own(self, request: Request) -> bool:
        return urlsplit(request.url).netloc == urlsplit(self.door).netloc


class Person:
    """Somebody on a page; the ledger knows what they do."""

    def __init__(self, page: Page, home: str, ledger: Ledger) -> None:
        """`home` is the app's address."""
        self.page = page
        self._home = home
        self._ledger = ledger
        ledger.watch(page)

    async def open(self, path: str = "/") -> None:
        """Open a page of the app by its address."""
        await self.page.goto(self._home + path, wait_until="load")
        await self.look()

    async def look(self, seconds: float = 0.15) -> None:
        """Do nothing for a while."""
        await asyncio.sleep(seconds)

    async def click(self, target: str | Locator, **how: Any) -> None:
        """Click something."""
        control = self._find(target)
        described = await control.evaluate(_DESCRIBE)
        await control.click(**how)
        self._ledger.clicks.append(described)
        await self.look(0.05)

    async def type(self, target: str | Locator, text: str) -> None:
        """Enter text key by key, and go on to the next field."""
        field_ = self._find(target)
        described = await field_.evaluate(_DESCRIBE)
        await field_.press_sequentially(text, delay=_KEY_MS)
        self._ledger.entries.append(("fill", described))

    async def press(self, target: str | Locator, key: str) -> None:
        """Press a key that is no text."""
        await self._find(target).press(key)
        await self.look(0.1)

    async def choose(self, target: str | Locator, option: str) -> None:
        """Choose an option of a list by its text or value."""
        field_ = self._find(target)
        described = await field_.evaluate(_DESCRIBE)
        await field_.select_option(option)
        self._ledger.entries.append(("select", described))

    async def tick(self, target: str | Locator, kind: str = "check") -> None:
        """Click a box or a radio button, which is both a click and an entry."""
        box = self._find(target)
        described = await box.evaluate(_DESCRIBE)
        await box.click()
        self._ledger.clicks.append(described)
        self._ledger.entries.append((kind, described))
        await self.look(0.05)

    async def break_it(self, what: str) -> None:
        """Let the page's own code throw, and reject a promise, where nobody catches it."""
        await self.page.evaluate(_THROW, what)
        await self.look(0.1)

    async def back(self) -> None:
        """Go back in the history."""
        await self.page.go_back()
        await self.look()

    async def leave(self) -> None:
        """Leave the app a moment after the last act; its last posts are on their way for a moment longer."""
        # What a page draws in its very last instant waits for the visitor's next page, and here there is none.
        await self.look(_HESITATION_S)
        await self.page.goto("about:blank")
        await asyncio.sleep(_GOODBYE_S)

    def _find(self, target: str | Locator) -> Locator:
        return self.page.locator(target).first if isinstance(target, str) else target
