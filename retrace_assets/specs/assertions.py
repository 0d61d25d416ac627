"""The observed failure, turned round: one documented form a detector.

| detector | what must hold |
|---|---|
| network_4xx, network_5xx, failed_chunk | the request is seen and answered below 400 |
| slow_request | the request is seen and answered within the detector's limit |
| console_error, error_click | no error of that template from the act before it on |
| dead_click, rage_click | the click has an effect that lasts |
| error_toast | no message of that template |
| blank_render | the page shows content |
| session_abandon_on_error | whatever its cause must |
| thrashed_cursor | nothing that a test could see |

Belongs here: the mapping. Does not: which act it is judged from (generate), how it is judged (the engine).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.parametrise import route_template
from retrace_core.spec_assertions import (
    Assertion,
    HasEffect,
    MessageAbsent,
    NoError,
    PageShowsContent,
    RequestSucceeds,
)

ABOUT_CLICKS: Final = frozenset(("dead_click", "rage_click"))
_REQUESTS: Final = frozenset(("network_4xx", "network_5xx", "failed_chunk", "slow_request"))
_ERRORS: Final = frozenset(("console_error", "error_click"))
# How strongly a finding proves a bug, when one session has several of the same one: what was asked for and refused is
# certain, what an error says nearly, that nothing happened is what is left.
_PREFERENCE: Final = (*sorted(_REQUESTS), *sorted(_ERRORS), "blank_render", "error_toast", *sorted(ABOUT_CLICKS))
# Objects that were printed or thrown: browsers word them each in their way.
_UNWORDED: Final = ("{", "[")
_SLOW_MS: Final = 3_000

Row = Mapping[str, Any]


def meant(signal: Row, session_signals: Sequence[Row]) -> Row:
    """The finding to turn round: the signal's cause where it is only a consequence and its cause can be tested.

    A signal is a row of `signals` with its evidence decoded.
    """
    by_id = {each["signal_id"]: each for each in session_signals}
    seen = {signal["signal_id"]}
    current = signal
    while (cause := by_id.get(current.get("cause") or "")) is not None and cause["signal_id"] not in seen:
        seen.add(cause["signal_id"])
        current = cause
    # A rage click and the dead click it is made of are one bug, as are an error and the click it answers.
    same = [each for each in session_signals if each["fingerprint"] == current["fingerprint"]]
    return min([current, *same], key=lambda each: (_place(each["detector"]), each["occurred_at"]))


def assertion_of(signal: Row, app_url: str, after: str) -> Assertion:
    """What must hold after that step; raises `not_testable` for a finding that no test can see."""
    detector, name = signal["detector"], signal["signal_id"]
    evidence = signal["evidence"]
    if detector in _REQUESTS:
        request = evidence.get("request") or {}
        url = str(request.get("url") or "")
        host = urlsplit(url).netloc
        own = urlsplit(app_url).hostname
        return RequestSucceeds(
            id="request-succeeds",
            after=after,
            signal=name,
            method=str(request.get("method") or signal["method"] or "GET").upper(),
            path=route_template(url.partition("#")[0]) if url else str(signal["request"] or "/"),
            host=host if urlsplit(url).hostname != own else "",
            max_ms=_SLOW_MS if detector == "slow_request" else None,
        )
    if detector in _ERRORS:
        template = str(signal["template"] or "")
        return NoError(
            id="no-error", after=after, signal=name, template="" if template.startswith(_UNWORDED) else template
        )
    if detector in ABOUT_CLICKS:
        return HasEffect(id="has-effect", after=after, signal=name)
    if detector == "error_toast":
        return MessageAbsent(id="no-message", after=after, signal=name, template=str(signal["template"] or ""))
    if detector == "blank_render":
        return PageShowsContent(id="shows-content", after=after, signal=name, path=route_template(signal["url"] or ""))
    raise RetraceError(
        ErrorCode.NOT_TESTABLE, f"no test can see a {detector}", hint="write one: retrace tester create --steps-file …"
    )


def _place(detector: str) -> int:
    return _PREFERENCE.index(detector) if detector in _PREFERENCE else len(_PREFERENCE)
