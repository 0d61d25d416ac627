"""Where a bug stands: what its signals and people's decisions come to.

Belongs here: the table of states. Does not: which decisions are possible now (actions), or the state of a bug's test
and fix (the state store).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from retrace_resources.state import Decision

OPEN = ("new", "ongoing", "regressed")

# What a decision says outright, and what only holds until the bug is seen again.
_SAID = {"ignore": "ignored", "regress": "regressed"}
_CLOSING = {"resolve": "resolved", "verify": "verified"}


@dataclass(frozen=True)
class Standing:
    """A status, and since when it is resolved or verified."""

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
    | none after the verification  | verify          | verified                      |
    | one after either             | resolve, verify | regressed                     |
    | any                          | regress         | regressed                     |
    | any                          | ignore          | ignored                       |
    """
    if last_at is None or not sessions:
        return Standing("withdrawn")
    latest = next((decision for decision in reversed(list(decisions)) if decision.kind != "merge"), None)
    if latest is not None and latest.kind in _SAID:
        return Standing(_SAID[latest.kind])
    if latest is not None and latest.kind in _CLOSING:
        closed_at = latest.at.astimezone(UTC).replace(tzinfo=None)
        return Standing("regressed") if last_at > closed_at else Standing(_CLOSING[latest.kind], closed_at)
    return Standing("new" if sessions == 1 else "ongoing")
