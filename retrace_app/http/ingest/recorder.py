"""`GET /sdk/retrace.js`: the browser recorder, one built file.

Belongs here: serving it so that browsers keep it and notice a new one. Does not: building it.
"""

import gzip
import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from retrace_app.http.ingest.exchange import Answer, Headers, Request, error_answer
from retrace_core.errors import ErrorCode, RetraceError

RECORDER_PATH: Final = Path(__file__).parent / "static" / "retrace.js"

_HEADERS: Final[Headers] = (
    (b"content-type", b"text/javascript; charset=utf-8"),
    # Pages load it at each view: five minutes spare most requests, and a fix reaches users soon.
    (b"cache-control", b"public, max-age=300, stale-while-revalidate=86400"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"vary", b"accept-encoding"),
)


class _Build(NamedTuple):
    changed_ns: int
    etag: bytes
    plain: bytes
    gzipped: bytes


class Recorder:
    """The file at `path`, kept in memory until it changes."""

    def __init__(self, path: Path = RECORDER_PATH) -> None:
        """Remember where it is; it may be built later."""
        self._path = path
        self._build: _Build | None = None

    def answer(self, request: Request) -> Answer:
        """Send the file, or 304 when the client has it."""
        try:
            build = self._current()
        except OSError:
            return error_answer(RetraceError(ErrorCode.RECORDER_NOT_BUILT))
        headers = (*_HEADERS, (b"etag", build.etag))
        if build.etag.decode() in request.header(b"if-none-match"):
            return Answer(304, b"", headers)
        if "gzip" in request.header(b"accept-encoding").lower():
            return Answer(200, build.gzipped, (*headers, (b"content-encoding", b"gzip")))
        return Answer(200, build.plain, headers)

    def _current(self) -> _Build:
        changed_ns = self._path.stat().st_mtime_ns
        if self._build is None or self._build.changed_ns != changed_ns:
            plain = self._path.read_bytes()
            etag = b'W/"%s"' % hashlib.sha256(plain).hexdigest()[:16].encode()
            self._build = _Build(changed_ns, etag, plain, gzip.compress(plain, mtime=0))
        return self._build
