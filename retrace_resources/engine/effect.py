"""Whether a step has an effect a person can see: the page before it, and what becomes of it.

Belongs here: what counts as an effect, as the detector of dead clicks has it (docs/detectors.md). Does not: doing the
step (steps).
"""

import re
import time
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Error as PlaywrightError

from retrace_core.spec_assertions import HasEffect
from retrace_core.spec_steps import Click, Step
from retrace_resources.engine.hosts import is_own
from retrace_resources.engine.steps import Acting, do, element_of
from retrace_resources.engine.watch import Call

_PROBE: Final = "window.__retrace_probe"
# What moves by itself is told by looking twice, so long apart.
_AMBIENT_MS: Final = 400
_HOVER_MS: Final = 150
# What earlier steps set going must have come, or it would be taken for this step's effect; a page that never rests is
# looked at as it is.
_REST_MS: Final = 5_000
_LOOK_MS: Final = 60
# The detector's `late_ms`: an app that shows it is at work may take so long (Sentry's limit).
_LATE_MS: Final = 7_000
_LOGIN: Final = re.compile(r"(?i)[/#_-](?:log|sign)[_-]?(?:in|on)\b|/auth\b")


@dataclass(frozen=True)
class Effect:
    """What came of a step: None when it only led to a login."""

    seen: bool | None
    words: str


def do_and_observe(acting: Acting, step: Step, assertion: HasEffect) -> Effect:
    """Do a step and watch what becomes of the page; raises Stopped like the step alone."""
    before = _Before.of(acting, step)
    do(acting, step)
    started = time.monotonic()
    changed_at: float | None = None
    while True:
        since = (time.monotonic() - started) * 1000
        if found := before.led_somewhere(acting):
            return found
        if before.looks_other(acting):
            changed_at = since if changed_at is None else changed_at
            if since - changed_at >= assertion.lasting_ms:
                return Effect(True, f"the page changed after {changed_at:.0f} ms")
        else:
            changed_at = None
        limit = _LATE_MS if before.is_at_work(acting) else assertion.within_ms
        if since > max(limit, assertion.within_ms) + (assertion.lasting_ms if changed_at is not None else 0):
            return Effect(False, f"nothing lasting came of it within {assertion.within_ms:,} ms")
        acting.page.wait_for_timeout(_LOOK_MS)


@dataclass(frozen=True)
class _Before:
    """The page right before the step."""

    url: str
    signature: str
    scrolled: str
    ambient: list[str]
    dialogs: int
    opened: int
    calls: int

    @classmethod
    def of(cls, acting: Acting, step: Step) -> "_Before":
        page, watch = acting.page, acting.watch
        if isinstance(step, Click):
            # What the pointer alone changes is no effect of the click.
            element_of(acting, step.id, step.locator, step.fallbacks).hover(timeout=acting.timeout_ms)
            page.wait_for_timeout(_HOVER_MS)
        ambient = _at_rest(acting)
        return cls(
            page.url,
            _signature(acting, ambient),
            _ask(acting, f"{_PROBE}.scrolled()") or "",
            ambient,
            len(watch.dialogs),
            len(watch.opened),
            len(watch.calls),
        )

    def led_somewhere(self, acting: Acting) -> Effect | None:
        page, watch = acting.page, acting.watch
        if page.url != self.url:
            is_login = _LOGIN.search(page.url) and _ask(acting, f"{_PROBE}.hasPassword()")
            return Effect(None, "it led to a login") if is_login else Effect(True, "it led to another page")
        if len(watch.dialogs) > self.dialogs:
            return Effect(True, "a dialog came")
        if len(watch.opened) > self.opened:
            return Effect(True, "a window or download came")
        sent = next((call for call in watch.calls[self.calls :] if _went_through(call, acting.app_url)), None)
        if sent is not None:
            return Effect(True, f"{sent.method} was answered {sent.status}")
        if (_ask(acting, f"{_PROBE}.scrolled()") or self.scrolled) != self.scrolled:
            return Effect(True, "the page scrolled")
        return None

    def looks_other(self, acting: Acting) -> bool:
        now = _signature(acting, self.ambient)
        return bool(now) and now != self.signature

    def is_at_work(self, acting: Acting) -> bool:
        waits = any(call.is_pending and is_own(call.url, acting.app_url) for call in acting.watch.calls[self.calls :])
        return waits or bool(_ask(acting, f"{_PROBE}.isBusy()"))


def _at_rest(acting: Acting) -> list[str]:
    """Wait for the answers still due and what they change; returns the places that change by themselves."""
    until = time.monotonic() + _REST_MS / 1000
    before: set[str] = set()
    while True:
        waits = any(call.is_pending and is_own(call.url, acting.app_url) for call in acting.watch.calls)
        ambient: list[str] = _ask(acting, f"{_PROBE}.ambient({_AMBIENT_MS})") or []
        if time.monotonic() > until or (not waits and before.issuperset(ambient)):
            return ambient
        before = set(ambient)


def _went_through(call: Call, app_url: str) -> bool:
    """Whether the app took what was sent, or loaded a page: to read something is no effect yet."""
    if call.status is None or not 0 < call.status < 400 or not is_own(call.url, app_url):
        return False
    return call.is_document or call.method not in ("GET", "HEAD", "OPTIONS")


def _signature(acting: Acting, ambient: list[str]) -> str:
    return _ask(acting, f"{_PROBE}.signature({ambient!r})") or ""


def _ask(acting: Acting, expression: str) -> Any:
    """What the page's probe says; None while the page is between two documents."""
    try:
        return acting.page.evaluate(expression)
    except PlaywrightError:
        return None
