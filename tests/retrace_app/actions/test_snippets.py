"""What goes into an app: a build that stays, and texts that nothing can break out of."""

import base64
import hashlib
import json
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.actions.snippets import (
    PinnedRecorder,
    package_snippet,
    pin_recorder,
    react_snippet,
    recorder_snippet,
)
from retrace_core.errors import ErrorCode, RetraceError

BUILD = b"var Retrace = {};\n"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A built recorder."""
    path = tmp_path / "retrace.global.js"
    path.write_bytes(BUILD)
    return path


def test_pinned_build_is_kept_in_the_home_under_its_hash_for_everyone_to_read(home: Path, build: Path) -> None:
    recorder = pin_recorder(home, build)

    kept = home / "sdk" / recorder.name
    assert recorder.name == f"retrace.{hashlib.sha256(BUILD).hexdigest()[:16]}.js"
    assert recorder.integrity == f"sha384-{base64.b64encode(hashlib.sha384(BUILD).digest()).decode()}"
    assert kept.read_bytes() == BUILD
    assert stat.S_IMODE(kept.stat().st_mode) == 0o644


def test_earlier_builds_stay_when_another_is_pinned(home: Path, build: Path) -> None:
    first = pin_recorder(home, build)
    build.write_bytes(b"another")
    second = pin_recorder(home, build)

    assert {path.name for path in (home / "sdk").iterdir()} == {first.name, second.name}


def test_pinned_build_is_put_right_when_its_file_was_changed(home: Path, build: Path) -> None:
    kept = home / "sdk" / pin_recorder(home, build).name
    kept.write_bytes(b"broken")

    pin_recorder(home, build)

    assert kept.read_bytes() == BUILD


def test_pinning_is_refused_when_nothing_is_built(home: Path, tmp_path: Path) -> None:
    with pytest.raises(RetraceError) as refusal:
        pin_recorder(home, tmp_path / "missing.js")

    assert refusal.value.code is ErrorCode.RECORDER_NOT_BUILT
    assert not (home / "sdk").exists()


def test_pinning_is_refused_when_the_home_takes_no_file(home: Path, build: Path) -> None:
    (home / "sdk").write_text("in the way")

    with pytest.raises(RetraceError) as refusal:
        pin_recorder(home, build)

    assert refusal.value.code is ErrorCode.FILE_UNWRITABLE


def test_script_tag_names_the_door_the_hash_and_the_key() -> None:
    text = recorder_snippet(PinnedRecorder("retrace.0123456789abcdef.js", "sha384-x"), "https://example.com", "rtpk_a")

    assert 'script.src = "https://example.com/sdk/retrace.0123456789abcdef.js";' in text
    assert 'script.integrity = "sha384-x";' in text
    assert 'script.crossOrigin = "anonymous";' in text
    assert 'apiKey: "rtpk_a",\n        ingestUrl: "https://example.com/api/sdk/replay",\n      }' in text


@given(st.text(max_size=40))
def test_release_cannot_end_the_string_or_the_script_it_stands_in(release: str) -> None:
    recorder = PinnedRecorder("retrace.0123456789abcdef.js", "sha384-x")
    for text in (
        recorder_snippet(recorder, "https://example.com", "rtpk_a", release),
        package_snippet("https://example.com", "rtpk_a", release),
        react_snippet("https://example.com", "rtpk_a", release),
    ):
        assert text.isascii()
        written = re.findall(r"^ +release: (.*),$", text, re.MULTILINE)
        assert [json.loads(value) for value in written] == ([release] if release else [])
        assert not any("<" in value for value in written)
