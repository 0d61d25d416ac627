"""One HTTP exchange: what the door looks at in a request, and the one shape all its answers have.

Belongs here: headers, CORS, JSON bodies, error bodies. Does not: which path answers what (`app.py`), request bodies
(`upload.py`).
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

import msgspec

from retrace_core.errors import ErrorCode, RetraceError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

_REQUEST_HEADERS: Final = (
    b"authorization, baggage, content-encoding, content-type, sentry-trace, traceparent, x-github-delivery, "
    b"x-github-event, x-hub-signature-256, x-retrace-key, x-sentry-auth"
)
_EXPOSED_HEADERS: Final = (
    b"X-Retrace-Trace-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Window"
)
_PREFLIGHT_SECONDS: Final = b"86400"
_COMMON: Final[Headers] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", _REQUEST_HEADERS),
    (b"access-control-expose-headers", _EXPOSED_HEADERS),
    (b"access-control-max-age", _PREFLIGHT_SECONDS),
    (b"x-content-type-options", b"nosniff"),
)
JSON: Final[Headers] = ((b"content-type", b"application/json"),)
CLOSE: Final[Headers] = ((b"connection", b"close"),)
"""For an answer to a request whose body is broken off: nothing can follow on this connection."""

_MAX_QUERY_FIELDS: Final = 50
_MAX_LENGTH_DIGITS: Final = 19
_RETRY_AFTER_SECONDS: Final = 5
"""For refusals that pass by themselves: a disk gets room, a flood ends."""


class Request:
    """The parts of an ASGI scope the door looks at; header names are lower case, of repeated ones the last counts."""

    def __init__(self, scope: Scope) -> None:
        """Take over a scope of type http."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.query_string: bytes = scope["query_string"]

    def header(self, name: bytes) -> str:
        """A header's value; empty when absent."""
        return self.headers.get(name, b"").decode("latin-1").strip()

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The fields of the query string; none if there are too many."""
        try:
            return parse_qs(self.query_string.decode("latin-1"), max_num_fields=_MAX_QUERY_FIELDS)
        except ValueError:
            return {}


class Answer(NamedTuple):
    """A status, a whole body and the headers beyond the common ones."""

    status: int
    body: bytes = b""
    headers: Headers = ()


def json_answer(status: int, content: object, headers: Headers = ()) -> Answer:
    """Answer in compact JSON."""
    return Answer(status, msgspec.json.encode(content), JSON + headers)


def error_answer(refusal: RetraceError, headers: Headers = (), **facts: object) -> Answer:
    """Answer `{"error": code, "message": sentence, …facts}`.

    Details of a fault of ours stay with us; a refusal that passes by itself says when to try again.
    """
    code = refusal.code
    ours = code.http_status >= 500
    message = code.sentence if ours or not refusal.detail else f"{code.sentence} Found: {refusal.detail}."
    if code.http_status == 503:
        headers += ((b"retry-after", str(_RETRY_AFTER_SECONDS).encode()),)
    return json_answer(code.http_status, {"error": code.value, "message": message, **facts}, headers)


def parse_content_length(headers: Mapping[bytes, bytes]) -> int | None:
    """The declared length of the body, None if it has none; raises `invalid_content_length`."""
    declared = headers.get(b"content-length")
    if declared is None:
        return None
    # int() would also take signs, spaces and underscores, and refuse thousands of digits in a way of its own.
    if not declared.isdigit() or len(declared) > _MAX_LENGTH_DIGITS:
        raise RetraceError(ErrorCode.INVALID_CONTENT_LENGTH)
    return int(declared)


def new_trace_id() -> str:
    """A random id for one request: 128 bits in hex."""
    return os.urandom(16).hex()


async def send_streamed(send: Send, status: int, headers: Headers, body: AsyncIterator[bytes], trace_id: str) -> None:
    """Send an answer as its body comes, with the headers every answer has."""
    every = [*_COMMON, (b"x-retrace-trace-id", trace_id.encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": every})
    async for chunk in body:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def send_answer(send: Send, answer: Answer, trace_id: str) -> None:
    """Send an answer with the headers every answer has."""
    headers = [*_COMMON, (b"x-retrace-trace-id", trace_id.encode()), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
