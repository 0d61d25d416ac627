"""What recorders say of requests, in columns: rrweb's network plugin, PostHog's, Sentry's spans and our own.

Belongs here: the shape of one request, whether it was answered, and when. Does not: other payloads (intake/payloads).
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin

from retrace_assets.intake.values import MESSAGE_LIMIT, URL_LIMIT, Details, number, text, trace_id

# A recorder waits for bodies and for the browser's own measure of a request before it reports it. One that seems to
# come later than this belongs to a page load of its own, whose clock began anew.
_REPORTED_WITHIN_MS: Final = 5_000.0
# Clocks that stood still while a laptop slept, and requests from long before the recorder began, tell no time.
_BELIEVED_MS: Final = 60_000.0
# Of absolute times in milliseconds; relative ones count from the page load.
_ABSOLUTE_MS: Final = 1e11
_STATUSES: Final = ("status", "status_code", "responseStatus")
_SENTRY_CALLS: Final = frozenset({"resource.fetch", "resource.xhr"})


class PageClock:
    """When a window's page began to load, as far as its requests tell: their times count from then."""

    def __init__(self) -> None:
        self._origin_ms: float | None = None

    def restart(self) -> None:
        """Forget it: another page loads."""
        self._origin_ms = None

    def origin_ms(self, reported_ms: float, last_end_ms: float) -> float:
        """The page's time origin on the client's clock, from a report whose last request ended `last_end_ms` after it.

        A request is reported after it ended, so the origin is the earliest that any report allows.
        """
        latest = reported_ms - last_end_ms
        known = self._origin_ms
        if known is None or not known <= latest <= known + _REPORTED_WITHIN_MS:
            self._origin_ms = known = latest
        return known


def read_requests(payload: Details, reported_ms: float, clock: PageClock) -> list[Details]:
    """Read a network payload: one detail a request, with `shift_ms` from the report to the answer."""
    listed = payload.get("requests")
    if not isinstance(listed, list):
        return [_request(payload, is_call=True)]
    requests = [request for request in listed if isinstance(request, dict)]
    if payload.get("isInitial") is True:
        clock.restart()
    ends = [end for request in requests if (end := _relative_end(request)) is not None]
    origin = clock.origin_ms(reported_ms, max(ends)) if ends else None
    return [_reported(request, reported_ms, origin) for request in requests] or [{}]


def read_span(span: Details) -> list[Details] | None:
    """Read the payload of a Sentry replay's `performanceSpan`; None if it is about no request."""
    operation, data = text(span.get("op"), 40) or "", span.get("data")
    if not operation.startswith("resource."):
        return None
    start, end = number(span.get("startTimestamp")), number(span.get("endTimestamp"))
    duration = (end - start) * 1000 if start is not None and end is not None and end >= start else None
    fields = {**(data if isinstance(data, dict) else {}), "url": span.get("description")}
    fields = {**fields, "status": fields.get("statusCode"), "durationMs": duration}
    # A span is reported as of its start.
    return [{**_request(fields, is_call=operation in _SENTRY_CALLS), "shift_ms": _believed(duration or 0.0)}]


def absolute_url(url: str | None, page: str | None) -> str | None:
    """A request's URL with its origin, as the page it was made on gives it."""
    if url is None or page is None or not url.startswith("/"):
        return url
    try:
        return urljoin(page, url)[:URL_LIMIT]
    except ValueError:
        return url


def _reported(request: Details, reported_ms: float, origin: float | None) -> Details:
    answered = _answered_ms(request, origin)
    shift = 0.0 if answered is None else min(answered - reported_ms, 0.0)
    # Whoever measures without calling knows no method, and a status only where the other origin lets it.
    return {**_request(request, is_call="method" in request), "shift_ms": _believed(shift)}


def _believed(shift: float) -> float:
    return shift if abs(shift) <= _BELIEVED_MS else 0.0


def _answered_ms(request: Details, origin: float | None) -> float | None:
    """When a request was answered, on the client's clock; None if it does not say."""
    began, end = number(request.get("timestamp")), number(request.get("endTime"))
    duration = _duration(request)
    if began is not None and began >= _ABSOLUTE_MS and duration is not None:
        return began + duration
    if end is None or end >= _ABSOLUTE_MS:
        return end
    return None if origin is None else origin + end


def _relative_end(request: Details) -> float | None:
    end = number(request.get("endTime"))
    return end if end is not None and 0 <= end < _ABSOLUTE_MS else None


def _request(request: Details, *, is_call: bool) -> Details:
    return {
        "method": (text(request.get("method"), 20) or "GET").upper(),
        "request_url": text(request.get("url") or request.get("name"), URL_LIMIT),
        "status": _status(request, is_call=is_call),
        "duration_ms": _duration(request),
        "message": text(request.get("error"), MESSAGE_LIMIT),
        "trace_id": trace_id(request),
    }


def _status(request: Details, *, is_call: bool) -> int | None:
    """The HTTP status; 0 for a call without an answer, null where nobody could tell.

    The browser's own measurements give 0 for what another origin keeps to itself: no failure.
    """
    status = next(_statuses(request), None)
    if request.get("error"):
        return status or 0
    if not is_call:
        return status or None
    # The network plugins report a call once it ended.
    return 0 if status is None and "endTime" in request else status


def _statuses(request: Details) -> Iterator[int]:
    for name in _STATUSES:
        value: Any = request.get(name)
        if type(value) is int and 0 <= value < 1000:
            yield value


def _duration(request: Details) -> float | None:
    start, end = number(request.get("startTime")), number(request.get("endTime"))
    measured = end - start if start is not None and end is not None else None
    # `duration` comes last: that of a navigation goes on until the page is loaded.
    durations = (number(request.get("durationMs")), measured, number(request.get("duration")))
    return next((duration for duration in durations if duration is not None and duration >= 0), None)
