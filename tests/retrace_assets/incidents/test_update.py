"""The queue has one row a bug, under an id that stays, with the state of its test and fix."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrace_assets.incidents.update import rebuild, update
from retrace_assets.issues.update import update as update_issues
from retrace_resources.lake import Lake
from retrace_resources.state import Decision, StateStore
from tests.retrace_assets.signals.recordings import (
    ENVIRONMENT,
    PAGE,
    PROJECT,
    START,
    click,
    exception,
    process,
    record,
    request,
    rows,
)

BROKEN = [{"at": 0, "kind": "meta"}, click(400), request(450, trace_id="abc"), exception(460)]
LATER = START + timedelta(days=1)


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def merge(state: StateStore, fingerprint: str, into: str) -> None:
    state.record_decision(
        Decision(
            kind="merge",
            project_id=PROJECT,
            environment_id=ENVIRONMENT,
            fingerprint=fingerprint,
            fingerprint_version=1,
            actor="ann",
            at=datetime.now(UTC),
            payload={"into": into},
        )
    )


def test_incident_has_the_whole_shape(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", BROKEN, user="ann")
    process(lake, state)

    (incident,) = rows(lake, "incidents")
    (issue,) = rows(lake, "issues")
    assert incident["incident_id"] == state.incident_ids(PROJECT, ENVIRONMENT)[issue["fingerprint"]]
    assert incident["incident_id"].startswith("INC-")
    assert (incident["aliases"], incident["issue_ids"]) == ([], [issue["issue_id"]])
    assert (incident["source_kind"], incident["status"], incident["app_url"]) == ("replay", "new", PAGE)
    assert (incident["repro_status"], incident["fix_status"]) == ("not_attempted", "not_started")
    assert (incident["affected_count"], incident["affected_users"]) == (1, 1)
    assert "is answered with a status below 500" in incident["expected_outcome"]
    assert incident["actual_outcome"] == incident["title"] == issue["title"]
    assert "handler of POST" in incident["suspected_cause"]
    assert json.loads(incident["sources"])[0]["ref_id"] == issue["issue_id"]
    assert [step["action"] for step in json.loads(incident["reproduction"])] == ["navigate", "click", "assert"]
    evidence = json.loads(incident["evidence"])
    assert evidence["replay_session_ids"] == ["s1"]
    assert len(evidence["signal_ids"]) == 2
    assert evidence["console_excerpts"] == ["TypeError: total is undefined"]
    assert evidence["network_failures"][0]["url"] == "https://shop.example/api/orders/12"
    assert (evidence["primary_url"], evidence["trace_ids"]) == (PAGE, ["abc"])
    assert "cart.js" in evidence["top_stack_frame"]


def test_merged_incident_lives_on_as_an_alias_and_lends_its_pipeline(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*BROKEN, exception(9_000, "RangeError: zoom")])
    process(lake, state)
    # The queue by severity: the failing request before the exception.
    orders, zoom = sorted(rows(lake, "incidents"), key=lambda incident: str(incident["severity"]))
    state.save_pipeline_state(PROJECT, ENVIRONMENT, zoom["incident_id"], fix_status="pr_open")
    merge(state, zoom["fingerprint"], orders["fingerprint"])
    update_issues(lake, state)
    update(lake, state)

    (incident,) = rows(lake, "incidents")
    assert (incident["incident_id"], incident["aliases"]) == (orders["incident_id"], [zoom["incident_id"]])
    assert incident["issue_ids"] == [*orders["issue_ids"], *zoom["issue_ids"]]
    assert incident["fix_status"] == "pr_open"
    assert [source["note"] for source in json.loads(incident["sources"])] == [None, "merged"]

    with lake.transaction() as transaction:
        transaction.execute("DELETE FROM changes")
    rebuild(lake, START.date(), state)
    assert rows(lake, "incidents") == [incident]


def test_recurrence_keeps_id_and_pipeline_state(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", BROKEN)
    record(lake, "s1", BROKEN, environment="env_b")
    process(lake, state)
    before, other = sorted(rows(lake, "incidents"), key=lambda incident: str(incident["environment_id"]))
    # The same bug in another environment is another incident.
    assert before["incident_id"] != other["incident_id"]
    snapshot = lake.snapshot_id()
    update(lake, state)
    assert lake.snapshot_id() == snapshot

    name = before["incident_id"]
    state.save_pipeline_state(PROJECT, ENVIRONMENT, name, fix_status="pr_open", fix_pr_url="https://git.test/pr/7")
    record(lake, "s2", BROKEN, start=LATER)
    process(lake, state)
    after, same = sorted(rows(lake, "incidents"), key=lambda incident: str(incident["environment_id"]))
    assert (after["incident_id"], after["status"], after["affected_count"]) == (name, "ongoing", 2)
    assert (after["fix_status"], after["fix_pr_url"]) == ("pr_open", "https://git.test/pr/7")
    assert (after["repro_status"], same) == ("not_attempted", other)

    with lake.transaction() as transaction:
        transaction.execute("DELETE FROM incidents")
    rebuild(lake, START.date(), state)
    assert sorted(rows(lake, "incidents"), key=lambda incident: str(incident["environment_id"])) == [after, other]


def test_incident_whose_last_signal_goes_is_withdrawn_under_its_id_and_comes_back(
    lake: Lake, state: StateStore
) -> None:
    record(lake, "s1", BROKEN)
    process(lake, state)
    (before,) = rows(lake, "incidents")
    record(lake, "s1", [click(400)])
    process(lake, state)
    (gone,), (issue,) = rows(lake, "incidents"), rows(lake, "issues")
    assert (issue["status"], issue["sessions"], issue["title"]) == ("withdrawn", 0, before["title"])
    assert (gone["incident_id"], gone["status"]) == (before["incident_id"], "withdrawn")
    assert (gone["title"], gone["affected_count"], gone["first_seen_at"]) == (before["title"], 0, None)
    assert json.loads(gone["reproduction"]) == []

    record(lake, "s1", BROKEN)
    process(lake, state)
    assert rows(lake, "incidents") == [before]
