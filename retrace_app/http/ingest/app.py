"""The door as an ASGI application: which path answers what, and what is opened before the first request.

Belongs here: dispatch, the life of what the paths need, the answer of last resort. Does not: the paths themselves.
"""

import gc
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from retrace_app.http.ingest.duplicates import BatchMemory
from retrace_app.http.ingest.exchange import (
    Answer,
    Receive,
    Request,
    Scope,
    Send,
    error_answer,
    json_answer,
    new_trace_id,
    parse_content_length,
    send_answer,
    send_streamed,
)
from retrace_app.http.ingest.reader import Place, Reader
from retrace_app.http.ingest.reads import Reads, Streamed, is_question
from retrace_app.http.ingest.recorder import PINNED_PATH, PinnedRecorders, Recorder
from retrace_app.http.ingest.replay import BUCKET, ReplayIngest
from retrace_app.http.ingest.upload import Held, Upload
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import BODY_SECONDS, MAX_HELD_BYTES, MAX_JSON_NESTING, REMEMBERED_BATCHES
from retrace_resources.landing import Landing
from retrace_resources.landing_writer import LandingWriter
from retrace_resources.rate_limits import RateLimiter
from retrace_resources.state import StateStore

App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEALTH_PATH: Final = "/healthz"
_RECORDER_PATH: Final = "/sdk/retrace.js"
_REPLAY_PATH: Final = "/api/sdk/replay"
_READ: Final = ("GET", "HEAD", "OPTIONS")
_METHODS: Final = {
    _HEALTH_PATH: _READ,
    _RECORDER_PATH: _READ,
    _REPLAY_PATH: ("POST", "OPTIONS"),
}

_log = logging.getLogger(__name__)


def create_app(
    home: Path, replay_limit: tuple[int, int] | None, reader: Place, *, body_seconds: float = BODY_SECONDS
) -> App:
    """Make the door of a home, which opens its files at ASGI startup; questions go to `reader`.

    A key may post `replay_limit` times: so many requests in so many seconds; None is no limit.
    """
    return _Door(home, replay_limit, reader, body_seconds)


class _Door:
    def __init__(self, home: Path, replay_limit: tuple[int, int] | None, reader: Place, body_seconds: float) -> None:
        self._home = home
        self._replay_limit = replay_limit
        self._body_seconds = body_seconds
        self._held = Held(MAX_HELD_BYTES)
        self._recorder = Recorder()
        self._pinned = PinnedRecorders(home)
        self._reads = Reads(Reader(reader))
        self._ingest: ReplayIngest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._exchange(Request(scope), receive, send)

    async def _exchange(self, request: Request, receive: Receive, send: Send) -> None:
        trace_id = new_trace_id()
        upload = None
        answer: Answer | Streamed
        try:
            has_body = b"content-length" in request.headers or b"transfer-encoding" in request.headers
            declared = parse_content_length(request.headers) if has_body else 0
            upload = Upload(receive, declared, self._held, self._body_seconds)
            answer = await self._answer(request, upload, trace_id)
        except RetraceError as refusal:
            answer = error_answer(refusal)
        except Exception:  # noqa: BLE001 - logged, and nobody is left without an answer
            _log.exception("request %s to %r failed", trace_id, request.path)
            answer = error_answer(RetraceError(ErrorCode.INTERNAL_ERROR))
        if isinstance(answer, Streamed):
            await send_streamed(send, answer.status, answer.headers, answer.body, trace_id)
        else:
            await send_answer(send, answer, trace_id)
        # Whoever asks before sending a body has not sent it yet, and will not.
        if upload is not None and not upload.complete and b"expect" not in request.headers:
            await upload.drain()

    async def _answer(self, request: Request, upload: Upload, trace_id: str) -> Answer | Streamed:
        pinned = PINNED_PATH.fullmatch(request.path)
        methods = _READ if pinned else _METHODS.get(request.path)
        if methods is None:
            return await self._pass_on(request, upload, trace_id)
        if request.method not in methods:
            allow = (b"allow", ", ".join(methods).encode())
            return error_answer(RetraceError(ErrorCode.METHOD_NOT_ALLOWED), (allow,))
        if request.method == "OPTIONS":
            return Answer(204)
        if request.path == _REPLAY_PATH:
            return await self._ingest.answer(request, upload)
        if pinned or request.path == _RECORDER_PATH:
            return self._pinned.answer(request, pinned[1]) if pinned else self._recorder.answer(request)
        return json_answer(200, {"ok": True})

    async def _pass_on(self, request: Request, upload: Upload, trace_id: str) -> Answer | Streamed:
        if not is_question(request.path):
            raise RetraceError(ErrorCode.NOT_FOUND)
        # Which questions there are only the reader knows; that a page may ask any needs no reader.
        return Answer(204) if request.method == "OPTIONS" else await self._reads.answer(request, upload, trace_id)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        with ExitStack() as resources:
            try:
                writer = self._open(resources)
            except (RetraceError, OSError) as error:
                await send({"type": "lifespan.startup.failed", "message": f"The door cannot open: {error}"})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await writer.close()
            await self._reads.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _open(self, resources: ExitStack) -> LandingWriter:
        landing = Landing(self._home)
        landing.adopt()
        store = resources.enter_context(StateStore.open(self._home))
        limiter = None
        if self._replay_limit is not None:
            limiter = resources.enter_context(closing(RateLimiter(self._home, BUCKET, *self._replay_limit)))
        writer = LandingWriter(landing)
        self._ingest = ReplayIngest(store, limiter, writer, BatchMemory(REMEMBERED_BATCHES))
        _tune_interpreter()
        return writer


def _tune_interpreter() -> None:
    # Deep pages are deep JSON; see MAX_JSON_NESTING.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), MAX_JSON_NESTING))
    # What is loaded by now stays: later collections need not look at it.
    gc.collect()
    gc.freeze()
