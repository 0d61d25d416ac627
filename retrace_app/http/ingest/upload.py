"""Reading a request's body: at a bounded price in memory and time, and to the end even when it is refused.

Belongs here: size, pace and completeness of what comes in. Does not: decompression (`retrace_core/encodings.py`) and
what the bytes say (`batch.py`).
"""

import asyncio
from contextlib import suppress
from typing import Final

from retrace_app.http.ingest.exchange import Receive
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import DRAIN_BYTES, DRAIN_SECONDS, MAX_BODY_BYTES, MIN_BODY_BYTES_PER_SECOND

_REQUEST: Final = "http.request"


class Held:
    """Counts the bytes of all bodies a worker holds."""

    def __init__(self, limit: int) -> None:
        """Allow so many bytes at a time."""
        self._limit = limit
        self.bytes = 0

    def add(self, size: int) -> None:
        """Count what came in; raises `overloaded` when it is too much."""
        self.bytes += size
        if self.bytes > self._limit:
            raise RetraceError(ErrorCode.OVERLOADED)

    def release(self, size: int) -> None:
        """Forget what is no longer held."""
        self.bytes -= size


class Upload:
    """The body of one request."""

    __slots__ = ("_declared", "_held", "_most", "_receive", "_seconds", "_too_slow", "complete", "size")

    def __init__(self, receive: Receive, declared: int | None, held: Held, seconds: float) -> None:
        """Prepare to read a body of `declared` bytes, or of unknown length, in `seconds` and what its pace earns."""
        self._receive = receive
        self._declared = declared
        self._held = held
        self._seconds = seconds
        self._most = MAX_BODY_BYTES
        self._too_slow = False
        self.size = 0
        self.complete = declared == 0

    def require_fitting(self, most: int = MAX_BODY_BYTES) -> None:
        """Take at most so many bytes; raise `body_too_large` if the declared length already says it is more."""
        self._most = most
        if self._declared is not None and self._declared > most:
            raise RetraceError(ErrorCode.BODY_TOO_LARGE, f"{self._declared} bytes")

    async def read(self) -> bytes:
        """Read the whole body.

        Raises `body_too_large`, `body_timeout`, `incomplete_body` or `overloaded`; `release` afterwards in any case.
        """
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                return await self._read(deadline)
        except TimeoutError:
            self._too_slow = True
            raise RetraceError(ErrorCode.BODY_TIMEOUT, f"{self.size} bytes") from None

    async def _read(self, deadline: asyncio.Timeout) -> bytes:
        started = asyncio.get_running_loop().time()
        body: bytes | bytearray = b""
        while not self.complete:
            message = await self._receive()
            if message["type"] != _REQUEST:
                raise RetraceError(ErrorCode.INCOMPLETE_BODY, f"{self.size} bytes")
            chunk: bytes = message["body"]
            if not body:
                body = chunk
            else:
                # One growing buffer: a list would cost a body of one-byte chunks forty times its size.
                body = body if isinstance(body, bytearray) else bytearray(body)
                body += chunk
            self.size += len(chunk)
            # The message that says "no more" costs a turn of the event loop: a declared length says it first.
            self.complete = self.size == self._declared or not message["more_body"]
            self._held.add(len(chunk))
            if self.size > self._most:
                raise RetraceError(ErrorCode.BODY_TOO_LARGE, f"more than {self._most} bytes")
            if not self.complete:
                deadline.reschedule(started + self._seconds + self.size / MIN_BODY_BYTES_PER_SECOND)
        return bytes(body)

    def release(self) -> None:
        """Say that the body is no longer held."""
        self._held.release(self.size)

    async def drain(self) -> None:
        """Throw the rest away: a client that writes everything before it reads can then read its answer.

        Not for one that has had its time: its connection is closed.
        """
        seen = self.size
        most = seen + DRAIN_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not (self.complete or self._too_slow) and seen < most:
                    message = await self._receive()
                    if message["type"] != _REQUEST:
                        return
                    seen += len(message["body"])
                    self.complete = seen == self._declared or not message["more_body"]
