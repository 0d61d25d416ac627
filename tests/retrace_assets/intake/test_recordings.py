"""Real recordings of many recorders, where they are at hand: every click gets its control, every failure its status."""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_assets.intake.update import drain
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from tests.landing_rows import land, post

_DATA = Path(os.environ.get("RETRACE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
_RECORDINGS = _DATA / "recordings"
_FILES = sorted(_RECORDINGS.glob("*.events.json")) + sorted(_RECORDINGS.glob("*.decoded_events.json"))
_BATCH = 40

pytestmark = pytest.mark.skipif(not _FILES, reason="the recordings are not here")


def _name(file: Path) -> str:
    return file.name.split(".")[0]


def _truth(name: str) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((_RECORDINGS / f"{name}.truth.json").read_text())
    return truth


def _posts(name: str, events: list[Any], ended_ms: float) -> Iterator[Any]:
    """A recording in batches, as if its recorder had sent one now and then."""
    for sequence, start in enumerate(range(0, len(events), _BATCH)):
        received = datetime.fromtimestamp(ended_ms / 1000 + sequence, UTC).replace(tzinfo=None)
        batch = events[start : start + _BATCH]
        sent_at = ended_ms + sequence * 1000
        yield post(batch, session=name, sequence=sequence, received_at=received, sentAt=sent_at)


def _sent_by_posthog(name: str) -> list[Any]:
    """The events of a recording as posthog-js sent them: squeezed."""
    bodies = [gzip.decompress(path.read_bytes()) for path in sorted((_RECORDINGS / name).glob("*_s.bin"))]
    posts = [item for body in bodies for item in (json.loads(body) if body[:1] == b"[" else [json.loads(body)])]
    return [event for item in posts for event in item["properties"]["$snapshot_data"]]


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with all recordings."""
    home = tmp_path_factory.mktemp("recordings")
    posts = [
        row
        for file in _FILES
        for row in _posts(_name(file), json.loads(file.read_text()), _truth(_name(file))["t_end"] + 1000)
    ]
    for folder in sorted(_RECORDINGS.glob("*.posthog_raw")):
        events = _sent_by_posthog(folder.name)
        posts += _posts(folder.name, events, max(event["timestamp"] for event in events))
    land(home, posts)
    with Lake(home) as lake:
        drain(lake, Landing(home))
        yield lake


def test_nothing_of_a_recording_is_rejected(taken_in: Lake) -> None:
    assert taken_in.query("SELECT session_id, detail FROM rejected").rows() == []


def test_every_click_has_its_control(taken_in: Lake) -> None:
    clicks = taken_in.query("FROM replay_events WHERE kind = 'click'")
    assert clicks["session_id"].n_unique() > 30
    assert clicks.filter(pl.col("target_tag").is_null()).select("session_id", "node_id").rows() == []


# What the driver clicked, and what it is to a person; a masking recorder hides names that are attributes.
_CONTROLS = {
    "[aria-label=Email]": ("input", "textbox", {"Email"}),
    "[aria-label=Password]": ("input", None, {"Password"}),
    "[aria-label='Sign in']": ("a", "link", {"Sign in"}),
    "[aria-label='Write comment']": ("textarea", "textbox", {"Write comment"}),
    "button[type=submit]": ("button", "button", {"Sign in", "Publish Article"}),
    ".article-preview button": ("button", "button", {"Favorite article", "Unfavorite article", "0"}),
    ".clear-completed": ("button", "button", {"Clear completed"}),
    '.filters a >> text="Active"': ("a", "link", {"Active"}),
    ".network-btn": ("button", "button", {"Get Comment"}),
}


def test_controls_are_those_the_driver_clicked(taken_in: Lake) -> None:
    judged = 0
    for file in _FILES:
        name = _name(file)
        actions = [action for action in _truth(name)["actions"] if action["kind"] in ("click", "rage", "tap")]
        clicks = taken_in.query(
            "SELECT epoch_ms(occurred_at) AS ms, target_tag, target_role, target_name FROM replay_events"
            " WHERE kind = 'click' AND session_id = ?",
            [name],
        )
        for ms, *control in clicks.rows():
            began = [action for action in actions if action["t"] <= ms + 50]
            expected = _CONTROLS.get(began[-1]["selector"]) if began else None
            if expected:
                assert control[:2] == [*expected[:2]], name
                assert control[2] in expected[2], name
                judged += 1
    assert judged > 100


@pytest.mark.parametrize("variant", ["network", "posthog", "sentry11"])
def test_failed_requests_have_their_status_and_come_after_their_click(taken_in: Lake, variant: str) -> None:
    rows = taken_in.query(
        "SELECT kind, status, occurred_at, request_url, duration_ms FROM replay_events"
        " WHERE session_id = ? AND (kind = 'click' OR status >= 400) ORDER BY occurred_at",
        [f"conduit_fav_500__{variant}"],
    )
    failed = rows.filter(pl.col("kind") == "network")
    assert failed["status"].to_list() == [500] * 7
    assert all(url.endswith("/api/articles/article-number-1/favorite") for url in failed["request_url"])
    clicks = rows.filter(pl.col("kind") == "click").select(clicked="occurred_at").set_sorted("clicked")
    after = failed.join_asof(clicks, left_on="occurred_at", right_on="clicked")
    assert (after["occurred_at"] - after["clicked"]).dt.total_milliseconds().is_between(0, 250).all()


def test_what_another_origin_keeps_to_itself_is_no_failure(taken_in: Lake) -> None:
    assert taken_in.query("FROM replay_events WHERE kind = 'network' AND status = 0").is_empty()


def test_squeezed_recordings_are_those_that_were_decoded_by_others(taken_in: Lake) -> None:
    for folder in sorted(_RECORDINGS.glob("*.posthog_raw")):
        sessions = (folder.name, _name(folder))
        (raw, decoded) = (
            taken_in.query(
                "SELECT kind, added, removed, target_name FROM replay_events"
                " WHERE session_id = ? AND kind IN ('mutation', 'click', 'full_snapshot')"
                " ORDER BY sequence, event_index",
                [session],
            )
            for session in sessions
        )
        assert raw.height > 0
        assert raw.rows() == decoded.rows()


def test_recording_of_2018_has_its_controls(home: Path, lake: Lake) -> None:
    events = json.loads((_DATA / "rrweb" / "upstream" / "rrweb-player_events.json").read_text())
    land(home, _posts("rrweb07", events, events[-1]["timestamp"]))
    drain(lake, Landing(home))
    clicks = lake.query("FROM replay_events WHERE kind = 'click'")
    assert clicks.height == 3
    assert clicks["target_tag"].null_count() == 0
