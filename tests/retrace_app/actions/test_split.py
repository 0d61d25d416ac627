"""Splitting an incident: what leaves, what stays, and that rebuilding gives the same."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from retrace_app.actions import incidents
from retrace_app.actions.split import split
from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as queue
from retrace_assets.issues import update as issues
from retrace_assets.signals import update as signals
from retrace_assets.signals.rules import rules_in_force
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore
from tests.retrace_assets.signals.recordings import START, click, exception, process, record, request, rows

OTHER_PAGE = "https://shop.example/cart"
LATER = START + timedelta(days=1)


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def rematerialise(lake: Lake, state: StateStore) -> None:
    """Every stage from signals on, of the days that have sessions, as from the button in Dagster's UI."""
    for day in (START.date(), LATER.date()):
        signals.rebuild(lake, day, lambda: rules_in_force(Settings(), state))
        clusters.rebuild(lake, day)
        issues.rebuild(lake, day, state)
        queue.rebuild(lake, day, state)


def everything(lake: Lake) -> list[object]:
    return [rows(lake, table) for table in ("signals", "clusters", "issues", "incidents")]


def process_with_rules(lake: Lake, state: StateStore) -> None:
    """Run the stages as the hot job does, by the rules in force."""
    signals.update(lake, lambda: rules_in_force(Settings(), state))
    clusters.update(lake)
    issues.update(lake, state)
    queue.update(lake, state)


def one(lake: Lake) -> str:
    (incident,) = incidents.list_incidents(lake)
    return incident.public_id


def two_pages(lake: Lake, state: StateStore) -> str:
    """An incident with a failing request on /checkout, and the same request on /cart a day later."""
    page = {"at": 450, "kind": "network", "method": "POST", "request_url": "/api/orders/12", "status": 500}
    record(lake, "s1", [page], user="ann")
    record(lake, "s2", [{**page, "url": OTHER_PAGE}], user="bob", start=LATER)
    process(lake, state)
    return one(lake)


def test_split_by_route_makes_an_incident_of_each_page_and_rebuilding_gives_the_same(
    lake: Lake, state: StateStore
) -> None:
    name = two_pages(lake, state)
    incidents.ignore(lake, state, name, actor="ann")
    done = split(lake, state, name, by="route", actor="ann", reason="two forms")

    (gone,) = done.split_off
    assert (done.incident.public_id, done.incident.status, done.incident.affected_count) == (name, "ignored", 1)
    # What leaves is open, whatever was decided about the whole.
    assert (gone.status, gone.affected_count) == ("new", 1)
    assert gone.title.endswith("/cart")
    assert [decision.kind for decision in state.decisions()] == ["ignore", "split"]

    before = everything(lake)
    rematerialise(lake, state)
    process_with_rules(lake, state)
    assert everything(lake) == before

    # A page that comes later is a bug of its own, one that was there is not.
    again = {"at": 1, "kind": "network", "method": "POST", "request_url": "/api/orders/9", "status": 500}
    record(lake, "s3", [again], start=LATER)
    record(lake, "s4", [{**again, "url": "https://shop.example/new"}], start=LATER)
    process_with_rules(lake, state)
    assert sorted(incident.affected_count for incident in incidents.list_incidents(lake)) == [1, 1, 2]


def test_consequences_go_with_their_cause_unless_detectors_part(lake: Lake, state: StateStore) -> None:
    rage = [click(1_000 + 200 * number) for number in range(4)]
    record(lake, "s1", [*rage[:2], request(1_250), *rage[2:], request(1_650)])
    process(lake, state)
    name = one(lake)
    assert {row["detector"] for row in rows(lake, "signals")} >= {"network_5xx", "rage_click"}
    with pytest.raises(RetraceError) as refusal:
        split(lake, state, name, by="route", actor="ann")
    assert refusal.value.code is ErrorCode.NOTHING_TO_SPLIT
    assert state.decisions() == []

    done = split(lake, state, name, by="detector", actor="ann")
    assert any(gone.title.startswith("Rage clicks") for gone in done.split_off)
    assert done.incident.title.startswith("POST")


def test_split_of_what_was_merged_gives_back_its_id(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [request(450), exception(9_000, "RangeError: zoom")], user="ann")
    process(lake, state)
    broken, zoom = (incident.public_id for incident in incidents.list_incidents(lake))
    incidents.resolve(lake, state, zoom, actor="ann")
    incidents.merge(lake, state, zoom, broken, actor="ann")

    done = split(lake, state, zoom, by="detector", actor="ann")
    assert (done.incident.public_id, done.incident.aliases) == (broken, [])
    assert [(gone.public_id, gone.status) for gone in done.split_off] == [(zoom, "new")]
    before = everything(lake)
    rematerialise(lake, state)
    assert everything(lake) == before

    # And the other way again.
    assert incidents.merge(lake, state, zoom, broken, actor="ann").incident.aliases == [zoom]


def test_named_signals_leave_together_whatever_they_are(lake: Lake, state: StateStore) -> None:
    name = two_pages(lake, state)
    first, second = (row["signal_id"] for row in sorted(rows(lake, "signals"), key=lambda row: str(row["session_id"])))
    done = split(lake, state, name, signals=[second.upper(), f" {second} "], actor="ann")
    assert [gone.evidence["signal_ids"] for gone in done.split_off] == [[second]]
    assert done.incident.evidence["signal_ids"] == [first]
    before = everything(lake)
    rematerialise(lake, state)
    assert everything(lake) == before
    process_with_rules(lake, state)
    assert everything(lake) == before


def test_named_signals_of_several_bugs_are_one_incident(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [request(450), exception(9_000, "RangeError: zoom")])
    record(lake, "s2", [request(450), exception(9_000, "TypeError: pan")], start=LATER)
    process(lake, state)
    names = {incident.title.split(" on ")[0]: incident.public_id for incident in incidents.list_incidents(lake)}
    broken = next(name for title, name in names.items() if title.startswith("POST"))
    for title in ("RangeError: zoom", "TypeError: pan"):
        incidents.merge(lake, state, names[title], broken, actor="ann")
    chosen = [
        row["signal_id"]
        for row in rows(lake, "signals")
        if row["detector"] == "console_error" or (row["detector"] == "network_5xx" and row["session_id"] == "s2")
    ]

    done = split(lake, state, broken, signals=chosen, actor="ann")
    (gone,) = done.split_off
    assert gone.affected_count == 2
    assert done.incident.affected_count == 1
    before = everything(lake)
    rematerialise(lake, state)
    assert everything(lake) == before


@pytest.mark.parametrize(
    ("signals", "code"),
    [(["sig_none"], ErrorCode.SIGNAL_NOT_FOUND), (["all"], ErrorCode.NOTHING_TO_SPLIT)],
)
def test_signals_that_part_nothing_are_refused(
    lake: Lake, state: StateStore, signals: list[str], code: ErrorCode
) -> None:
    name = two_pages(lake, state)
    named = [row["signal_id"] for row in rows(lake, "signals")] if signals == ["all"] else signals
    before = everything(lake)
    with pytest.raises(RetraceError) as refusal:
        split(lake, state, name, signals=named, actor="ann")
    assert refusal.value.code is code
    assert everything(lake) == before


def test_split_that_was_recorded_by_a_process_that_died_is_applied_by_the_next_update(
    lake: Lake, state: StateStore, home: Path
) -> None:
    name = two_pages(lake, state)
    with Lake(home) as other:
        split(other, state, name, by="route", actor="ann")
        after = everything(other)
        with other.transaction() as transaction:
            first = next(row for row in after[2] if row["session_id"] == "s1")  # type: ignore[attr-defined]
            transaction.execute("UPDATE signals SET fingerprint = ?", [first["fingerprint"]])
            transaction.execute("DELETE FROM progress WHERE stage IN ('signals.splits', 'issues.decisions')")
    process_with_rules(lake, state)
    assert everything(lake) == after
