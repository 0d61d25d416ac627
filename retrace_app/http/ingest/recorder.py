"""`GET /sdk/…`: the browser recorder, by a name that stays (`retrace.js`) or one that is its content's hash.

Belongs here: which builds there are, where they lie, and serving them so that browsers keep them and notice a new one.
Does not: building them, or the snippet that loads them (`retrace_app.actions.snippets`).
"""

import gzip
import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple

from retrace_app.http.ingest.exchange import Answer, Headers, Request, error_answer
from retrace_core.errors import ErrorCode, RetraceError

_STATIC: Final = Path(__file__).parent / "static"
RECORDER_PATH: Final = _STATIC / "retrace.js"
"""The ES module."""
GLOBAL_RECORDER_PATH: Final = _STATIC / "retrace.global.js"
"""The classic script, which a snippet pins by its hash."""

PINNED_FOLDER: Final = "sdk"
"""Folder of a home with the builds that snippets were minted for: an upgrade must not take them away."""
PINNED_PATH: Final = re.compile(r"/sdk/(retrace\.[0-9a-f]{16}\.js)", re.ASCII)

_HEADERS: Final[Headers] = (
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"vary", b"accept-encoding"),
)
# Pages load it at each view: five minutes spare most requests, and a fix reaches users soon.
_SHORT: Final[Headers] = ((b"cache-control", b"public, max-age=300, stale-while-revalidate=86400"),)
_FOR_EVER: Final[Headers] = ((b"cache-control", b"public, max-age=31536000, immutable"),)


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
            changed_ns = self._path.stat().st_mtime_ns
            if self._build is None or self._build.changed_ns != changed_ns:
                self._build = _read(self._path, changed_ns)
        except OSError:
            return error_answer(RetraceError(ErrorCode.RECORDER_NOT_BUILT))
        return _send(self._build, request, _SHORT)


class PinnedRecorders:
    """The builds of a home's snippets and the one this program brings, each by the hash of its content."""

    def __init__(self, home: Path, packaged: Path = GLOBAL_RECORDER_PATH) -> None:
        """Remember where they are; each is read when it is first asked for, and kept."""
        self._packaged = packaged
        self._folder = home / PINNED_FOLDER
        self._builds: dict[str, _Build] = {}

    def answer(self, request: Request, name: str) -> Answer:
        """Send the build with this name, as `PINNED_PATH` finds it; 404 when there is none."""
        build = self._builds.get(name) or self._find(name)
        if build is None:
            return error_answer(RetraceError(ErrorCode.NOT_FOUND))
        self._builds[name] = build
        return _send(build, request, _FOR_EVER)

    def _find(self, name: str) -> _Build | None:
        for path in (self._folder / name, self._packaged):
            try:
                build = _read(path)
            except OSError:
                continue
            # Browsers keep it for a year: what is not what its name says never leaves.
            if pinned_name(build.plain) == name:
                return build
        return None


def pinned_name(build: bytes) -> str:
    """The file name of a build: `retrace.<first 16 hex digits of its SHA-256>.js`."""
    return f"retrace.{_digest(build)}.js"


def _read(path: Path, changed_ns: int = 0) -> _Build:
    plain = path.read_bytes()
    return _Build(changed_ns, b'W/"%s"' % _digest(plain).encode(), plain, gzip.compress(plain, mtime=0))


def _send(build: _Build, request: Request, caching: Headers) -> Answer:
    headers = (*_HEADERS, *caching, (b"etag", build.etag))
    if build.etag.decode() in request.header(b"if-none-match"):
        return Answer(304, b"", headers)
    if "gzip" in request.header(b"accept-encoding").lower():
        return Answer(200, build.gzipped, (*headers, (b"content-encoding", b"gzip")))
    return Answer(200, build.plain, headers)


def _digest(build: bytes) -> str:
    return hashlib.sha256(build).hexdigest()[:16]
