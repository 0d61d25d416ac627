"""The table of states, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from retrace_assets.issues.lifecycle import Standing, standing
from retrace_resources.state import Decision, DecisionKind

NOON = datetime(2026, 11, 23, 12)


def decided(kind: DecisionKind, minutes: int = 0) -> Decision:
    """A decision so many minutes after noon."""
    at = (NOON + timedelta(minutes=minutes)).replace(tzinfo=UTC)
    return Decision(
        kind=kind,
        project_id="p",
        environment_id="e",
        fingerprint="fp",
        fingerprint_version=1,
        actor="ann",
        at=at,
    )


BEFORE, AFTER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sessions", "last_at", "decisions", "status"),
    [
        pytest.param(1, BEFORE, [], "new", id="in one session"),
        pytest.param(2, BEFORE, [], "ongoing", id="in two sessions"),
        pytest.param(0, None, [], "withdrawn", id="in no session"),
        pytest.param(0, None, [decided("resolve")], "withdrawn", id="in no session, resolved"),
        pytest.param(0, None, [decided("ignore")], "withdrawn", id="in no session, ignored"),
        pytest.param(9, BEFORE, [decided("resolve")], "resolved", id="resolved after the last signal"),
        pytest.param(9, NOON, [decided("resolve")], "resolved", id="resolved at the last signal"),
        pytest.param(9, AFTER, [decided("resolve")], "regressed", id="seen after it was resolved"),
        pytest.param(9, AFTER, [decided("resolve"), decided("resolve", 2)], "resolved", id="resolved again"),
        pytest.param(9, AFTER, [decided("ignore")], "ignored", id="seen after it was ignored"),
        pytest.param(9, AFTER, [decided("ignore"), decided("resolve")], "regressed", id="ignored, resolved, seen"),
        pytest.param(9, AFTER, [decided("resolve"), decided("ignore", 2)], "ignored", id="regressed and then ignored"),
        pytest.param(1, BEFORE, [decided("resolve"), decided("reopen", 1)], "new", id="reopened, one session"),
        pytest.param(2, BEFORE, [decided("ignore"), decided("reopen", 1)], "ongoing", id="reopened, two sessions"),
        pytest.param(9, BEFORE, [decided("resolve"), decided("verify", 1)], "verified", id="its test is green"),
        pytest.param(
            9, AFTER, [decided("resolve", -3), decided("verify")], "regressed", id="seen after it was verified"
        ),
        pytest.param(9, BEFORE, [decided("resolve"), decided("regress", 1)], "regressed", id="its test is red again"),
        pytest.param(
            9, BEFORE, [decided("regress"), decided("resolve", 1)], "resolved", id="resolved after regressing"
        ),
        pytest.param(2, BEFORE, [decided("merge")], "ongoing", id="a merge says nothing about its state"),
        pytest.param(2, BEFORE, [decided("resolve"), decided("merge", 1)], "resolved", id="resolved, then merged into"),
    ],
)
def test_standing_is(sessions: int, last_at: datetime | None, decisions: list[Decision], status: str) -> None:
    assert standing(sessions, last_at, decisions).status == status


def test_standing_says_since_when_only_while_it_holds() -> None:
    assert standing(1, BEFORE, [decided("resolve")]) == Standing("resolved", NOON)
    assert standing(1, BEFORE, [decided("verify")]) == Standing("verified", NOON)
    assert standing(1, AFTER, [decided("resolve")]) == Standing("regressed", None)
    assert standing(1, BEFORE, [decided("regress")]) == Standing("regressed", None)
