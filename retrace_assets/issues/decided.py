"""Decisions as they stand now: about bugs by the fingerprints they go by, whatever version they were taken under.

Belongs here: renaming decisions, and which of them hold when several bugs have become one. Does not: what fingerprints
became (retrace_assets.versions), or what decisions come to (lifecycle, merges).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from retrace_assets.issues.merges import bug_of
from retrace_assets.versions import Bug, Versions
from retrace_resources.state import Decision

OF_TESTS: Final = ("ui_test:", "api_test:")
"""How fingerprints begin that are of a failing test: no signal has them, so no issue is folded for them."""

# Decisions about bugs being one or not hold whatever becomes of either.
_ABOUT_GROUPS = ("merge", "split")


def decided_now(
    decisions: Iterable[Decision], versions: Versions, oldest: Callable[[Bug], Bug] = lambda bug: bug
) -> list[Decision]:
    """Decisions in the order they were taken, renamed.

    Where several bugs have become one it stands as that whose id it keeps, as after a merge: `oldest` gives the name
    of that for a bug of now.
    """
    return [_renamed(decision, versions) for decision in decisions if _holds(decision, versions, oldest)]


def _holds(decision: Decision, versions: Versions, oldest: Callable[[Bug], Bug]) -> bool:
    bug = bug_of(decision)
    now = versions.now(bug)
    if decision.kind in _ABOUT_GROUPS or bug == now:
        return True
    kept = oldest(now)
    return kept == now or bug in versions.line(kept)


def _renamed(decision: Decision, versions: Versions) -> Decision:
    bug = bug_of(decision)

    def now(name: object) -> str:
        return versions.now(bug._replace(fingerprint=str(name))).fingerprint

    payload = dict(decision.payload)
    if "into" in payload:
        payload["into"] = now(payload["into"])
    if "leave" in payload:
        payload["leave"] = [[now(name) for name in group] for group in payload["leave"]]
    return replace(decision, fingerprint=now(bug.fingerprint), payload=payload)
