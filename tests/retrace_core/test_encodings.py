"""Undoing content encodings: what clients send, what breaks, what bombs."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from retrace_core.encodings import MAX_MEMBERS, decompress, parse_content_encoding
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_BODY_BYTES, MIB

LIMIT = 1 * MIB


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's header."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def streamed_zstd(data: bytes) -> bytes:
    """A frame that does not say how long its content is."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(data) + compressor.flush()


CODINGS: list[tuple[str, Callable[[bytes], bytes], ErrorCode]] = [
    ("gzip", gzip.compress, ErrorCode.INVALID_GZIP),
    ("deflate", zlib.compress, ErrorCode.INVALID_DEFLATE),
    ("deflate", raw_deflate, ErrorCode.INVALID_DEFLATE),
    ("br", brotli.compress, ErrorCode.INVALID_BR),
    ("zstd", zstandard.compress, ErrorCode.INVALID_ZSTD),
    ("zstd", streamed_zstd, ErrorCode.INVALID_ZSTD),
]
each_coding = pytest.mark.parametrize(("encoding", "compress", "refusal"), CODINGS)


def refused(encoding: str, body: bytes, limit: int = LIMIT) -> ErrorCode:
    """The code a body is refused with."""
    with pytest.raises(RetraceError) as caught:
        decompress(encoding, body, limit)
    return caught.value.code


@each_coding
@given(data=st.binary(max_size=5000), repeats=st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_body_comes_back_as_it_was(
    encoding: str, compress: Callable[[bytes], bytes], refusal: ErrorCode, data: bytes, repeats: int
) -> None:
    assert decompress(encoding, compress(data * repeats), LIMIT) == data * repeats


@each_coding
def test_body_of_exactly_the_limit_is_taken_and_one_more_byte_is_not(
    encoding: str, compress: Callable[[bytes], bytes], refusal: ErrorCode
) -> None:
    assert len(decompress(encoding, compress(b"a" * LIMIT), LIMIT)) == LIMIT
    assert refused(encoding, compress(b"a" * (LIMIT + 1))) is ErrorCode.BODY_TOO_LARGE


@each_coding
def test_body_that_ends_early_is_invalid_wherever_it_ends(
    encoding: str, compress: Callable[[bytes], bytes], refusal: ErrorCode
) -> None:
    body = compress(b"hello world, " * 20)
    for end in range(len(body)):
        assert refused(encoding, body[:end]) is refusal, end


@each_coding
@given(body=st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_arbitrary_bytes_are_invalid_or_decompress_but_never_raise_anything_else(
    encoding: str, compress: Callable[[bytes], bytes], refusal: ErrorCode, body: bytes
) -> None:
    with suppress(RetraceError):
        decompress(encoding, body, LIMIT)


@each_coding
def test_bomb_costs_at_most_about_twice_the_limit_in_memory(
    encoding: str, compress: Callable[[bytes], bytes], refusal: ErrorCode
) -> None:
    bomb = compress(bytes(40 * MIB))
    tracemalloc.start()
    try:
        assert refused(encoding, bomb, MAX_BODY_BYTES) is ErrorCode.BODY_TOO_LARGE
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 2 * (MAX_BODY_BYTES + 2 * MIB)


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", streamed_zstd)])
def test_concatenated_parts_are_one_body(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    assert decompress(encoding, compress(b"one ") + compress(b"two ") + compress(b"three"), LIMIT) == b"one two three"
    assert decompress(encoding, compress(b"x") * MAX_MEMBERS, LIMIT) == b"x" * MAX_MEMBERS


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", streamed_zstd)])
def test_thousands_of_empty_parts_are_refused_at_once(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    body = compress(b"") * (MAX_BODY_BYTES // len(compress(b"")))
    started = time.perf_counter()
    assert refused(encoding, body).value == f"invalid_{encoding}"
    assert time.perf_counter() - started < 1.0


@each_coding
def test_bytes_behind_the_end_are_refused(
    encoding: str, compress: Callable[[bytes], bytes], refusal: ErrorCode
) -> None:
    assert refused(encoding, compress(b"hello") + b"junk") is refusal


def test_gzip_may_be_padded_with_zeros() -> None:
    assert decompress("gzip", gzip.compress(b"hello") + bytes(100), LIMIT) == b"hello"


def test_zstd_frame_that_asks_for_a_huge_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = frame.compress(bytes(20 * MIB)) + frame.flush()
    assert refused("zstd", body, 100 * MIB) is ErrorCode.INVALID_ZSTD


def test_body_without_encoding_is_itself() -> None:
    assert decompress("", b"anything", LIMIT) == b"anything"


@pytest.mark.parametrize(
    ("header", "encoding"),
    [("", ""), ("identity", ""), ("gzip", "gzip"), ("x-gzip", "gzip"), (" GZIP ", "gzip"), ("br", "br")],
)
def test_content_encoding_is_named(header: str, encoding: str) -> None:
    assert parse_content_encoding(header) == encoding


@pytest.mark.parametrize("header", ["compress", "gzip, br", "gzip,gzip", "x" * 1000, "\x00"])
def test_other_content_encodings_are_refused(header: str) -> None:
    with pytest.raises(RetraceError) as caught:
        parse_content_encoding(header)
    assert caught.value.code is ErrorCode.UNSUPPORTED_ENCODING
