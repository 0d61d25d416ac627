"""Labelled recordings: what is read of a folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.detectors.recordings import LABELLED, read_recordings

_EVENTS = [{"type": 4, "data": {"href": "https://shop.test/"}, "timestamp": 1_770_000_000_000}]


def _put(folder: Path, **label: Any) -> None:
    document = {"id": "one", "variant": "plain", "required_detectors": [], "allowed_detectors": [], **label}
    (folder / "one.truth.json").write_text(json.dumps(document))
    (folder / "one.events.json").write_text(json.dumps(_EVENTS))


def test_recordings_take_the_other_name_of_a_detector(tmp_path: Path) -> None:
    _put(tmp_path, allowed_detectors=["session_abandon"])
    [recording] = read_recordings(tmp_path)
    assert recording.truth.allowed == {"session_abandon_on_error"}


def test_recordings_speak_of_the_eight_detectors_unless_they_say_otherwise(tmp_path: Path) -> None:
    _put(tmp_path)
    [recording] = read_recordings(tmp_path)
    assert recording.truth.forbidden == LABELLED


def test_recordings_become_one_final_post_sent_after_the_last_event(tmp_path: Path) -> None:
    _put(tmp_path)
    [recording] = read_recordings(tmp_path)
    [post] = recording.posts
    assert post["flushType"] == "final"
    assert post["sentAt"] > recording.last_ms


def test_recordings_are_missed_when_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no recordings"):
        read_recordings(tmp_path)
