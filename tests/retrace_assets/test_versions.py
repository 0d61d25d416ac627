"""A bug keeps its incident, its ids and what was decided about it when its fingerprint changes with the version."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.actions import incidents as queue
from retrace_app.actions.incidents import Incident
from retrace_app.actions.split import split
from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.issues import update as issues
from retrace_assets.signals import update as signals
from retrace_assets.signals.rules import rules_in_force
from retrace_assets.versions import Bug, Versions, read_versions, versions_of
from retrace_core.tables import FINGERPRINT_VERSIONS, SIGNALS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore
from tests.retrace_assets.signals.recordings import ENVIRONMENT, PROJECT, START, frame_of, record, record_all, rows

Row = dict[str, Any]
TABLES = ("signals", "clusters", "issues", "incidents", "fingerprint_versions")
DAY = START.date()
LATER = START + timedelta(days=1)


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def failing(path: str = "/api/orders", page: str = "checkout", at: int = 450) -> list[Row]:
    return [
        {
            **{"at": at, "kind": "network", "method": "POST", "status": 500, "duration_ms": 10.0},
            **{"request_url": f"https://shop.example{path}", "url": f"https://shop.example/{page}"},
        }
    ]


def judge(lake: Lake, state: StateStore) -> None:
    signals.update(lake, lambda: rules_in_force(Settings(), state))


def follow(lake: Lake, state: StateStore) -> None:
    clusters.update(lake)
    issues.update(lake, state)
    incidents.update(lake, state)


def process(lake: Lake, state: StateStore) -> None:
    judge(lake, state)
    follow(lake, state)


def process_as_version_1(lake: Lake, state: StateStore, names: Mapping[str, str]) -> None:
    """Run the stages as an earlier program did, that gave the signals of these sessions these fingerprints."""
    judge(lake, state)
    with lake.transaction() as transaction:
        for session, name in names.items():
            transaction.execute(
                "UPDATE signals SET fingerprint = ?, own_fingerprint = ?, fingerprint_version = 1 WHERE session_id = ?",
                [name, name, session],
            )
        stored = transaction.query(f"SELECT {', '.join(SIGNALS.column_names)} FROM signals")
        note_changes(transaction, SIGNALS.name, stored.with_columns(key="fingerprint"))
    follow(lake, state)


def rejudge(lake: Lake, state: StateStore, day: date = DAY) -> None:
    """Rematerialise a day, stage by stage."""
    signals.rebuild(lake, day, lambda: rules_in_force(Settings(), state))
    follow(lake, state)
    clusters.rebuild(lake, day)
    issues.rebuild(lake, day, state)
    incidents.rebuild(lake, day, state)


def everything(lake: Lake) -> dict[str, list[Row]]:
    return {table: rows(lake, table) for table in TABLES}


def one(lake: Lake) -> Incident:
    (incident,) = queue.list_incidents(lake)
    return incident


def test_resolved_incident_keeps_its_id_and_is_regressed_under_the_new_fingerprint(
    lake: Lake, state: StateStore
) -> None:
    record_all(lake, {"s1": failing(), "s2": failing()})
    process_as_version_1(lake, state, {"s1": "fp_old", "s2": "fp_old"})
    before = one(lake)
    assert before.fingerprint == "fp_old"
    state.save_pipeline_state(PROJECT, ENVIRONMENT, before.public_id, repro_status="confirmed")
    queue.resolve(lake, state, before.public_id, actor="ann", reason="fixed")

    rejudge(lake, state)
    after = one(lake)
    assert after.fingerprint not in ("", "fp_old")
    assert (after.public_id, after.aliases, after.status) == (before.public_id, [], "resolved")
    assert (after.affected_count, after.repro_status) == (2, "confirmed")
    assert [decision.reason for decision in queue.list_decisions(lake, state, after)] == ["fixed"]
    # The issue has another id now, and answers to both.
    assert queue.show_incident(lake, before.issue_ids[0]) == after
    assert state.incident_ids(PROJECT, ENVIRONMENT) == {"fp_old": before.public_id}

    settled = everything(lake)
    rejudge(lake, state)
    assert everything(lake) == settled

    tomorrow = datetime.now() + timedelta(days=1)  # noqa: DTZ005 - the lake's times have no zone
    record(lake, "s3", failing(), start=tomorrow)
    process(lake, state)
    assert (one(lake).public_id, one(lake).status) == (before.public_id, "regressed")


def test_sessions_judged_anew_and_others_are_one_incident_that_stays_ignored(lake: Lake, state: StateStore) -> None:
    record_all(lake, {"s1": failing(), "s2": failing()})
    process_as_version_1(lake, state, {"s1": "fp_old", "s2": "fp_old"})
    before = one(lake)
    queue.ignore(lake, state, before.public_id, actor="ann")

    record(lake, "s1", [*failing(), {"at": 9_000, "kind": "mutation"}])
    process(lake, state)
    assert {row["fingerprint_version"] for row in rows(lake, "signals")} == {1, 2}
    assert (one(lake).public_id, one(lake).status, one(lake).affected_count) == (before.public_id, "ignored", 2)


def test_incident_of_sessions_that_came_before_the_rescan_becomes_an_alias(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", failing())
    process_as_version_1(lake, state, {"s1": "fp_old"})
    before = one(lake)
    queue.ignore(lake, state, before.public_id, actor="ann")
    record(lake, "s2", failing(), start=LATER)
    process(lake, state)
    (new,) = (incident for incident in queue.list_incidents(lake) if incident.public_id != before.public_id)

    rejudge(lake, state)
    after = one(lake)
    assert (after.public_id, after.aliases, after.status) == (before.public_id, [new.public_id], "ignored")
    assert after.affected_count == 2


def test_incidents_that_become_one_stand_as_the_oldest(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", failing())
    process_as_version_1(lake, state, {"s1": "fp_z"})
    first = one(lake)
    record_all(lake, {"s2": failing(), "s3": failing()})
    process_as_version_1(lake, state, {"s2": "fp_a", "s3": "fp_a"})
    (second,) = (incident for incident in queue.list_incidents(lake) if incident.public_id != first.public_id)
    state.save_pipeline_state(PROJECT, ENVIRONMENT, second.public_id, fix_status="pr_open")
    queue.ignore(lake, state, second.public_id, actor="ann")

    rejudge(lake, state)
    after = one(lake)
    assert (after.public_id, after.aliases) == (first.public_id, [second.public_id])
    # Nobody said of the first that it may be left alone.
    assert (after.status, after.fix_status, after.affected_count) == ("ongoing", "pr_open", 3)
    settled = everything(lake)
    rejudge(lake, state)
    assert everything(lake) == settled


def test_incident_that_becomes_several_is_the_one_of_most_sessions(lake: Lake, state: StateStore) -> None:
    record_all(lake, {"s1": failing("/api/tags"), "s2": failing("/api/orders"), "s3": failing("/api/orders")})
    process_as_version_1(lake, state, dict.fromkeys(("s1", "s2", "s3"), "fp_old"))
    before = one(lake)
    queue.ignore(lake, state, before.public_id, actor="ann")

    # The fewer come first: for a while they are all that is known.
    record(lake, "s1", [*failing("/api/tags"), {"at": 9_000, "kind": "mutation"}])
    process(lake, state)
    assert one(lake).public_id == before.public_id
    rejudge(lake, state)
    found = {incident.public_id: incident for incident in queue.list_incidents(lake)}
    kept = found.pop(before.public_id)
    (other,) = found.values()
    assert (kept.status, kept.affected_count, kept.app_url) == ("ignored", 2, before.app_url)
    assert "/api/orders" in kept.title
    assert (other.status, other.affected_count, other.aliases) == ("new", 1, [])
    settled = everything(lake)
    rejudge(lake, state)
    assert everything(lake) == settled


def test_chain_of_versions_leads_to_the_first_id(
    lake: Lake, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_all(lake, {"s1": failing(), "s2": failing(), "s3": failing()})
    process_as_version_1(lake, state, dict.fromkeys(("s1", "s2", "s3"), "fp_old"))
    before = one(lake)
    # One is never judged by version 2.
    for name in ("s1", "s2"):
        record(lake, name, [*failing(), {"at": 9_000, "kind": "mutation"}])
    process(lake, state)
    queue.ignore(lake, state, before.public_id, actor="ann")

    for module in ("fingerprint", "rows"):
        monkeypatch.setattr(f"retrace_assets.signals.{module}.FINGERPRINT_VERSION", 3)
    rejudge(lake, state)
    after = one(lake)
    assert (after.public_id, after.aliases, after.status) == (before.public_id, [], "ignored")
    assert len(rows(lake, "fingerprint_versions")) == 3
    settled = everything(lake)
    rejudge(lake, state)
    assert everything(lake) == settled


def test_what_was_merged_and_split_stays_so(lake: Lake, state: StateStore) -> None:
    sessions = {
        "s1": failing(),
        # The first to be seen is what stays.
        "s2": failing(page="cart", at=900),
        "s3": failing("/api/tags"),
    }
    record_all(lake, sessions)
    process_as_version_1(lake, state, {"s1": "fp_orders", "s2": "fp_orders", "s3": "fp_tags"})
    by_title = {incident.title.split()[1]: incident.public_id for incident in queue.list_incidents(lake)}
    orders, tags = by_title["/api/orders"], by_title["/api/tags"]
    (cart,) = split(lake, state, orders, by="route", actor="ann").split_off
    queue.merge(lake, state, tags, orders, actor="ann")
    queue.ignore(lake, state, cart.public_id, actor="ann")
    # Judged by the new version before anything is known of the old one's fingerprints.
    record(lake, "s4", failing(page="cart"), start=LATER)
    process(lake, state)

    rejudge(lake, state)
    found = {incident.public_id: incident for incident in queue.list_incidents(lake)}
    assert set(found) == {orders, cart.public_id}
    # The other one is that of the session that came before.
    assert tags in found[orders].aliases
    assert len(found[orders].aliases) == 2
    assert (found[orders].affected_count, found[orders].status) == (2, "ongoing")
    assert (found[cart.public_id].affected_count, found[cart.public_id].status) == (2, "ignored")
    settled = everything(lake)
    for day in (DAY, LATER.date()):
        rejudge(lake, state, day)
    assert everything(lake) == settled


def known(lake: Lake, *edges: tuple[str, int, str, int, int]) -> Versions:
    named = [dict(zip(FINGERPRINT_VERSIONS.column_names, (PROJECT, ENVIRONMENT, *edge), strict=True)) for edge in edges]
    with lake.transaction() as transaction:
        transaction.execute("DELETE FROM fingerprint_versions")
        transaction.append(FINGERPRINT_VERSIONS, frame_of(FINGERPRINT_VERSIONS, named))
    return read_versions(lake)


def bug(name: str) -> Bug:
    return Bug(PROJECT, ENVIRONMENT, name)


def test_most_sessions_tell_what_a_fingerprint_became(lake: Lake) -> None:
    versions = known(lake, ("a", 1, "x", 2, 3), ("a", 1, "y", 2, 4), ("b", 1, "z", 2, 1), ("b", 1, "y", 2, 1))
    assert (versions.now(bug("a")), versions.now(bug("b")), versions.now(bug("x"))) == (bug("y"), bug("y"), bug("x"))
    assert versions.names(bug("y")) == (bug("y"), bug("a"), bug("b"))
    assert versions.names(bug("z")) == (bug("z"),)
    assert versions.affected([bug("a")]) == [bug("y"), bug("x")]
    assert versions.now(Bug(PROJECT, "other", "a")).fingerprint == "a"


def test_what_became_of_a_fingerprint_is_counted_where_it_ends(lake: Lake) -> None:
    versions = known(
        lake, ("a", 1, "b", 2, 2), ("a", 1, "c", 2, 2), ("a", 1, "d", 3, 3), ("b", 2, "e", 3, 9), ("c", 2, "e", 3, 9)
    )
    assert versions.now(bug("a")) == bug("e")
    assert versions.oldest(bug("e"), {"z": "INC-Z", "c": "INC-C", "a": "INC-A"}) == bug("c")
    assert versions.line(bug("c")) == [bug("c"), bug("e")]


_EDGES = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 5), st.integers(1, 9)), max_size=12)


@given(_EDGES)
def test_every_fingerprint_ends_at_one_that_goes_no_further(edges: list[tuple[int, int, int, int]]) -> None:
    frame = pl.DataFrame(
        [(PROJECT, ENVIRONMENT, f"{v}-{old}", f"{v + 1}-{new}", count) for old, v, new, count in edges],
        schema=dict.fromkeys(("project_id", "environment_id", "old_fingerprint", "fingerprint"), pl.String)
        | {"sessions": pl.Int64},
        orient="row",
    ).sort("old_fingerprint", "fingerprint", descending=True)
    versions = versions_of(frame)
    names = {bug(name) for name in (*frame["old_fingerprint"], *frame["fingerprint"])}
    for name in names:
        end = versions.now(name)
        assert versions.now(end) == end
        assert name in versions.names(end)
        assert end in versions.affected([name])
