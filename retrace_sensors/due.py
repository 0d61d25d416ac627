"""Which incidents are looked at without anybody asking: those to verify, and, on autopilot, those to reproduce.

Belongs here: choosing among the rows of the queue, and the key that keeps one look from being two. Does not: reading
the rows or asking Dagster for a run (the sensors).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from retrace_assets.issues.lifecycle import OPEN

MOST_AT_ONCE: Final = 3
"""Runs a tick asks for: each starts an app and a browser."""

_FOLLOWED: Final = ("pr_open", "fix_proposed")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Due:
    """An incident whose turn it is, and the key of its run: the same look is asked for once."""

    incident_id: str
    run_key: str


def to_verify(rows: Sequence[Row], now: datetime) -> list[Due]:
    """Incidents whose pull request may be merged, or that are said to be fixed and nobody has tested: once an hour."""
    waiting = [row for row in rows if row["status"] == "resolved" or row["fix_status"] in _FOLLOWED]
    return [
        Due(row["incident_id"], f"verify {row['incident_id']} {now:%Y-%m-%dT%H}")
        for row in waiting
        if row["repro_spec_id"]
    ]


def to_reproduce(rows: Sequence[Row]) -> list[Due]:
    """Open incidents that nobody has tried to reproduce, the most urgent first: each once for as long as it is seen."""
    untried = [row for row in rows if row["status"] in OPEN and row["repro_status"] == "not_attempted"]
    return [Due(row["incident_id"], f"reproduce {row['incident_id']} {row['status']}") for row in untried]
