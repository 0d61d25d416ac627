"""Upkeep as Dagster sees it: keeping the lake's files and Dagster's own history small.

Belongs here: the assets and what they report. Does not: the work (retrace_resources), or the choice of runs (runs).
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from retrace_assets.asset_specs import OWNERS, UPKEEP
from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.issues import update as issues
from retrace_assets.pages import update as pages
from retrace_assets.replays import update as replays
from retrace_assets.runs import explained, utc_now
from retrace_assets.signals import update as signals
from retrace_assets.upkeep.runs import PastRun, runs_to_delete
from retrace_core.tables import CLUSTERS, ISSUES, PAGE_CHANGES, REPLAY_EVENTS, REPLAYS, SIGNALS
from retrace_resources.dagster_history import delete_runs, latest_runs, size_on_disk
from retrace_resources.dagster_names import HOT_LANE, LANE_TAG
from retrace_resources.lake import Lake
from retrace_resources.lake_maintenance import maintain

_ENDED: Final = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
# Hot runs write to the index of events too: it is locked for some milliseconds at a time.
_RUNS_AT_ONCE: Final = 50


# Who follows whom by the change feed: what all of them have read is forgotten.
_FOLLOWS: Final = {
    replays.STAGE: REPLAY_EVENTS.name,
    pages.STAGE: REPLAYS.name,
    signals.STAGE: PAGE_CHANGES.name,
    clusters.STAGE: SIGNALS.name,
    issues.STAGE: CLUSTERS.name,
    incidents.STAGE: ISSUES.name,
}


@dg.asset(
    key=[UPKEEP, "lake_files"],
    group_name=UPKEEP,
    owners=OWNERS,
    kinds={"duckdb"},
    description="Merges the lake's small files, and lets go of snapshots, changes and rejected rows that are over.",
)
def lake_files(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
    """Tidy the lake."""
    with explained(context):
        report = maintain(lake, utc_now(), _FOLLOWS)
    return dg.MaterializeResult(
        metadata={
            **{_words(name): value for name, value in asdict(report).items() if isinstance(value, int)},
            "seconds": round(report.seconds, 3),
            "longest turn, seconds": round(report.longest_turn_s, 3),
            "files": f"{report.before.files} → {report.after.files}",
            "megabytes on disk": f"{_megabytes(report.before.disk_bytes)} → {_megabytes(report.after.disk_bytes)}",
            "megabytes of the catalog": _megabytes(report.after.catalog_bytes),
            "snapshot": lake.snapshot_id(),
        }
    )


@dg.asset(
    key=[UPKEEP, "dagster_runs"],
    group_name=UPKEEP,
    owners=OWNERS,
    kinds={"dagster"},
    description="Deletes old runs with their files; what is the latest word on a partition or a check stays.",
)
def dagster_runs(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Delete what may go."""
    instance = context.instance
    past = list(_past_runs(instance))
    doomed = runs_to_delete(past, latest_runs(instance), datetime.now(UTC))
    freed = sum(
        delete_runs(instance, doomed[first : first + _RUNS_AT_ONCE]) for first in range(0, len(doomed), _RUNS_AT_ONCE)
    )
    return dg.MaterializeResult(
        metadata={
            "status": "deleted" if doomed else "nothing to do",
            "runs deleted": len(doomed),
            "runs kept": len(past) - len(doomed),
            "megabytes freed": _megabytes(freed),
            "megabytes of DAGSTER_HOME": _megabytes(size_on_disk(instance)),
        }
    )


def _past_runs(instance: dg.DagsterInstance) -> Iterator[PastRun]:
    """Ended runs, newest first."""
    for record in instance.get_run_records(dg.RunsFilter(statuses=_ENDED)):
        run = record.dagster_run
        yield PastRun(
            run_id=run.run_id,
            is_hot=run.tags.get(LANE_TAG) == HOT_LANE,
            has_failed=run.status is dg.DagsterRunStatus.FAILURE,
            ended_at=record.update_timestamp.astimezone(UTC),
        )


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)


def _words(name: str) -> str:
    return name.replace("_", " ")
