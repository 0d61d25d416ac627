"""The hot job as Dagster sees it: its latest runs, and the tags and config a decision turns into.

Belongs here: translating between Dagster and `decide`. Does not: the rule itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.storage.tags import PARTITION_NAME_TAG, RUN_KEY_TAG, SENSOR_NAME_TAG

from retrace_resources.dagster_names import ENVIRONMENT_FAULT, FAULT_TAG, HOT_JOB, PENDING_SEGMENTS, QUIET
from retrace_sensors.decide import RUN_BYTES, HotRun, Launch, Outcome, segments_of

INTAKE_OP: Final = "intake"
# Halving 64 segments to one bad one takes some 20 runs, every other of them.
_RUNS_LOOKED_AT: Final = 100

_ENDED: Final = {
    DagsterRunStatus.SUCCESS: Outcome.SUCCEEDED,
    DagsterRunStatus.FAILURE: Outcome.FAILED,
    DagsterRunStatus.CANCELED: Outcome.CANCELED,
}


def latest_hot_runs(instance: DagsterInstance) -> list[HotRun]:
    """List the latest runs of the hot job, newest first."""
    records = instance.get_run_records(RunsFilter(job_name=HOT_JOB), limit=_RUNS_LOOKED_AT)
    return [_hot_run(record.dagster_run, record.end_time) for record in records]


def run_config(launch: Launch) -> dict[str, Any]:
    """Config of the run a decision asks for."""
    config = {"max_bytes": RUN_BYTES, "only": list(launch.only), "set_aside": list(launch.set_aside)}
    return {"ops": {INTAKE_OP: {"config": config}}, "loggers": QUIET}


def pushed_run_tags(launch: Launch, partition_key: str) -> dict[str, str]:
    """Tags of a run started beside the sensor, under its run key: the sensor will not start it again."""
    return {PARTITION_NAME_TAG: partition_key, SENSOR_NAME_TAG: PENDING_SEGMENTS, RUN_KEY_TAG: launch.run_key}


def today() -> str:
    """Partition key of the hot run: the UTC day."""
    return datetime.now(UTC).date().isoformat()


def _hot_run(run: DagsterRun, ended: float | None) -> HotRun:
    first, last = segments_of(run.tags.get(RUN_KEY_TAG, ""))
    return HotRun(
        run_id=run.run_id,
        outcome=_outcome(run.status, run.tags),
        first=first,
        last=last,
        ended_at=None if ended is None else datetime.fromtimestamp(ended, UTC),
    )


def _outcome(status: DagsterRunStatus, tags: Mapping[str, str]) -> Outcome:
    outcome = _ENDED.get(status, Outcome.IN_FLIGHT)
    if outcome is Outcome.FAILED and tags.get(FAULT_TAG) == ENVIRONMENT_FAULT:
        return Outcome.UNLUCKY
    return outcome
