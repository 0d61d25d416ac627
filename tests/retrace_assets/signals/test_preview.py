"""A preview says what adoption would do, and writes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retrace_app.actions import incidents
from retrace_assets.signals import preview as module
from retrace_assets.signals.assets import signals
from retrace_assets.signals.preview import Preview, preview
from retrace_assets.signals.rules import Rules, rules_in_force
from retrace_assets.signals.update import rebuild
from retrace_core.tables import REPLAY_EVENTS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import RuleChange, StateStore
from tests.retrace_assets.signals.recordings import START, click, exception, process, record, request, rows

AT = datetime(2026, 3, 1, tzinfo=UTC)
LATER = START + timedelta(days=1)
DAYS = [START.date(), LATER.date()]
RAGE = [click(1_000 + 200 * number) for number in range(4)]


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def change(detector: str, **more: Any) -> RuleChange:
    return RuleChange(detector=detector, actor="ann", at=AT, **more)


def previewed(lake: Lake, state: StateStore, proposed: RuleChange, days: Any = DAYS, **more: Any) -> Preview:
    rules = rules_in_force(Settings(), state)
    return preview(lake, days, rules, rules.proposing(proposed), **more)


def counts(done: Preview) -> tuple[int, ...]:
    bugs = (done.issues_gained, done.issues_lost, done.incidents_gained, done.incidents_lost)
    return (done.signals_gained, done.signals_lost, *map(len, bugs))


def content(lake: Lake) -> list[object]:
    tables = ("signals", "clusters", "issues", "incidents", "changes", "progress")
    return [lake.snapshot_id(), *(rows(lake, table) for table in tables)]


def test_what_would_go_is_told_with_its_incident_and_nothing_is_written(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*RAGE, exception(9_000)])
    process(lake, state)
    known = {incident.title.split(" ")[0]: incident.public_id for incident in incidents.list_incidents(lake)}
    before = content(lake)
    done = previewed(lake, state, change("rage_click", enabled=False))

    assert counts(done) == (0, 1, 0, 1, 0, 1)
    assert done.incidents_lost[0].incident_id == known["Rage"]
    assert (done.sessions, done.signals_before, done.days) == (1, len(rows(lake, "signals")), [START.date()])
    (example,) = done.lost
    assert example.session_id == "s1"
    assert "would not have fired" in example.counterfactual
    assert content(lake) == before
    assert state.rule_changes() == []


def test_what_would_come_has_no_incident_yet(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*RAGE])
    state.record_rule_change(change("rage_click", thresholds={"clicks": 9}))
    done = previewed(lake, state, change("rage_click", thresholds={"clicks": 3}))
    assert counts(done) == (1, 0, 1, 0, 1, 0)
    assert [bug.incident_id for bug in done.incidents_gained] == [""]


def test_consequence_that_loses_its_cause_becomes_a_bug_of_its_own(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*RAGE[:2], request(1_250), *RAGE[2:], request(1_650)])
    process(lake, state)
    done = previewed(lake, state, change("network_5xx", enabled=False))
    assert done.signals_regrouped >= 1
    assert [bug.detector for bug in done.issues_lost] == ["network_5xx"]
    assert "rage_click" in [bug.detector for bug in done.issues_gained]


def test_bug_that_has_signals_on_other_days_is_not_lost(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", RAGE)
    record(lake, "s2", RAGE, start=LATER)
    process(lake, state)
    off = change("rage_click", enabled=False)
    assert counts(previewed(lake, state, off, [START.date()])) == (0, 1, 0, 0, 0, 0)
    assert counts(previewed(lake, state, off)) == (0, 2, 0, 1, 0, 1)


def test_incident_of_merged_bugs_is_lost_when_all_are(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*RAGE, exception(9_000)])
    process(lake, state)
    known = {incident.title.split(" ")[0]: incident.public_id for incident in incidents.list_incidents(lake)}
    incidents.merge(lake, state, known["Rage"], known["TypeError:"], actor="ann")
    assert counts(previewed(lake, state, change("rage_click", enabled=False))) == (0, 1, 0, 1, 0, 0)


def test_days_whose_events_are_gone_are_left_out(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", RAGE)
    process(lake, state)
    with lake.transaction() as transaction:
        transaction.execute(f"DELETE FROM {REPLAY_EVENTS.name}")
    done = previewed(lake, state, change("rage_click", enabled=False))
    assert (done.days, done.sessions, counts(done)) == ([], 0, (0, 0, 0, 0, 0, 0))


def test_only_environments_that_are_judged_otherwise_are_judged_and_progress_is_told(
    lake: Lake, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS_AT_ONCE", 2)
    for number in range(3):
        record(lake, f"s{number}", RAGE, start=START + timedelta(hours=number))
    record(lake, "s1", RAGE, environment="env_b")
    told: list[tuple[int, int]] = []
    off = change("rage_click", project_id="proj_a", environment_id="env_a", enabled=False)
    done = previewed(lake, state, off, on_progress=lambda *figures: told.append(figures))
    assert told == [(0, 3), (2, 3), (3, 3)]
    assert (done.sessions, done.signals_lost, done.issues_lost[0].sessions) == (3, 3, 3)


@pytest.mark.parametrize(
    "proposed",
    [
        change("rage_click", enabled=False),
        change("rage_click", thresholds={"clicks": 5}),
        change("network_5xx", suppress=({"request": "POST /api/*"},)),
        change("console_error", min_confidence="high"),
    ],
    ids=["off", "threshold", "suppression", "confidence"],
)
def test_adoption_does_what_the_preview_said(lake: Lake, state: StateStore, proposed: RuleChange) -> None:
    record(lake, "s1", [*RAGE, request(1_700), exception(9_000)])
    record(lake, "s2", [click(1_000 + 150 * number) for number in range(6)], start=LATER)
    process(lake, state)
    said = previewed(lake, state, proposed)
    before = {row["signal_id"] for row in rows(lake, "signals")}
    state.record_rule_change(proposed)
    now = rules_in_force(Settings(), state)
    for day in DAYS:
        rebuild(lake, day, lambda: now)
    after = {row["signal_id"] for row in rows(lake, "signals")}
    assert (len(after - before), len(before - after)) == (said.signals_gained, said.signals_lost)
    assert len(after) == said.signals_after


def materialised(lake: Lake, state: StateStore, **proposed: object) -> dg.ExecuteInProcessResult:
    """A run of the signals asset for the first day, with a proposed rule in its configuration."""
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [signals],
            partition_key=START.date().isoformat(),
            resources={"settings": Settings(), "lake": lake, "state": state},
            run_config={"ops": {"signals": {"config": {"preview": proposed}}}},
            instance=instance,
            raise_on_error=False,
        )


def test_run_configuration_makes_a_materialisation_a_preview(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [*RAGE, exception(9_000, "TypeError: xylophone")])
    process(lake, state)
    before = content(lake)
    result = materialised(lake, state, detector="rage_click", thresholds={"clicks": 9})
    told = {each.asset_key.path[-1]: each.metadata for each in result.asset_materializations_for_node("signals")}
    assert {metadata["status"].value for metadata in told.values()} == {"preview: nothing was written"}
    assert told["rage_click"]["signals lost"].value == 1
    assert "| lost | rage_click |" in str(told["rage_click"]["difference"].value)
    # Dagster's UI has no login: ids and counts, no text of a page.
    assert "Pay now" not in str(told)
    assert content(lake) == before


def test_run_configuration_that_cannot_be_followed_fails_with_its_code(lake: Lake, state: StateStore) -> None:
    result = materialised(lake, state, detector="no_such")
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "detector_not_found" in str(failure.step_failure_data.error)


def test_rules_that_are_the_same_need_no_judging(lake: Lake) -> None:
    record(lake, "s1", RAGE)
    assert preview(lake, DAYS, Rules({}), Rules({})).sessions == 0
