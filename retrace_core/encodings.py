"""Content-Encoding: what a body that was compressed on the way decompresses to, at a bounded price.

Belongs here: the codings a client may use and how each is undone. Does not: reading bodies from a connection, or what
they say.
"""

import zlib
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import brotli
import zstandard

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import KIB, MIB

MAX_MEMBERS: Final = 100
"""Concatenated gzip members or zstd frames. Clients that flush between chunks make a handful; each costs a copy of
what is left, so thousands of empty ones would be a denial of service."""

ZSTD_WINDOW_BYTES: Final = 8 * MIB
"""RFC 8878 §3.1.1.1.2: what every decoder should support, and what it may refuse to go beyond."""

_ZSTD_SLICE_BYTES: Final = 64
# Zstandard's decoder cannot be told how much to give out: it is fed so little that it cannot give much. A block of
# 128 KiB takes at least 4 bytes, so a slice yields 2 MiB at most.
assert _ZSTD_SLICE_BYTES // 4 * 128 * KIB <= 2 * MIB  # noqa: S101 - the arithmetic above, held

_ALIASES: Final = {"identity": "", "x-gzip": "gzip"}


class _Member(Protocol):
    """One gzip member or zstd frame, as zlib's decompression objects have it."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Coding(NamedTuple):
    undo: Callable[[bytes, int], bytes]
    refusal: ErrorCode


def parse_content_encoding(value: str) -> str:
    """Name the coding of a Content-Encoding header: empty, gzip, deflate, br or zstd; raises `unsupported_encoding`."""
    name = value.strip().lower()
    name = _ALIASES.get(name, name)
    if name and name not in _CODINGS:
        raise RetraceError(ErrorCode.UNSUPPORTED_ENCODING, repr(name[:40]))
    return name


def decompress(encoding: str, body: bytes, limit: int) -> bytes:
    """Undo `encoding` (empty: nothing to undo), holding at most about twice `limit` bytes.

    Raises `body_too_large` when more than `limit` bytes come out, `invalid_<encoding>` when the body is not what it
    says, ends early or goes on after its end.
    """
    if not encoding:
        return body
    coding = _CODINGS[encoding]
    try:
        plain = coding.undo(body, limit)
    except (EOFError, zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise RetraceError(coding.refusal, str(error)) from None
    if len(plain) > limit:
        raise RetraceError(ErrorCode.BODY_TOO_LARGE, f"more than {limit} bytes after decompression")
    return plain


def _undo_gzip(body: bytes, limit: int) -> bytes:
    return _undo_members(body, limit, lambda: zlib.decompressobj(16 + zlib.MAX_WBITS))


def _undo_deflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 §8.4.1.2: "deflate" is zlib's format, but some clients send it without zlib's header.
    try:
        return _undo_once(body, limit, zlib.decompressobj())
    except zlib.error:
        return _undo_once(body, limit, zlib.decompressobj(-zlib.MAX_WBITS))


def _undo_brotli(body: bytes, limit: int) -> bytes:
    decompressor = brotli.Decompressor()
    plain: bytes = decompressor.process(body, output_buffer_limit=limit + 1)
    if len(plain) <= limit and not decompressor.is_finished():
        raise EOFError("it ends early")
    return plain


def _undo_zstd(body: bytes, limit: int) -> bytes:
    return _undo_members(body, limit, _ZstdFrame)


def _undo_once(body: bytes, limit: int, member: _Member) -> bytes:
    plain = member.decompress(body, limit + 1)
    if len(plain) <= limit:
        if not member.eof:
            raise EOFError("it ends early")
        if member.unused_data:
            raise EOFError("it goes on after its end")
    return plain


def _undo_members(body: bytes, limit: int, begin: Callable[[], _Member]) -> bytes:
    parts: list[bytes] = []
    room = limit + 1
    for _ in range(MAX_MEMBERS):
        member = begin()
        parts.append(member.decompress(body, room))
        room -= len(parts[-1])
        if room <= 0:
            break
        if not member.eof:
            raise EOFError("it ends early")
        # Padding with zeros is allowed behind a gzip member, and no frame or member begins with one.
        body = member.unused_data.lstrip(b"\0")
        if not body:
            break
    else:
        raise EOFError(f"more than {MAX_MEMBERS} parts")
    return b"".join(parts)


class _ZstdFrame:
    """A zstd frame read in slices, so that it gives out little more than it is asked for."""

    def __init__(self) -> None:
        self._inflater = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES).decompressobj()
        self.eof = False
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        parts: list[bytes] = []
        for start in range(0, len(data), _ZSTD_SLICE_BYTES):
            end = start + _ZSTD_SLICE_BYTES
            parts.append(self._inflater.decompress(data[start:end]))
            max_length -= len(parts[-1])
            if self._inflater.eof:
                self.eof = True
                self.unused_data = self._inflater.unused_data + data[end:]
                break
            if max_length <= 0:
                break
        return b"".join(parts)


_CODINGS: Final = {
    "gzip": _Coding(_undo_gzip, ErrorCode.INVALID_GZIP),
    "deflate": _Coding(_undo_deflate, ErrorCode.INVALID_DEFLATE),
    "br": _Coding(_undo_brotli, ErrorCode.INVALID_BR),
    "zstd": _Coding(_undo_zstd, ErrorCode.INVALID_ZSTD),
}
