"""Deciding about incidents: what is possible, and that it is seen at once."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from retrace_app.actions import incidents
from retrace_app.actions.incidents import Incident
from retrace_assets.issues.update import DECISIONS_STAGE
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.changes import read_changes
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from tests.retrace_assets.signals.recordings import START, click, console, exception, process, record, request

BROKEN = [click(400), request(450)]
ZOOM = exception(9_000, "RangeError: zoom")


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


@pytest.fixture
def queue(lake: Lake, state: StateStore) -> list[Incident]:
    """Two incidents of one session: a failing request, then an exception."""
    record(lake, "s1", [*BROKEN, ZOOM], user="ann")
    process(lake, state)
    return incidents.list_incidents(lake)


def refused(code: ErrorCode, act: Callable[[], object]) -> RetraceError:
    with pytest.raises(RetraceError) as refusal:
        act()
    assert refusal.value.code is code
    return refusal.value


def test_queue_is_ordered_by_openness_severity_users_and_recency(lake: Lake, state: StateStore) -> None:
    many = console(7_000, "no stock")
    record(lake, "s1", [*BROKEN, ZOOM, console(1, "old news")], user="ann")
    record(lake, "s2", [many, exception(9_500, "RangeError: pan")], user="bob", start=START + timedelta(hours=1))
    record(lake, "s3", [many], user="cid", start=START - timedelta(hours=5))
    process(lake, state)
    titles = [incident.title.split(" on ")[0] for incident in incidents.list_incidents(lake)]
    # High, then medium: the later before the earlier, then low: two users before one.
    assert titles[1:] == ["RangeError: pan", "RangeError: zoom", "no stock", "old news"]

    incidents.resolve(lake, state, incidents.list_incidents(lake)[0].public_id, actor="ann")
    assert [incident.severity for incident in incidents.list_incidents(lake)][-1] == "high"
    assert [incident.severity for incident in incidents.list_incidents(lake, limit=2)] == ["medium", "medium"]
    assert [incident.status for incident in incidents.list_incidents(lake, ["resolved"])] == ["resolved"]
    assert {incident.status for incident in incidents.list_incidents(lake, ["open"])} == {"new", "ongoing"}
    assert incidents.count_incidents(lake) == {"new": 3, "ongoing": 1, "resolved": 1}


def test_nothing_is_made_by_looking(home: Path) -> None:
    with Lake(home) as lake:
        assert incidents.list_incidents(lake) == []
        assert incidents.count_incidents(lake) == {}
        refused(ErrorCode.INCIDENT_NOT_FOUND, lambda: incidents.show_incident(lake, "INC-ABCDEF"))
    assert list(home.iterdir()) == []


def test_what_cannot_be_is_refused(lake: Lake, state: StateStore, queue: list[Incident]) -> None:
    unknown = {
        "INC-NOSUCH": ErrorCode.INCIDENT_NOT_FOUND,
        "": ErrorCode.INCIDENT_NOT_FOUND,
        "' OR 1=1 --": ErrorCode.INCIDENT_NOT_FOUND,
        "bug_0000000000000000": ErrorCode.ISSUE_NOT_FOUND,
    }
    for name, code in unknown.items():
        refused(code, partial(incidents.show_incident, lake, name))
        refused(code, partial(incidents.resolve, lake, state, name, actor="ann"))

    name = queue[0].public_id
    error = refused(ErrorCode.INVALID_TRANSITION, lambda: incidents.reopen(lake, state, name, actor="ann"))
    assert f"{name} is new" in error.detail
    incidents.resolve(lake, state, name, actor="ann")
    refused(ErrorCode.INVALID_TRANSITION, lambda: incidents.resolve(lake, state, name, actor="ann"))
    incidents.ignore(lake, state, name, actor="ann")
    refused(ErrorCode.INVALID_TRANSITION, lambda: incidents.ignore(lake, state, name, actor="ann"))
    assert len(state.decisions()) == 2

    record(lake, "s1", [click(400)])
    process(lake, state)
    for decide in (incidents.resolve, incidents.ignore, incidents.reopen):
        error = refused(ErrorCode.INVALID_TRANSITION, partial(decide, lake, state, name, actor="ann"))
        assert "withdrawn" in error.detail


def test_decision_is_seen_at_once_told_to_the_next_stage_and_outlived_by_the_bug(
    lake: Lake, state: StateStore, queue: list[Incident]
) -> None:
    name = queue[0].public_id
    decided = incidents.resolve(lake, state, name, actor="ann", reason="fixed in r2")
    assert (decided.previous_status, decided.incident.status) == ("new", "resolved")
    assert decided.assets == ("issues", "incidents")
    assert incidents.show_incident(lake, name) == decided.incident
    (decision,) = incidents.list_decisions(lake, state, decided.incident)
    assert (decision.kind, decision.actor, decision.reason) == ("resolve", "ann", "fixed in r2")
    assert name in set(read_changes(lake, "test", "incidents").rows["key"])
    folded = lake.query("SELECT commit_no FROM progress WHERE stage = ?", [DECISIONS_STAGE]).item()
    assert folded == len(state.decisions())

    assert incidents.reopen(lake, state, name, actor="ann").incident.status == "new"
    assert incidents.ignore(lake, state, name, actor="ann").incident.status == "ignored"
    assert incidents.resolve(lake, state, name, actor="ann").incident.status == "resolved"
    tomorrow = datetime.now() + timedelta(days=1)  # noqa: DTZ005 - the lake's times have no zone
    record(lake, "s3", BROKEN, start=tomorrow)
    process(lake, state)
    assert [incident.status for incident in incidents.list_incidents(lake)] == ["regressed", "new"]


def test_merge_makes_one_of_two_that_answers_to_every_id(lake: Lake, state: StateStore, queue: list[Incident]) -> None:
    first, second = (incident.public_id for incident in queue)
    decided = incidents.merge(lake, state, second, first, actor="ann")
    assert (decided.incident.public_id, decided.incident.aliases) == (first, [second])
    assert [incident.public_id for incident in incidents.list_incidents(lake)] == [first]
    names = [first, first.lower(), f" {second} ", *queue[0].issue_ids, *queue[1].issue_ids]
    assert {incidents.show_incident(lake, name).public_id for name in names} == {first}
    # The alias stands for the whole from now on, also in decisions.
    assert incidents.resolve(lake, state, second, actor="ann").incident.public_id == first
    assert [decision.kind for decision in incidents.list_decisions(lake, state, decided.incident)] == [
        "merge",
        "resolve",
    ]

    record(lake, "s1", BROKEN, environment="env_b")
    process(lake, state)
    other = next(incident for incident in incidents.list_incidents(lake) if incident.environment_id == "env_b")
    for merged, into in ((second, first), (first, first), (other.public_id, first)):
        refused(ErrorCode.INVALID_TRANSITION, partial(incidents.merge, lake, state, merged, into, actor="ann"))
