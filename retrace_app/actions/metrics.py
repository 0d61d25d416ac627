"""Metrics: how much a project has stored, found and still waits for.

Belongs here: what is counted, by project. Does not: how busy the process that answers is (the faces).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow.compute as pc

from retrace_app.actions.listing import exists
from retrace_core.limits import MIB
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing, UnreadableSegment

# Counting what waits reads it: beyond this the answer would take longer than a look at a dashboard may.
_COUNTED_BYTES: Final = 64 * MIB

_MINE: Final = "(project_id, coalesce($environment_id, environment_id)) = ($project_id, environment_id)"
"""A project's rows, or those of one of its environments; one row, as `Tenant.condition` is."""

# One row a thing that is counted: what it is, which of its kind, how many, and two sums of it.
_COUNTS: Final = """
SELECT 'replays' AS thing, status AS name, count(*) AS n, sum(batches)::BIGINT AS batches, sum(events)::BIGINT AS events
FROM replays WHERE {mine} GROUP BY status
UNION ALL SELECT 'signals', detector, count(*), 0, 0 FROM signals WHERE {mine} GROUP BY detector
UNION ALL SELECT 'issues', status, count(*), 0, 0 FROM issues WHERE {mine} GROUP BY status
UNION ALL SELECT 'severities', severity, count(*), 0, 0 FROM issues WHERE {mine} GROUP BY severity
UNION ALL SELECT 'incidents', status, count(*), 0, 0 FROM incidents WHERE {mine} GROUP BY status
UNION ALL SELECT 'rejected', reason, count(*), 0, 0 FROM rejected WHERE {mine} GROUP BY reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Counts of one project, or of one of its environments; `waiting_batches` is None when too much waits to count."""

    replay_sessions: int = 0
    replay_batches: int = 0
    replay_events: int = 0
    sessions_by_status: Mapping[str, int] = field(default_factory=dict)
    signals_by_detector: Mapping[str, int] = field(default_factory=dict)
    issues_by_status: Mapping[str, int] = field(default_factory=dict)
    issues_by_severity: Mapping[str, int] = field(default_factory=dict)
    incidents_by_status: Mapping[str, int] = field(default_factory=dict)
    rejected_by_reason: Mapping[str, int] = field(default_factory=dict)
    waiting_batches: int | None = 0


def measure(lake: Lake, landing: Landing, project_id: str, environment_id: str | None = None) -> Metrics:
    """Count what a project has; an environment narrows it."""
    waiting = count_waiting(landing, project_id, environment_id)
    if not exists(lake):
        return Metrics(waiting_batches=waiting)
    params = {"project_id": project_id, "environment_id": environment_id}
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    batches = events = 0
    for thing, name, number, more_batches, more_events in lake.query(_COUNTS.format(mine=_MINE), params).iter_rows():
        counts[thing][name] = number
        batches += more_batches or 0
        events += more_events or 0
    return Metrics(
        replay_sessions=sum(counts["replays"].values()),
        replay_batches=batches,
        replay_events=events,
        sessions_by_status=counts["replays"],
        signals_by_detector=counts["signals"],
        issues_by_status=counts["issues"],
        issues_by_severity=counts["severities"],
        incidents_by_status=counts["incidents"],
        rejected_by_reason=counts["rejected"],
        waiting_batches=waiting,
    )


def count_waiting(landing: Landing, project_id: str, environment_id: str | None = None) -> int | None:
    """How many of a project's batches wait in closed segments; None when too much waits to be counted."""
    pending = landing.pending()
    if sum(segment.size_bytes for segment in pending) > _COUNTED_BYTES:
        return None
    waiting = 0
    for segment in pending:
        try:
            for batch in segment.read():
                mine = pc.equal(batch.column("project_id"), project_id)
                if environment_id is not None:
                    mine = pc.and_(mine, pc.equal(batch.column("environment_id"), environment_id))
                waiting += pc.sum(mine).as_py() or 0
        except (UnreadableSegment, FileNotFoundError):
            # Taken in since it was listed, or not for us to judge.
            continue
    return waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What was updated of a project since a snapshot of the lake."""

    sessions: int = 0
    issues: int = 0
    rejected: int = 0


def snapshot_of(lake: Lake) -> int:
    """The latest snapshot, 0 before the first."""
    return lake.snapshot_id() if exists(lake) else 0


def count_progress(lake: Lake, since: int, project_id: str, environment_id: str | None = None) -> Progress:
    """Count what commits after the snapshot `since` have updated of a project; an environment narrows it."""
    if not exists(lake):
        return Progress()
    [row] = lake.query(
        "SELECT (SELECT count(DISTINCT (environment_id, key)) FROM changes WHERE {new} AND source = 'replays'), "
        "(SELECT count(DISTINCT (environment_id, key)) FROM changes WHERE {new} AND source = 'issues'), "
        "(SELECT count(*) FROM rejected WHERE {new})".format(new=f"{_MINE} AND commit_no > $since"),
        {"project_id": project_id, "environment_id": environment_id, "since": since},
    ).rows()
    return Progress(sessions=row[0], issues=row[1], rejected=row[2])
