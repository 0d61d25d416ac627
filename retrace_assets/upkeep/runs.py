"""Which of Dagster's runs may go.

Belongs here: the choice. Does not: deleting (retrace_resources.dagster_history).
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

# A hot run leaves some 230 KB; at one every 5 seconds an hour of them is 720, and upkeep comes hourly.
HOT_RUNS_KEPT = 500
OTHER_RUNS_KEPT = 500
FAILED_RUNS_KEPT = 200
FAILURES_KEPT_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that has ended."""

    run_id: str
    is_hot: bool
    has_failed: bool
    ended_at: datetime


def runs_to_delete(runs: Iterable[PastRun], latest: Container[str], now: datetime) -> list[str]:
    """Choose among ended runs, newest first, oldest to be deleted first.

    Kept are those in `latest`, which hold the latest word on something, failures of the last two weeks, and the newest
    of each kind.
    """
    runs = [run for run in runs if run.run_id not in latest]
    failed = [run for run in runs if run.has_failed]
    kept = {
        *(run.run_id for run in failed[:FAILED_RUNS_KEPT] if now - run.ended_at < FAILURES_KEPT_FOR),
        *(run.run_id for run in islice((run for run in runs if run.is_hot), HOT_RUNS_KEPT)),
        *(run.run_id for run in islice((run for run in runs if not run.is_hot), OTHER_RUNS_KEPT)),
    }
    return [run.run_id for run in reversed(runs) if run.run_id not in kept]
