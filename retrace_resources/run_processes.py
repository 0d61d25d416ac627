"""Which process executes a run, and failing the runs whose process is gone.

Every way a run can be executed reports its process id in the run's events. Belongs here: finding that process on this
machine. Does not: starting it.
"""

import time
from collections.abc import Iterator

import psutil
from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.events import EngineEventData
from dagster._core.storage.dagster_run import RunRecord

# From creating a run to the first word of its process: a loaded machine takes seconds. Failing one that is only slow
# costs a run and no rows: the lake's transactions exclude each other.
START_SECONDS = 30.0
# A process is older than its run's first word; clocks of the two are read in different ways.
_CLOCK_SLACK_SECONDS = 2.0

_UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def note_process(instance: DagsterInstance, run: DagsterRun, pid: int) -> None:
    """Say in a run's events which process it is handed to: it may die before it says so itself."""
    instance.report_engine_event(
        f"Handed to the warm worker (pid: {pid}).", run, EngineEventData.in_process(pid), run_id=run.run_id
    )


def is_running(instance: DagsterInstance, run: DagsterRun) -> bool | None:
    """Whether the process of an unfinished run is alive; None while it has not said which it is."""
    for pid, since in _processes(instance, run):
        try:
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE
            return alive and process.create_time() <= since + _CLOCK_SLACK_SECONDS
        except psutil.NoSuchProcess:
            return False
    return None


def dead_runs(instance: DagsterInstance) -> list[DagsterRun]:
    """List every run that a dead process left unfinished."""
    records = instance.get_run_records(RunsFilter(statuses=_UNFINISHED))
    return [record.dagster_run for record in records if _is_dead(instance, record)]


def fail_dead_runs(instance: DagsterInstance) -> list[str]:
    """Fail every run that a dead process left unfinished; returns their ids."""
    dead = dead_runs(instance)
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone.")
    return [run.run_id for run in dead]


def _is_dead(instance: DagsterInstance, record: RunRecord) -> bool:
    running = is_running(instance, record.dagster_run)
    if running is None:
        return time.time() - record.create_timestamp.timestamp() > START_SECONDS
    return not running


def _processes(instance: DagsterInstance, run: DagsterRun) -> Iterator[tuple[int, float]]:
    """Process ids a run was seen in, latest first, each with a time at which it was alive."""
    for entry in reversed(instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT)):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if pid is not None and str(pid.value).isdigit():
            yield int(str(pid.value)), entry.timestamp
