"""What the page does while a spec runs: requests, errors, dialogs, and when.

Belongs here: noting it. Does not: what it means for an assertion (judge).
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, Response
from playwright.sync_api import Error as PlaywrightError

from retrace_resources.engine.hosts import is_own

# The page's own doing: a navigation, or a search that was typed on.
_ABORTED: Final = "net::ERR_ABORTED"
_MOST_NOTED: Final = 5_000
_QUESTIONS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Call:
    """A request and how it went: `status` is None while it is under way, 0 when there was no answer."""

    method: str
    url: str
    step: int
    started_ms: float
    is_document: bool
    status: int | None = None
    ended_ms: float | None = None
    error: str = ""
    aborted: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether nobody knows yet how it goes."""
        return self.status is None and not self.aborted


@dataclass(slots=True)
class Told:
    """A console error or an uncaught one, as the browser words it."""

    kind: str
    text: str
    step: int
    at_ms: float


# Without slots: Playwright keeps a note on whatever listens to it.
@dataclass
class Watch:
    """All that was noted so far; `step` is the index of the step that is being done, counted from 0."""

    step: int = -1
    calls: list[Call] = field(default_factory=list)
    errors: list[Told] = field(default_factory=list)
    console: list[Told] = field(default_factory=list)
    dialogs: list[tuple[int, str]] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    answers: list[tuple[bool, str]] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    crashed: bool = False
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _started: float = field(default_factory=time.monotonic)
    _by_request: dict[Request, Call] = field(default_factory=dict)

    def now_ms(self) -> float:
        """Milliseconds since the run began."""
        return (time.monotonic() - self._started) * 1000

    def attach(self, page: Page) -> None:
        """Note what this page does from now on, and what the pages it opens do."""
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("requestfailed", self._failed)
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("dialog", self._dialog)
        page.on("popup", lambda _: self.opened.append(self.step))
        page.on("download", lambda _: self.opened.append(self.step))
        page.on("crash", self._crash)

    def pending(self, since_step: int) -> list[Call]:
        """Requests of a step and later ones that nobody answered yet."""
        return [call for call in self.calls if call.is_pending and call.step >= since_step]

    def has_unanswered(self, app_url: str) -> bool:
        """Whether something that the step before sent to the app, and that is no mere question, is under way."""
        return any(
            call.is_pending
            and call.step == self.step - 1
            and call.method not in _QUESTIONS
            and is_own(call.url, app_url)
            for call in self.calls
        )

    def _request(self, request: Request) -> None:
        if len(self.calls) >= _MOST_NOTED or not request.url.startswith(("http:", "https:")):
            return
        call = Call(request.method, request.url, self.step, self.now_ms(), request.resource_type == "document")
        self.calls.append(call)
        self._by_request[request] = call

    def _response(self, response: Response) -> None:
        call = self._by_request.get(response.request)
        if call is not None:
            call.status, call.ended_ms = response.status, self.now_ms()

    def _failed(self, request: Request) -> None:
        call = self._by_request.get(request)
        if call is None or call.status is not None:
            return
        call.error, call.ended_ms = request.failure or "failed", self.now_ms()
        if call.error == _ABORTED or urlsplit(call.url).netloc in self.blocked:
            call.aborted = True
        else:
            call.status = 0

    def _console(self, message: ConsoleMessage) -> None:
        told = Told(message.type, message.text, self.step, self.now_ms())
        if len(self.console) < _MOST_NOTED:
            self.console.append(told)
        # Chromium words failed requests as errors of its own; no script said that, and no recorder heard it.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(told)

    def _error(self, error: PlaywrightError) -> None:
        # Some errors have no name: a string that was thrown.
        text = f"{error.name}: {error.message}" if error.name else error.message
        self.errors.append(Told("exception", text, self.step, self.now_ms()))

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append((self.step, dialog.type))
        accept, text = self.answers.pop(0) if self.answers else (dialog.type == "beforeunload", "")
        try:
            dialog.accept(text) if accept else dialog.dismiss()
        except PlaywrightError:
            # The page went before it was answered.
            return

    def _crash(self, _: Page) -> None:
        self.crashed = True
