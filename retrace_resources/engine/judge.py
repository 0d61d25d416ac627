"""Holding what was seen against what a spec asserts.

Belongs here: one rule an assertion, and how long each is waited for. Does not: noting what the page does (watch), or
what several results make of a run (engine).
"""

import re
import time
from collections.abc import Mapping
from typing import Any, Final, assert_never
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError

from retrace_core.parametrise import parametrise_message, route_template
from retrace_core.spec_assertions import (
    Assertion,
    ElementCount,
    ElementText,
    ElementVisible,
    HasEffect,
    MessageAbsent,
    NoError,
    PageShowsContent,
    RequestSucceeds,
    StatusCode,
    TextContains,
    TextMatches,
    UrlContains,
)
from retrace_core.test_run import AssertionResult
from retrace_resources.engine.effect import Effect
from retrace_resources.engine.hosts import is_own
from retrace_resources.engine.locate import describe, locate
from retrace_resources.engine.steps import Acting, is_at
from retrace_resources.engine.watch import Call, Told

# An error that comes because of a step comes soon; working apps are quiet by then (recording-to-test.md, rule 7).
_SILENCE_MS: Final = 2_000
# A request that a step asks for is sent at once; one that is sent is waited for until the run's own deadline.
_SEEN_MS: Final = 5_000
# A page that shows nothing for so long is blank: the detector's `blank_ms`, and some for the browser.
_CONTENT_MS: Final = 3_000
_LOOK_MS: Final = 50
# Fewer words than this in a message are found in others by chance.
_PART_CHARS: Final = 8


def is_red_already(assertion: Assertion, acting: Acting, after: int) -> bool:
    """Whether an assertion has failed for good: the rest of the run can be spared."""
    match assertion:
        case RequestSucceeds():
            return any(_has_failed(call, assertion) for call in _asserted(assertion, acting, after))
        case NoError():
            return any(_is_meant(told, assertion) for told in _errors(acting, after))
        case _:
            return False


def judge(
    assertion: Assertion, acting: Acting, after: int, effects: Mapping[str, Effect], *, since_ms: float
) -> AssertionResult:
    """Judge an assertion whose step (`after`, an index) was done; waits as long as its rule says.

    `since_ms` is when the last step was done. `ok` is None where nothing can be said.
    """
    ok, expected, observed = _judged(assertion, acting, after, effects, since_ms)
    tag = str(type(assertion).__struct_config__.tag)
    return AssertionResult(assertion.id, tag, ok, expected, observed)


def _judged(  # noqa: PLR0911 - one a case
    assertion: Assertion, acting: Acting, after: int, effects: Mapping[str, Effect], since_ms: float
) -> tuple[bool | None, str, str]:
    match assertion:
        case RequestSucceeds():
            return _request(assertion, acting, after)
        case NoError():
            return _no_error(assertion, acting, after, since_ms)
        case HasEffect():
            effect = effects.get(assertion.id, Effect(None, "the step was not done"))
            return effect.seen, "the step has an effect that lasts", effect.words
        case MessageAbsent():
            return _message(assertion, acting, since_ms)
        case PageShowsContent():
            return _content(assertion, acting)
        case StatusCode():
            loads = [call.status for call in acting.watch.calls if call.is_document and call.status]
            return (loads[-1] == assertion.expected if loads else None), f"{assertion.expected}", f"{loads[-1:]}"
        case UrlContains():
            return _until(acting, lambda: assertion.expected in acting.page.url), assertion.expected, acting.page.url
        case TextContains() | TextMatches():
            return _text(assertion, acting)
        case ElementVisible() | ElementText() | ElementCount():
            return _element(assertion, acting)
        case _:
            assert_never(assertion)


def _request(assertion: RequestSucceeds, acting: Acting, after: int) -> tuple[bool | None, str, str]:
    limit = f" within {assertion.max_ms:,} ms" if assertion.max_ms else ""
    expected = f"{assertion.method} {assertion.path} is answered below {assertion.below}{limit}"
    until = time.monotonic() + _SEEN_MS / 1000
    patience = time.monotonic() + acting.options.first_page_ms / 1000
    while True:
        calls = _asserted(assertion, acting, after)
        failed = next((call for call in calls if _has_failed(call, assertion)), None)
        if failed is not None:
            return False, expected, _answer(failed)
        waits = any(call.is_pending for call in calls)
        answered = [call for call in calls if call.status is not None]
        if answered and not waits:
            return True, expected, _answer(answered[-1])
        if time.monotonic() > (patience if waits else until):
            return None, expected, "it was not answered" if waits else "it was not sent"
        acting.page.wait_for_timeout(_LOOK_MS)


def _asserted(assertion: RequestSucceeds, acting: Acting, after: int) -> list[Call]:
    return [
        call
        for call in acting.watch.calls
        if call.step >= after
        and not call.aborted
        and call.method == assertion.method
        and _is_of(call.url, assertion, acting)
    ]


def _is_of(url: str, assertion: RequestSucceeds, acting: Acting) -> bool:
    if assertion.host:
        # The port of a server that is run for a test is another each time.
        same = urlsplit(url).hostname == urlsplit(f"//{assertion.host}").hostname
    else:
        same = is_own(url, acting.app_url)
    return same and route_template(url.partition("#")[0]) == assertion.path


def _has_failed(call: Call, assertion: RequestSucceeds) -> bool:
    if call.status is None:
        return False
    slow = (
        assertion.max_ms is not None
        and call.ended_ms is not None
        and call.ended_ms - call.started_ms > assertion.max_ms
    )
    return call.status == 0 or call.status >= assertion.below or slow


def _answer(call: Call) -> str:
    took = f" after {call.ended_ms - call.started_ms:,.0f} ms" if call.ended_ms is not None else ""
    return f"{call.method} was answered {call.status}{took}" if call.status else f"{call.method} failed: {call.error}"


def _no_error(assertion: NoError, acting: Acting, after: int, since_ms: float) -> tuple[bool | None, str, str]:
    expected = f"no error “{assertion.template}”" if assertion.template else "no error"
    while True:
        meant = [told for told in _errors(acting, after) if _is_meant(told, assertion)]
        if meant:
            return False, expected, f"{len(meant)} {meant[0].kind}: {parametrise_message(meant[0].text)}"
        if acting.watch.now_ms() - since_ms > _SILENCE_MS:
            return True, expected, "none"
        acting.page.wait_for_timeout(_LOOK_MS)


def _errors(acting: Acting, after: int) -> list[Told]:
    return [told for told in acting.watch.errors if told.step >= after]


def _is_meant(told: Told, assertion: NoError) -> bool:
    return not assertion.template or parametrise_message(told.text) == assertion.template


def _message(assertion: MessageAbsent, acting: Acting, since_ms: float) -> tuple[bool | None, str, str]:
    expected = f"no message “{assertion.template}”"
    while True:
        told = [parametrise_message(text) for text in _probe(acting, "messages()") or []]
        if any(_says(text, assertion.template) for text in told):
            return False, expected, "it was shown"
        if acting.watch.now_ms() - since_ms > _SILENCE_MS:
            return True, expected, "it was not shown"
        acting.page.wait_for_timeout(_LOOK_MS)


def _says(text: str, template: str) -> bool:
    return text == template or (len(template) >= _PART_CHARS and template in text)


def _content(assertion: PageShowsContent, acting: Acting) -> tuple[bool | None, str, str]:
    expected = f"{assertion.path or 'the page'} shows its content"
    until = time.monotonic() + _CONTENT_MS / 1000
    late = time.monotonic() + acting.options.first_page_ms / 1000
    while True:
        there = not assertion.path or is_at(acting.page.url, assertion.path)
        found = _probe(acting, "content()") or 0
        if there and found:
            return True, expected, f"{found:,} characters, pictures and controls"
        waits = bool(acting.watch.pending(0))
        if time.monotonic() > (late if waits else until):
            return (False, expected, "nothing is shown") if there else (None, expected, "another page is shown")
        acting.page.wait_for_timeout(_LOOK_MS)


def _text(assertion: TextContains | TextMatches, acting: Acting) -> tuple[bool | None, str, str]:
    def holds() -> bool:
        text = acting.page.locator("body").inner_text(timeout=acting.options.step_ms)
        if isinstance(assertion, TextContains):
            return assertion.expected in text
        return re.search(assertion.expected, text) is not None

    ok = _until(acting, holds)
    return ok, assertion.expected, "it is there" if ok else "it is not there"


def _element(assertion: ElementVisible | ElementText | ElementCount, acting: Acting) -> tuple[bool | None, str, str]:
    found = locate(acting.page, assertion.locator)
    words = describe(assertion.locator)
    match assertion:
        case ElementVisible():
            ok = _until(acting, lambda: found.filter(visible=True).count() > 0, assertion.timeout_ms)
            return ok, f"{words} is seen", "it is" if ok else "it is not"
        case ElementText():
            ok = _until(acting, lambda: any(assertion.expected in text for text in found.all_inner_texts()))
            return ok, f"{words} says {assertion.expected!r}", "it does" if ok else "it does not"
        case ElementCount():
            ok = _until(acting, lambda: found.count() == assertion.expected)
            return ok, f"{assertion.expected} of {words}", f"{found.count()}"
        case _:
            assert_never(assertion)


def _until(acting: Acting, holds: Any, timeout_ms: float | None = None) -> bool:
    until = time.monotonic() + (acting.options.step_ms if timeout_ms is None else timeout_ms) / 1000
    while True:
        try:
            if holds():
                return True
        except PlaywrightError:
            # The page is between two documents, or has no such thing yet.
            pass
        if time.monotonic() > until:
            return False
        acting.page.wait_for_timeout(_LOOK_MS)


def _probe(acting: Acting, call: str) -> Any:
    try:
        return acting.page.evaluate(f"window.__retrace_probe.{call}")
    except PlaywrightError:
        return None
