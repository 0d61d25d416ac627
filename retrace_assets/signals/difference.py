"""A preview as Dagster shows it: counts and ids, since its UI has no login and page text is private.

Belongs here: the Markdown. Does not: the comparison (preview), or how a person at a terminal sees it (the faces).
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg

from retrace_assets.metadata import UI, named_days
from retrace_assets.signals.preview import BugChange, Preview

_ROWS_SHOWN: Final = 20


def difference_metadata(done: Preview) -> dict[str, Any]:
    """Metadata of a preview: totals, and a table of the bugs that would come and go."""
    return {
        "days": named_days(frozenset(done.days)),
        "sessions": done.sessions,
        "signals": f"{done.signals_before} -> {done.signals_after}",
        "signals gained": done.signals_gained,
        "signals lost": done.signals_lost,
        "signals regrouped": done.signals_regrouped,
        "issues gained": len(done.issues_gained),
        "issues lost": len(done.issues_lost),
        "incidents gained": len(done.incidents_gained),
        "incidents lost": len(done.incidents_lost),
        "difference": dg.MetadataValue.md("\n".join(_table(done))),
    }


def _table(done: Preview) -> Iterator[str]:
    yield "| | detector | fingerprint | incident | signals | sessions |\n|---|---|---|---|---|---|"
    rows = [("gained", bug) for bug in done.issues_gained] + [("lost", bug) for bug in done.issues_lost]
    for change, bug in rows[:_ROWS_SHOWN]:
        yield f"| {change} | {bug.detector} | {bug.fingerprint} | {_incident(bug)} | {bug.signals} | {bug.sessions} |"
    if len(rows) > _ROWS_SHOWN:
        yield f"\n{len(rows) - _ROWS_SHOWN} more"


def _incident(bug: BugChange) -> str:
    return f"[{bug.incident_id}]({UI}/incidents/{bug.incident_id})" if bug.incident_id else "new"
