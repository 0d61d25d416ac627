"""Taking a decision: it is recorded, and the queue shows at once what it comes to.

Belongs here: the order of the two. Does not: which decisions are possible (the actions), what they come to (issues).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from retrace_assets.incidents.update import requeue
from retrace_assets.issues.decided import OF_TESTS
from retrace_assets.issues.update import fold_new_decisions
from retrace_assets.signals.fingerprint import FINGERPRINT_VERSION
from retrace_assets.test_runs.failures import restate
from retrace_resources.lake import Transaction
from retrace_resources.state import Decision, DecisionKind, StateStore

BY_ITSELF: Final = "retrace"
"""Who decided what follows from a merged pull request or a test run."""


def take(transaction: Transaction, state: StateStore, decision: Decision) -> None:
    """Record a decision and write what follows from it: the record outlives a crash before the commit."""
    state.record_decision(decision)
    issues, _ = fold_new_decisions(transaction, state)
    requeue(transaction, issues, state)
    if decision.fingerprint.startswith(OF_TESTS):
        restate(transaction, state, decision)


def decision_of(kind: DecisionKind, incident: Mapping[str, Any], *, actor: str, reason: str) -> Decision:
    """A decision about a row of `incidents`, taken now."""
    return Decision(
        kind=kind,
        project_id=incident["project_id"],
        environment_id=incident["environment_id"],
        fingerprint=incident["fingerprint"],
        fingerprint_version=FINGERPRINT_VERSION,
        actor=actor,
        at=datetime.now(UTC),
        reason=reason,
    )
