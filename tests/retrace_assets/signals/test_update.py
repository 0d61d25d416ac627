"""The signals stage judges what changed, writes what differs, and tells the next stage."""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.rows import FINDINGS_A_SESSION
from retrace_assets.signals.update import rebuild, update
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import signal_id
from retrace_core.tables import REPLAY_EVENTS
from retrace_resources.changes import read_changes
from retrace_resources.lake import Lake
from tests.retrace_assets.signals.recordings import (
    ENVIRONMENT,
    START,
    click,
    exception,
    record,
    record_all,
    request,
    rows,
)

ALL = list(DETECTORS.values())


def touched(lake: Lake) -> set[str]:
    return set(read_changes(lake, "test", "signals").rows["key"])


def forget(lake: Lake) -> None:
    with lake.transaction() as transaction:
        transaction.execute("DELETE FROM changes WHERE source = 'signals'")


def test_signal_carries_evidence_and_what_its_session_knows(lake: Lake) -> None:
    record(lake, "s1", [click(400), request(500, trace_id="abc")], user="u1", release="r1")
    report = update(lake, ALL)

    assert (report.rows_in, report.rows_out, report.days) == (2, 1, frozenset({START.date()}))
    signal = rows(lake, "signals")[0]
    assert signal["signal_id"] == signal_id(ENVIRONMENT, "s1", "network_5xx", "w1:0:1")
    assert (signal["distinct_id"], signal["release"], signal["trace_id"]) == ("u1", "r1", "abc")
    assert (signal["offset_ms"], signal["route"], signal["window_id"]) == (100, "/checkout", "w1")
    evidence = json.loads(signal["evidence"])
    assert evidence["events"] == [{"event_id": "w1:0:1", "at": "2025-03-10T10:00:00.500Z"}]
    assert evidence["request"]["url"] == "https://shop.example/api/orders/12"
    assert evidence["after_click"] == {"target": 'button "Pay now"', "ms": 90}


def test_open_window_is_judged_once_its_future_is_there(lake: Lake) -> None:
    clicks = [click(1_000 + 200 * number) for number in range(4)]
    record(lake, "s1", clicks, closed=False)
    update(lake, ALL)
    assert rows(lake, "signals") == []

    record(lake, "s1", [*clicks, {"at": 2_600, "kind": "mutation"}], closed=False)
    update(lake, ALL)
    assert [signal["detector"] for signal in rows(lake, "signals")] == ["rage_click"]


def test_page_that_throws_something_new_at_every_tick_does_not_fill_the_queue(lake: Lake) -> None:
    letters = [f"{first}{second}" for first in "abcdefghijklm" for second in "abcdefghijklm"]
    events = [exception(10 * number, f"TypeError: {name} is gone") for number, name in enumerate(letters)]
    record(lake, "s1", events)
    update(lake, ALL)
    assert len(rows(lake, "signals")) == FINDINGS_A_SESSION < len(letters)


def test_many_sessions_of_one_commit_are_all_judged(lake: Lake) -> None:
    record_all(lake, {f"s{number}": [request(500)] for number in range(501)})
    report = update(lake, ALL)
    assert lake.query("SELECT count(DISTINCT session_id) FROM signals").item() == 501
    assert report.notes["sessions"] == 501
    assert not read_changes(lake, "signals", "page_changes")


def test_only_what_changes_is_written_and_told(lake: Lake) -> None:
    record(lake, "s1", [request(500)], closed=False)
    update(lake, ALL)
    (before,), snapshot = rows(lake, "signals"), lake.snapshot_id()
    update(lake, ALL)
    assert lake.snapshot_id() == snapshot
    assert touched(lake) == {before["fingerprint"]}

    forget(lake)
    record(lake, "s1", [request(500), {"at": 9_000, "kind": "mutation"}], closed=False)
    update(lake, ALL)
    assert rows(lake, "signals") == [before]
    assert touched(lake) == set()

    record(lake, "s1", [request(500, status=200)])
    update(lake, ALL)
    assert rows(lake, "signals") == []
    # Whoever counted it must know that it is gone.
    assert touched(lake) == {before["fingerprint"]}


def test_rebuild_gives_the_same_rows_unless_the_rules_are_others(lake: Lake) -> None:
    record(lake, "s1", [request(500), exception(9_000)])
    update(lake, ALL)
    before = rows(lake, "signals")
    forget(lake)
    rebuild(lake, START.date(), ALL)
    assert rows(lake, "signals") == before
    assert touched(lake) == set()

    rebuild(lake, START.date(), [DETECTORS["network_5xx"]])
    assert [signal["detector"] for signal in rows(lake, "signals")] == ["network_5xx"]

    with lake.transaction() as transaction:
        transaction.delete(REPLAY_EVENTS, pl.DataFrame({"day": [START.date()]}))
    with pytest.raises(RetraceError) as refusal:
        rebuild(lake, START.date(), ALL)
    assert refusal.value.code is ErrorCode.PARTITION_FROZEN
    assert [signal["detector"] for signal in rows(lake, "signals")] == ["network_5xx"]


def test_sessions_are_told_apart_by_environment_and_keep_their_day(lake: Lake) -> None:
    events: list[dict[str, Any]] = [request(500)]
    record(lake, "s1", events)
    record(lake, "s1", events, environment="env_b")
    record(lake, "s2", events, start=START + timedelta(days=2))
    report = update(lake, ALL)
    assert report.days == {START.date(), (START + timedelta(days=2)).date()}
    assert len({signal["signal_id"] for signal in rows(lake, "signals")}) == 3
    assert len({signal["fingerprint"] for signal in rows(lake, "signals")}) == 1
