"""Which fingerprints are one bug, because people said so.

Belongs here: folding merge decisions into groups. Does not: what a bug's status is (lifecycle).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from retrace_resources.state import Decision


class Bug(NamedTuple):
    """A fingerprint in its project and environment."""

    project_id: str
    environment_id: str
    fingerprint: str


@dataclass(frozen=True)
class Merges:
    """Groups of bugs that are one; a bug nobody merged is its own."""

    _roots: Mapping[Bug, Bug] = field(default_factory=dict)
    _members: Mapping[Bug, tuple[Bug, ...]] = field(default_factory=dict)

    def root(self, bug: Bug) -> Bug:
        """The bug it was merged into, in the end."""
        return self._roots.get(bug, bug)

    def members(self, root: Bug) -> tuple[Bug, ...]:
        """The bugs of a group: the one they were merged into first, the others in the order they were merged."""
        return self._members.get(root, (root,))


def merges(decisions: Iterable[Decision]) -> Merges:
    """Fold merge decisions, in the order they were taken; what would close a circle changes nothing."""
    roots: dict[Bug, Bug] = {}
    members: dict[Bug, tuple[Bug, ...]] = {}
    for decision in decisions:
        if decision.kind != "merge":
            continue
        merged = bug_of(decision)
        merged = roots.get(merged, merged)
        into = merged._replace(fingerprint=str(decision.payload.get("into", "")))
        into = roots.get(into, into)
        if merged == into or not into.fingerprint:
            continue
        moved = members.pop(merged, (merged,))
        members[into] = (*members.get(into, (into,)), *moved)
        roots |= dict.fromkeys(moved, into)
    return Merges(roots, members)


def bug_of(decision: Decision) -> Bug:
    """The bug a decision is about."""
    return Bug(decision.project_id, decision.environment_id, decision.fingerprint)
