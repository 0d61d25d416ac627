"""An unreadable segment costs itself and nothing else: what lies beside it is taken in by the same call."""

import time
from pathlib import Path

import pytest

from retrace_app.actions.pipeline import process_pending
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.settings import load_settings
from tests.landing_rows import land, meta, post

pytestmark = pytest.mark.slow

GOOD = 50
LONGEST_SECONDS = 60


def test_one_unreadable_segment_among_fifty_is_rejected_and_all_others_are_taken_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRACE_HOME", str(home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = load_settings()
    assert settings.home == home
    for number in range(GOOD + 1):
        land(home, [post([meta(number)], session=f"session-{number}")])
    landing = Landing(home)
    bad = landing.pending()[GOOD // 2]
    bad.path.write_bytes(b"not Arrow at all" * 100)

    started = time.monotonic()
    done = process_pending(settings)

    assert time.monotonic() - started < LONGEST_SECONDS
    assert (done.batches, done.rejected, done.pending) == (GOOD, 1, 0)
    with Lake(home) as lake:
        sessions = lake.query("SELECT count(DISTINCT session_id) FROM replays").item()
        refused = lake.query("SELECT reason, segment FROM rejected").rows()
    assert sessions == GOOD
    assert refused == [("unreadable_segment", bad.name)]
    assert [path.name for path in landing.poison_directory.glob("*")] == [bad.name]
    assert landing.pending() == []
