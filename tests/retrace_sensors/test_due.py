"""Whose turn it is, when nobody asks."""

from datetime import UTC, datetime

import pytest

from retrace_sensors.due import to_reproduce, to_verify

NOON = datetime(2026, 11, 30, 12, 10, tzinfo=UTC)


def row(incident_id: str = "INC-1", **changes: str) -> dict[str, str]:
    known = {
        "status": "ongoing",
        "repro_status": "not_attempted",
        "repro_spec_id": "inc-1-ui",
        "fix_status": "not_started",
    }
    return {"incident_id": incident_id, **known, **changes}


@pytest.mark.parametrize("changes", [{"status": "resolved"}, {"fix_status": "fix_proposed"}, {"fix_status": "pr_open"}])
def test_what_may_be_fixed_is_looked_at_once_an_hour(changes: dict[str, str]) -> None:
    [due] = to_verify([row(**changes)], NOON)

    assert due.incident_id == "INC-1"
    assert due == to_verify([row(**changes)], NOON.replace(minute=50))[0]
    assert due != to_verify([row(**changes)], NOON.replace(hour=13))[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "verified", "fix_status": "merged"},
        {"status": "ignored"},
        {"status": "ongoing"},
        {"status": "resolved", "repro_spec_id": ""},
    ],
)
def test_what_has_nothing_to_verify_is_left_alone(changes: dict[str, str]) -> None:
    assert to_verify([row(**changes)], NOON) == []


def test_new_incidents_are_reproduced_in_the_order_of_the_queue() -> None:
    rows = [
        row("INC-2"),
        row("INC-1", status="new"),
        row("INC-3", repro_status="confirmed"),
        row("INC-4", status="ignored"),
    ]

    assert [due.incident_id for due in to_reproduce(rows)] == ["INC-2", "INC-1"]


def test_incident_that_comes_back_is_reproduced_again() -> None:
    assert to_reproduce([row(status="new")]) != to_reproduce([row(status="regressed")])
