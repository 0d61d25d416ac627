"""Passing questions on to the reader, and its answers back as they come.

Ingest owes nothing to reading: the reader is another process, its client is imported at the first question, and while
the reader is down or silent a question is answered `reads_unavailable`. Belongs here: the exchange over the socket.
Does not: the reader's process (`reader.py`), tokens and tenants (the reader).
"""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from retrace_app.http.ingest.exchange import CLOSE, Answer, Headers, Request, error_answer
from retrace_app.http.ingest.reader import START_SECONDS, Reader
from retrace_app.http.ingest.upload import Upload
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_QUESTION_BYTES, PROCESSING_SECONDS, QUESTION_SECONDS

if TYPE_CHECKING:
    import httpx

_OPENAPI_PATH: Final = "/openapi.json"
_API: Final = "/api/"
_INGEST: Final = "/api/sdk/"
_READING: Final = frozenset({"GET", "HEAD"})

_SENT: Final = ("authorization", "content-type", "host")
_RETURNED: Final = frozenset(
    {b"allow", b"cache-control", b"content-length", b"content-type", b"retry-after", b"www-authenticate"}
)
_CONNECT_SECONDS: Final = 2.0
_CONNECTIONS: Final = 64
"""Questions of one worker at a time; more wait their turn."""


def is_question(path: str) -> bool:
    """Whether a path can be one of the reader's: what scanners look for elsewhere must not start it."""
    return path == _OPENAPI_PATH or (path.startswith(_API) and not path.startswith(_INGEST))


class Streamed(NamedTuple):
    """An answer whose body is still coming; closing `body` ends it."""

    status: int
    headers: Headers
    body: AsyncIterator[bytes]


class Reads:
    """Questions of one worker."""

    def __init__(self, reader: Reader) -> None:
        """Open nothing yet."""
        self._reader = reader
        self._client: httpx.AsyncClient | None = None
        self._starting: asyncio.Task[None] | None = None

    async def answer(self, request: Request, upload: Upload, trace_id: str) -> Answer | Streamed:
        """Answer one question; whatever is wrong with it is in the answer."""
        try:
            body = b"" if request.method in _READING else await _body(upload)
            return await self._ask(request, body, trace_id)
        except RetraceError as refusal:
            return error_answer(refusal, () if upload.complete or request.method in _READING else CLOSE)
        finally:
            upload.release()

    async def close(self) -> None:
        """Let go of the connections; the reader ends with the door."""
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, request: Request, body: bytes, trace_id: str) -> Streamed:
        if self._client is None:
            await self._connect()
        import httpx  # noqa: PLC0415 - loaded at the first question, by `_connect`

        try:
            try:
                return await self._send(request, body, trace_id)
            except httpx.ConnectError:
                pass
            except (httpx.ReadError, httpx.RemoteProtocolError):
                # It died over this question, or before it. Only what changes nothing may be asked again.
                if request.method not in _READING:
                    raise
            await self._start()
            return await self._send(request, body, trace_id)
        except httpx.HTTPError as error:
            raise RetraceError(ErrorCode.READS_UNAVAILABLE) from error

    async def _connect(self) -> None:
        """Load the client, which takes a moment, beside the loop; then the reader."""
        httpx = await asyncio.to_thread(importlib.import_module, "httpx")
        await self._start()
        if self._client is None:
            limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
            transport = httpx.AsyncHTTPTransport(uds=self._reader.place.socket, limits=limits)
            self._client = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)

    async def _start(self) -> None:
        """Have the reader listen; questions that come meanwhile wait for the same start."""
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(asyncio.to_thread(self._reader.ensure))
        try:
            await asyncio.wait_for(asyncio.shield(self._starting), START_SECONDS)
        except (TimeoutError, OSError) as error:
            raise RetraceError(ErrorCode.READS_UNAVAILABLE) from error

    async def _send(self, request: Request, body: bytes, trace_id: str) -> Streamed:
        assert self._client is not None  # noqa: S101 - `_connect` was before
        import httpx  # noqa: PLC0415 - as above

        target = quote(request.path, safe="/~!$&'()*+,;=:@").encode()
        if request.query_string:
            target += b"?" + request.query_string
        seconds = QUESTION_SECONDS if request.method in _READING else PROCESSING_SECONDS + QUESTION_SECONDS
        asked = self._client.build_request(
            "GET" if request.method == "HEAD" else request.method,
            httpx.URL(scheme="http", host="reader", raw_path=target),
            headers={
                "x-retrace-trace-id": trace_id,
                **{name: value for name in _SENT if (value := request.header(name.encode()))},
            },
            content=body or None,
            timeout=httpx.Timeout(seconds, connect=_CONNECT_SECONDS, pool=QUESTION_SECONDS),
        )
        response = await self._client.send(asked, stream=True)
        headers = tuple((name.lower(), value) for name, value in response.headers.raw if name.lower() in _RETURNED)
        return Streamed(response.status_code, headers, _chunks(response))


async def _body(upload: Upload) -> bytes:
    upload.require_fitting(MAX_QUESTION_BYTES)
    return await upload.read()


async def _chunks(response: "httpx.Response") -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    finally:
        with suppress(Exception):
            await response.aclose()
