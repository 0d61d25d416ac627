"""Judging stored days anew: which days, and that what follows is brought up to date."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrace_app.actions.rescan import Rescanned, rescan
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings, load_settings
from retrace_resources.state import RuleChange, StateStore
from tests.retrace_assets.signals.recordings import START, exception, process, record, rows

DAYS = [START + timedelta(days=number) for number in range(4)]


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a home with a session on each of four days, of which the events of the second were pruned."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    with Lake(home) as lake, StateStore.open(home) as state:
        for number, day in enumerate(DAYS):
            record(lake, f"s{number}", [exception(100)], start=day)
        process(lake, state)
        with lake.transaction() as transaction:
            transaction.execute("DELETE FROM replay_events WHERE day = ?", [DAYS[1].date()])
        off = RuleChange(detector="console_error", actor="ann", at=datetime.now(UTC), enabled=False)
        state.record_rule_change(off)
    return load_settings()


def found_in(settings: Settings) -> list[object]:
    with Lake(settings.home) as lake:
        return [row["session_id"] for row in rows(lake, "signals")]


def test_all_days_that_have_events_are_judged_and_frozen_ones_keep_what_was_found(settings: Settings) -> None:
    told: list[Rescanned] = []
    done = rescan(settings, on_progress=told.append)
    assert (done.days, done.sessions, done.all_sessions) == (3, 3, 3)
    assert [each.sessions for each in told] == [0, 2, 3]
    assert found_in(settings) == ["s1"]
    with Lake(settings.home) as lake:
        assert [issue["sessions"] for issue in rows(lake, "issues")] == [1]


def test_only_the_latest_days_are_judged_when_so_asked(settings: Settings) -> None:
    assert rescan(settings, latest_days=1).days == 1
    assert sorted(map(str, found_in(settings))) == ["s0", "s1", "s2"]
