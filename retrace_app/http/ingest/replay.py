"""`POST /api/sdk/replay`: one batch of a session's events, from the request to the landing.

Belongs here: the order of checks (declared length, key, rate limit, body, shape, memory, disk) and the 202. Does not:
how each check works.
"""

import asyncio
import hashlib
import time
from typing import Final, NamedTuple

from retrace_app.http.ingest.batch import ReplayBatch, decode_batch
from retrace_app.http.ingest.duplicates import BatchMemory
from retrace_app.http.ingest.exchange import CLOSE, Answer, Headers, Request, error_answer, json_answer
from retrace_app.http.ingest.upload import Upload
from retrace_core.encodings import decompress, parse_content_encoding
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import batch_id, job_id
from retrace_core.limits import MAX_BODY_BYTES
from retrace_resources.landing import LandedRow
from retrace_resources.landing_writer import LandingWriter
from retrace_resources.rate_limits import Allowance, RateLimiter
from retrace_resources.state import SdkKey, StateStore

BUCKET: Final = "replay"
_KEY_PREFIX: Final = "rtpk_"
_BEARER: Final = "bearer "
_KEY_FIELDS: Final = ("key", "api_key", "apiKey")
_BROKEN_OFF: Final = frozenset(
    {ErrorCode.BODY_TOO_LARGE, ErrorCode.BODY_TIMEOUT, ErrorCode.INCOMPLETE_BODY, ErrorCode.OVERLOADED}
)


class ReplayIngest(NamedTuple):
    """What the path needs of the world."""

    store: StateStore
    limiter: RateLimiter | None
    writer: LandingWriter
    memory: BatchMemory

    async def answer(self, request: Request, upload: Upload) -> Answer:
        """Take one post; whatever is wrong with it is in the answer."""
        limits: Headers = ()
        try:
            upload.require_fitting()
            key = self._key(request)
            if self.limiter is not None:
                allowance = self.limiter.take(key.id, time.time())
                limits = _limit_headers(allowance)
                if not allowance.granted:
                    return _refuse_rate(allowance, limits)
            encoding = parse_content_encoding(request.header(b"content-encoding"))
            return await self._land(key, encoding, await upload.read(), limits)
        except RetraceError as refusal:
            headers = limits + CLOSE if refusal.code in _BROKEN_OFF and not upload.complete else limits
            return error_answer(refusal, headers)
        finally:
            upload.release()

    def _key(self, request: Request) -> SdkKey:
        token = find_token(request)
        key = self.store.sdk_key(token) if token.startswith(_KEY_PREFIX) else None
        if key is None:
            raise RetraceError(ErrorCode.UNAUTHORIZED)
        return key

    async def _land(self, key: SdkKey, encoding: str, body: bytes, headers: Headers) -> Answer:
        plain = decompress(encoding, body, MAX_BODY_BYTES)
        batch = decode_batch(plain)
        name = batch_id(key.environment_id, batch.session_id, batch.window_id, batch.sequence)

        def write() -> asyncio.Future[None]:
            return self.writer.append(_row(key, batch, encoding, body))

        is_new = await self.memory.write_once(name, hashlib.sha256(plain).digest(), write)
        job = job_id(key.environment_id, batch.session_id) if is_new and batch.is_final else None
        content = {
            "accepted": is_new,
            "duplicate": not is_new,
            "session_id": batch.session_id,
            "sequence": batch.sequence,
            "event_count": batch.event_count,
            "batch_id": name,
            "processing_job_id": job,
        }
        return json_answer(202, content, headers)


def find_token(request: Request) -> str:
    """The SDK key a request came with, wherever it is put: header, bearer token or query; empty if nowhere."""
    if token := request.header(b"x-retrace-key"):
        return token
    authorization = request.header(b"authorization")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip()
    if not request.query_string:
        return ""
    return next((request.query[field][0].strip() for field in _KEY_FIELDS if field in request.query), "")


def _row(key: SdkKey, batch: ReplayBatch, encoding: str, body: bytes) -> LandedRow:
    return LandedRow(
        time.time_ns() // 1_000,
        key.project_id,
        key.environment_id,
        key.id,
        batch.session_id,
        batch.window_id,
        batch.sequence,
        encoding,
        body,
    )


def _limit_headers(allowance: Allowance) -> Headers:
    return (
        (b"x-ratelimit-limit", b"%d" % allowance.limit),
        (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
        (b"x-ratelimit-reset", b"%d" % allowance.reset_seconds),
        (b"x-ratelimit-window", b"%d" % allowance.window_seconds),
    )


def _refuse_rate(allowance: Allowance, limits: Headers) -> Answer:
    retry_after = (b"retry-after", b"%d" % allowance.reset_seconds)
    return error_answer(
        RetraceError(ErrorCode.RATE_LIMITED),
        (*limits, retry_after),
        limit=allowance.limit,
        remaining=allowance.remaining,
        retry_after_seconds=allowance.reset_seconds,
        window_seconds=allowance.window_seconds,
    )
