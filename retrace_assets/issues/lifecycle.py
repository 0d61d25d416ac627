"""Where a bug stands: what its signals and people's decisions come to.

Belongs here: the table of states. Does not: which decisions are possible now (actions), or the state of a bug's test
and fix (the state store).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from retrace_resources.state import Decision

OPEN = ("new", "ongoing", "regressed")


@dataclass(frozen=True)
class Standing:
    """A status, and since when it is resolved."""

    status: str
    resolved_at: datetime | None = None


def standing(sessions: int, last_at: datetime | None, decisions: Iterable[Decision]) -> Standing:
    """Fold the decisions about a bug, in the order they were taken, over what was seen of it.

    `last_at` is when its latest signal happened (naive UTC, as in the lake), not when it was processed: a session
    recorded before the bug was resolved says nothing about the fix, however late it comes.

    | signals                      | latest decision | status                        |
    |------------------------------|-----------------|-------------------------------|
    | none                         | any             | withdrawn                     |
    | in one session               | none, or reopen | new                           |
    | in more                      | none, or reopen | ongoing                       |
    | any                          | split           | as after reopen               |
    | none after the resolution    | resolve         | resolved                      |
    | one after the resolution     | resolve         | regressed                     |
    | any                          | ignore          | ignored                       |
    """
    if last_at is None or not sessions:
        return Standing("withdrawn")
    latest = next((decision for decision in reversed(list(decisions)) if decision.kind != "merge"), None)
    if latest is not None and latest.kind == "ignore":
        return Standing("ignored")
    if latest is not None and latest.kind == "resolve":
        resolved_at = latest.at.astimezone(UTC).replace(tzinfo=None)
        return Standing("regressed") if last_at > resolved_at else Standing("resolved", resolved_at)
    return Standing("new" if sessions == 1 else "ongoing")
