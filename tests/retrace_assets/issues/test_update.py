"""The issues stage folds what changed; who decided what, and when a session came, is all that counts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retrace_assets.clusters.update import update as update_clusters
from retrace_assets.issues.update import rebuild, update
from retrace_assets.signals.detectors import DETECTORS
from retrace_assets.signals.update import rebuild as rebuild_signals
from retrace_assets.signals.update import update as update_signals
from retrace_core.ids import issue_id, replay_id
from retrace_core.tables import REPLAY_EVENTS
from retrace_resources.lake import Lake
from retrace_resources.state import Decision, DecisionKind, StateStore
from tests.retrace_assets.signals.recordings import (
    ENVIRONMENT,
    PROJECT,
    START,
    click,
    console,
    exception,
    process,
    record,
    record_all,
    request,
    rows,
)

Row = dict[str, Any]
BROKEN = [{"at": 0, "kind": "meta"}, click(400), request(450)]
LATER = START + timedelta(days=1)


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def decide(state: StateStore, issue: Row, kind: DecisionKind, at: datetime, **payload: str) -> None:
    state.record_decision(
        Decision(
            kind=kind,
            project_id=PROJECT,
            environment_id=ENVIRONMENT,
            fingerprint=issue["fingerprint"],
            fingerprint_version=1,
            actor="ann",
            at=at.replace(tzinfo=UTC),
            payload=payload,
        )
    )


def statuses(lake: Lake) -> list[str]:
    return [issue["status"] for issue in rows(lake, "issues")]


def about_orders(issues: dict[str, Row]) -> Row:
    return next(issue for title, issue in issues.items() if "/api/orders" in title)


def test_same_bug_of_ten_noisy_sessions_is_one_issue(lake: Lake, state: StateStore) -> None:
    noise = [
        [],
        [console(9_000, "a deprecated call")],
        [exception(9_000, "RangeError: zoom")],
        [click(9_000 + 200 * number, "Save", node_id=3) for number in range(4)],
        [request(9_000, url="https://shop.example/api/recommendations/77?id=5", status=503)],
    ]
    sessions = {f"s{number}": [*BROKEN, *noise[number % 5]] for number in range(10)}
    record_all(lake, sessions, users={name: f"user {name}" for name in sessions})
    process(lake, state)

    issues = {issue["title"]: issue for issue in rows(lake, "issues")}
    broken = about_orders(issues)
    assert (broken["sessions"], broken["users"], broken["status"], broken["severity"]) == (10, 10, "ongoing", "high")
    # The four kinds of noise were two sessions each, and are bugs of their own.
    assert sorted(issue["sessions"] for issue in issues.values()) == [2, 2, 2, 2, 10]


def test_issue_tells_its_story(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*BROKEN, exception(460), console(9_000, "unrelated")], release="r1")
    record(lake, "s2", BROKEN, start=LATER, release="r2")
    process(lake, state)

    issue = about_orders({row["title"]: row for row in rows(lake, "issues")})
    assert issue["issue_id"] == issue_id(PROJECT, ENVIRONMENT, issue["fingerprint"])
    evidence = json.loads(issue["evidence"])
    assert evidence["representative"]["session_id"] == "s1"
    assert evidence["representative"]["evidence"]["request"]["status"] == 500
    assert "below 500" in evidence["representative"]["counterfactual"]
    # Everything else that was found in that session, whether or not it is the same bug.
    assert {signal["detector"] for signal in evidence["session_signals"]} == {"console_error"}
    assert len(evidence["session_signals"]) == 2
    assert evidence["replay_ids"] == [replay_id(PROJECT, ENVIRONMENT, name) for name in ("s1", "s2")]
    assert [step["action"] for step in json.loads(issue["steps"])] == ["navigate", "click", "assert"]
    assert (issue["first_release"], issue["last_release"], issue["days"]) == ("r1", "r2", 2)

    # Events are kept for fewer days than what was found in them.
    with lake.transaction() as transaction:
        transaction.execute(f"DELETE FROM {REPLAY_EVENTS.name} WHERE session_id = 's1'")
    record(lake, "s3", BROKEN, start=LATER)
    process(lake, state)
    again = about_orders({row["title"]: row for row in rows(lake, "issues")})
    assert (again["sessions"], again["steps"]) == (3, issue["steps"])


def test_issue_nobody_knows_vanishes_with_its_signals(lake: Lake, state: StateStore) -> None:
    # Rage clicks were found before the failing request they follow from had arrived.
    rage = [click(1_000 + 200 * number) for number in range(4)]
    record(lake, "s1", [*rage, {"at": 3_000, "kind": "mutation"}])
    update_signals(lake, list(DETECTORS.values()))
    update_clusters(lake)
    update(lake, state)
    assert [issue["detector"] for issue in rows(lake, "issues")] == ["rage_click"]

    record(lake, "s1", [*rage, request(6_010, duration_ms=5_000.0)])
    process(lake, state)
    assert [issue["detector"] for issue in rows(lake, "issues")] == ["network_5xx"]


def test_merged_fingerprints_are_one_issue_that_counts_shared_sessions_once(lake: Lake, state: StateStore) -> None:
    other = exception(9_000, "RangeError: zoom")
    record(lake, "s1", [*BROKEN, other], user="ann")
    process(lake, state)
    zoom, orders = sorted(rows(lake, "issues"), key=lambda issue: str(issue["detector"]))
    decide(state, zoom, "merge", LATER, into=orders["fingerprint"])
    update(lake, state)

    (issue,) = rows(lake, "issues")
    assert issue["issue_id"] == orders["issue_id"]
    assert issue["fingerprints"] == [orders["fingerprint"], zoom["fingerprint"]]
    assert (issue["sessions"], issue["users"], issue["status"], issue["signals"]) == (1, 1, "new", 2)
    assert issue["title"] == orders["title"]

    record(lake, "s2", [other], user="bob", start=LATER)
    process(lake, state)
    (issue,) = rows(lake, "issues")
    assert (issue["sessions"], issue["users"], issue["days"], issue["status"]) == (2, 2, 2, "ongoing")


def test_lifecycle_follows_when_sessions_were_recorded_not_when_they_came(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", BROKEN)
    process(lake, state)
    record(lake, "s1", [*BROKEN, request(5_000)])
    process(lake, state)
    # The same session again is no second one.
    assert statuses(lake) == ["new"]

    decide(state, rows(lake, "issues")[0], "resolve", START + timedelta(hours=1))
    # Recorded by a process that died before it was folded.
    assert update(lake, state).rows_out == 1
    assert statuses(lake) == ["resolved"]
    before, snapshot = rows(lake, "issues"), lake.snapshot_id()
    update(lake, state)
    assert lake.snapshot_id() == snapshot
    rebuild_signals(lake, START.date(), list(DETECTORS.values()))
    rebuild(lake, START.date(), state)
    assert rows(lake, "issues") == before

    record(lake, "late", BROKEN, start=START + timedelta(minutes=30))
    process(lake, state)
    assert statuses(lake) == ["resolved"]
    record(lake, "s2", BROKEN, start=START + timedelta(hours=2))
    process(lake, state)
    (issue,) = rows(lake, "issues")
    assert (issue["status"], issue["resolved_at"], issue["sessions"]) == ("regressed", None, 3)
