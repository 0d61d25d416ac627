"""Bodies that are too large, too slow, cut short or sent by clients that read last; on raw sockets."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from retrace_app.http.ingest.upload import Held, Upload
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_BODY_BYTES, MIB

if TYPE_CHECKING:
    from tests.retrace_app.http.ingest.conftest import Door

MEBIBYTE = bytes(MIB)


def uploading(*chunks: bytes, held: Held, declared: int | None = None) -> Upload:
    """A body that comes in these chunks."""
    messages = [{"type": "http.request", "body": data, "more_body": True} for data in chunks]
    waiting = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return Upload(receive, declared, held, seconds=5)


def test_body_counts_as_held_until_it_is_released() -> None:
    held = Held(100)
    upload = uploading(b"x" * 30, b"y" * 30, held=held)
    assert asyncio.run(upload.read()) == b"x" * 30 + b"y" * 30
    assert held.bytes == 60
    upload.release()
    assert held.bytes == 0


def test_bodies_beyond_what_may_be_held_are_refused_and_release_everything() -> None:
    held = Held(100)
    first, second = uploading(b"x" * 60, held=held), uploading(b"x" * 30, b"x" * 30, held=held)
    asyncio.run(first.read())
    with pytest.raises(RetraceError) as caught:
        asyncio.run(second.read())
    assert caught.value.code is ErrorCode.OVERLOADED
    second.release()
    assert held.bytes == 60
    assert asyncio.run(uploading(b"x" * 40, held=held).read()) == b"x" * 40


def test_declared_length_spares_waiting_for_the_end() -> None:
    upload = uploading(b"abc", b"def", held=Held(100), declared=3)
    assert asyncio.run(upload.read()) == b"abc"
    assert upload.complete


def answered(received: bytes) -> tuple[int, str]:
    """Status and error code of the first answer received."""
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return status, json.JSONDecoder().raw_decode(body.decode())[0].get("error", "")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def dripping(data: bytes, times: int) -> Iterator[bytes]:
    """The same bytes again and again, 0.1 s apart."""
    for _ in range(times):
        time.sleep(0.1)
        yield data


def test_100_mb_declared_and_sent_gets_its_answer_although_the_client_reads_last(door: "Door") -> None:
    received = door.raw(door.head(f"content-length: {100 * MIB}"), *[MEBIBYTE] * 100)
    assert answered(received) == (413, "body_too_large")


def test_100_mb_in_chunks_gets_its_answer_although_the_client_reads_last(door: "Door") -> None:
    received = door.raw(door.head("transfer-encoding: chunked"), *[chunk(MEBIBYTE)] * 100, b"0\r\n\r\n")
    assert answered(received) == (413, "body_too_large")


def test_100_mb_declared_and_not_sent_is_refused_at_once(door: "Door") -> None:
    started = time.monotonic()
    received = door.raw(door.head(f"content-length: {100 * MIB}", "expect: 100-continue"), seconds=5)
    assert answered(received) == (413, "body_too_large")
    assert time.monotonic() - started < 1
    assert b"100 Continue" not in received


def test_large_body_without_a_key_gets_its_answer_although_the_client_reads_last(door: "Door") -> None:
    head = f"POST /api/sdk/replay HTTP/1.1\r\nhost: door\r\ncontent-length: {4 * MIB}\r\n\r\n".encode()
    assert answered(door.raw(head, *[MEBIBYTE] * 4, seconds=5)) == (401, "unauthorized")


def test_connection_goes_on_after_a_refusal_whose_body_was_read_to_its_end(door: "Door") -> None:
    head = f"POST /nothing HTTP/1.1\r\nhost: door\r\ncontent-length: {MIB}\r\n\r\n".encode()
    last = b"GET /healthz HTTP/1.1\r\nhost: door\r\nconnection: close\r\n\r\n"
    received = door.raw(head, MEBIBYTE, last, seconds=5)
    assert received.startswith(b"HTTP/1.1 404")
    assert received.endswith(b'{"ok":true}')


def test_body_of_exactly_the_limit_is_taken(door: "Door") -> None:
    start, end = b'{"sessionId":"limit","sequence":1,"events":[],"x":"', b'"}'
    body = start + b"x" * (MAX_BODY_BYTES - len(start) - len(end)) + end
    assert door.post(content=body).status_code == 202
    assert door.post(content=body + b" ").json()["error"] == "body_too_large"


def test_chunked_body_is_taken(door: "Door") -> None:
    body = json.dumps(door.batch("chunked")).encode()
    head = door.head("transfer-encoding: chunked", "connection: close")
    received = door.raw(head, *(chunk(body[at : at + 7]) for at in range(0, len(body), 7)), b"0\r\n\r\n")
    assert answered(received) == (202, "")


def test_pipelined_posts_are_answered_in_order(door: "Door") -> None:
    posts = []
    for sequence in range(5):
        body = json.dumps(door.batch("pipeline", sequence)).encode()
        posts += [door.head(f"content-length: {len(body)}"), body]
    received = door.raw(*posts, b"GET /healthz HTTP/1.1\r\nhost: door\r\nconnection: close\r\n\r\n")
    order = [received.find(b'"sequence":%d,' % sequence) for sequence in range(5)]
    assert -1 not in order
    assert order == sorted(order)


def test_body_shorter_than_declared_is_incomplete_when_the_client_stops_writing(door: "Door") -> None:
    received = door.raw(door.head("content-length: 1000"), b'{"sessionId":', half_close=True)
    assert answered(received) == (400, "incomplete_body")


def test_body_shorter_than_declared_times_out_when_the_client_waits(door: "Door") -> None:
    started = time.monotonic()
    received = door.raw(door.head("content-length: 1000"), b'{"sessionId":')
    assert answered(received) == (408, "body_timeout")
    assert b"connection: close" in received.lower()
    assert 1 < time.monotonic() - started < 10


def test_client_that_drips_its_body_is_cut_off(door: "Door") -> None:
    started = time.monotonic()
    received = door.raw(door.head("content-length: 1000"), then=dripping(b"x", 40))
    assert answered(received) == (408, "body_timeout")
    assert time.monotonic() - started < 3


def test_silent_client_is_cut_off(door: "Door") -> None:
    started = time.monotonic()
    assert door.raw(b"") == b""
    assert time.monotonic() - started < 10


def test_client_that_drips_its_headers_is_cut_off(door: "Door") -> None:
    started = time.monotonic()
    door.raw(b"POST /api/sdk/replay HTTP/1.1\r\n", then=dripping(b"x: 1\r\n", 40))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /api/sdk/replay HTTP/1.1\r\nhost: door\r\ncontent-length: abc\r\n\r\n",
        b"POST /api/sdk/replay HTTP/1.1\r\nhost: door\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/sdk/replay HTTP/1.1\r\nhost: door\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST /api/sdk/replay HTTP/1.1\r\nhost: door\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: door\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: door\r\nx: " + b"a" * 1_000_000 + b"\r\n\r\n",
    ],
    ids=lambda request_bytes: repr(request_bytes[:80]),
)
def test_broken_http_is_answered_with_4xx(door: "Door", request_bytes: bytes) -> None:
    assert 400 <= int(door.raw(request_bytes).split(b" ", 2)[1]) < 500
