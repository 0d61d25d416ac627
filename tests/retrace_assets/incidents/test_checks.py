"""Every incident stands on evidence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrace_assets.incidents.assets import without_evidence
from retrace_assets.incidents.checks import every_incident_has_evidence
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from tests.retrace_assets.signals.recordings import START, exception, process, record


@pytest.fixture
def state(home: Path) -> Iterator[StateStore]:
    """The state store of the home."""
    with StateStore.open(home) as opened:
        yield opened


def test_an_incident_that_came_from_signals_has_evidence(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [exception(100)])
    process(lake, state)

    assert lake.query("SELECT count(*) FROM incidents").item() == 1
    assert every_incident_has_evidence(lake=lake).passed  # type: ignore[union-attr]


@pytest.mark.parametrize("evidence", ['{"signal_ids": []}', "{}"])
def test_an_open_incident_without_signals_turns_the_check_red(lake: Lake, state: StateStore, evidence: str) -> None:
    record(lake, "s1", [exception(100)])
    process(lake, state)
    with lake.transaction() as transaction:
        transaction.execute("UPDATE incidents SET evidence = ?", [evidence])

    result = every_incident_has_evidence(lake=lake)

    assert not result.passed  # type: ignore[union-attr]
    assert result.metadata["incidents without evidence"].value == 1  # type: ignore[union-attr]


def test_an_incident_that_was_withdrawn_needs_none(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [exception(100)])
    process(lake, state)
    with lake.transaction() as transaction:
        transaction.execute("UPDATE incidents SET evidence = '{}', status = 'withdrawn'")

    assert without_evidence(lake) == []


def test_incidents_not_seen_since_are_left_to_the_full_check(lake: Lake, state: StateStore) -> None:
    record(lake, "s1", [exception(100)])
    process(lake, state)
    with lake.transaction() as transaction:
        transaction.execute("UPDATE incidents SET evidence = '{}'")

    assert len(without_evidence(lake, seen_since=START)) == 1
    assert without_evidence(lake, seen_since=START.replace(year=START.year + 1)) == []
