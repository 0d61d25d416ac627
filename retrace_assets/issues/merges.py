"""Which fingerprints are one bug, because people said so.

Belongs here: folding decisions to merge and to split into groups. Does not: what a bug's status is (lifecycle), or
signals of one fingerprint that were split (retrace_assets.signals.splits).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrace_assets.versions import Bug
from retrace_resources.state import Decision


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
    """Fold decisions to merge and to split, in the order they were taken.

    What would close a circle changes nothing, nor does leaving a group one is not in.
    """
    roots: dict[Bug, Bug] = {}
    members: dict[Bug, tuple[Bug, ...]] = {}
    for decision in decisions:
        if decision.kind == "merge":
            _merge(bug_of(decision), str(decision.payload.get("into", "")), roots, members)
        elif decision.kind == "split":
            for group in _groups(decision):
                _leave(group, bug_of(decision), roots, members)
    return Merges(roots, members)


def _merge(merged: Bug, fingerprint: str, roots: dict[Bug, Bug], members: dict[Bug, tuple[Bug, ...]]) -> None:
    merged = roots.get(merged, merged)
    into = merged._replace(fingerprint=fingerprint)
    into = roots.get(into, into)
    if merged == into or not fingerprint:
        return
    moved = members.pop(merged, (merged,))
    members[into] = (*members.get(into, (into,)), *moved)
    roots |= dict.fromkeys(moved, into)


def _leave(group: Sequence[Bug], bug: Bug, roots: dict[Bug, Bug], members: dict[Bug, tuple[Bug, ...]]) -> None:
    """Take bugs out of the group they were merged into; the first of them is what the others are merged into now."""
    root = roots.get(bug, bug)
    leaving = [member for member in dict.fromkeys(group) if member != root and roots.get(member) == root]
    if not leaving:
        return
    members[root] = tuple(member for member in members[root] if member not in leaving)
    for member in leaving:
        del roots[member]
    members[leaving[0]] = tuple(leaving)
    roots |= dict.fromkeys(leaving[1:], leaving[0])


def bug_of(decision: Decision) -> Bug:
    """The bug a decision is about."""
    return Bug(decision.project_id, decision.environment_id, decision.fingerprint)


def leaving(decision: Decision) -> list[Bug]:
    """The bugs that a decision takes out of the group they were merged into."""
    return [bug for group in _groups(decision) for bug in group] if decision.kind == "split" else []


def _groups(decision: Decision) -> list[list[Bug]]:
    bug = bug_of(decision)
    return [[bug._replace(fingerprint=str(name)) for name in group] for group in decision.payload.get("leave", ())]
