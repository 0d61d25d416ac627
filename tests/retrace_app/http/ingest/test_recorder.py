"""Serving the browser recorder."""

import gzip
import os
from pathlib import Path

import pytest

from retrace_app.http.ingest.exchange import Answer, Request
from retrace_app.http.ingest.recorder import Recorder

SCRIPT = b"export const init = () => {};\n" * 100


def request(**headers: str) -> Request:
    """A GET with these headers."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"method": "GET", "path": "/sdk/retrace.js", "headers": pairs, "query_string": b""})


def header(answer: Answer, name: bytes) -> bytes:
    """One header of an answer; empty when absent."""
    return dict(answer.headers).get(name, b"")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built recorder."""
    path = tmp_path / "retrace.js"
    path.write_bytes(SCRIPT)
    return path


def test_recorder_that_is_not_built_is_named(tmp_path: Path) -> None:
    answer = Recorder(tmp_path / "retrace.js").answer(request())
    assert answer.status == 404
    assert b'"recorder_not_built"' in answer.body


def test_recorder_is_a_script_that_pages_of_any_origin_may_keep_for_minutes(built: Path) -> None:
    answer = Recorder(built).answer(request())
    assert (answer.status, answer.body) == (200, SCRIPT)
    assert header(answer, b"content-type") == b"text/javascript; charset=utf-8"
    assert header(answer, b"cache-control").startswith(b"public, max-age=300")
    assert header(answer, b"cross-origin-resource-policy") == b"cross-origin"


def test_recorder_is_compressed_for_those_who_take_it(built: Path) -> None:
    answer = Recorder(built).answer(request(accept_encoding="br, gzip, deflate"))
    assert header(answer, b"content-encoding") == b"gzip"
    assert gzip.decompress(answer.body) == SCRIPT
    assert header(answer, b"vary") == b"accept-encoding"


def test_recorder_is_not_sent_again_to_those_who_have_it(built: Path) -> None:
    recorder = Recorder(built)
    etag = header(recorder.answer(request()), b"etag").decode()
    answer = recorder.answer(request(if_none_match=f'"other", {etag}'))
    assert (answer.status, answer.body) == (304, b"")
    assert recorder.answer(request(if_none_match='"other"')).status == 200


def test_new_build_is_served_without_a_restart(built: Path) -> None:
    recorder = Recorder(built)
    before = header(recorder.answer(request()), b"etag")
    built.write_bytes(b"new")
    os.utime(built, ns=(1, 1))
    answer = recorder.answer(request(if_none_match=before.decode()))
    assert (answer.status, answer.body) == (200, b"new")
