"""Serving the browser recorder."""

import gzip
import os
from pathlib import Path

import pytest

from retrace_app.http.ingest.exchange import Answer, Request
from retrace_app.http.ingest.recorder import PINNED_PATH, PinnedRecorders, Recorder, pinned_name

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


def pinned(home: Path, packaged: Path, build: bytes = SCRIPT, **headers: str) -> Answer:
    """What a home's door answers to a request for a build."""
    return PinnedRecorders(home, packaged).answer(request(**headers), pinned_name(build))


def test_pinned_build_of_this_program_may_be_kept_for_ever(tmp_path: Path, built: Path) -> None:
    answer = pinned(tmp_path, built)

    assert (answer.status, answer.body) == (200, SCRIPT)
    assert header(answer, b"cache-control") == b"public, max-age=31536000, immutable"
    assert header(answer, b"cross-origin-resource-policy") == b"cross-origin"
    assert gzip.decompress(pinned(tmp_path, built, accept_encoding="gzip").body) == SCRIPT


def test_pinned_build_of_an_earlier_program_is_served_from_the_home(tmp_path: Path, built: Path) -> None:
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / pinned_name(b"earlier")).write_bytes(b"earlier")

    answer = pinned(tmp_path, built, b"earlier")

    assert (answer.status, answer.body) == (200, b"earlier")


def test_pinned_build_is_not_served_when_its_content_is_not_what_its_name_says(tmp_path: Path, built: Path) -> None:
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / pinned_name(b"earlier")).write_bytes(b"tampered")

    assert pinned(tmp_path, built, b"earlier").status == 404


def test_unknown_build_is_not_found_and_not_kept_by_browsers(tmp_path: Path, built: Path) -> None:
    answer = pinned(tmp_path, built, b"unknown")

    assert answer.status == 404
    assert header(answer, b"cache-control") == b""


@pytest.mark.parametrize(
    "path",
    [
        "/sdk/retrace.js",
        "/sdk/retrace.0123456789ABCDEF.js",
        "/sdk/retrace.0123456789abcde.js",
        "/sdk/retrace.0123456789abcdef.js/",
        "/sdk/retrace.0123456789abcdef.js\n",
        "/sdk/../retrace.0123456789abcdef.js",
        "/sdk/%2e%2e/retrace.db",
    ],
)
def test_only_the_exact_form_of_a_name_is_looked_for(path: str) -> None:
    assert PINNED_PATH.fullmatch(path) is None
