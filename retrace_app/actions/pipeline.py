"""The pipeline: taking in what has landed, and telling Dagster of what was computed beside it.

A verb that computes goes through the Dagster of `retrace up` when that runs, so that its run can be followed and run
again there, and is executed here otherwise, on the same instance: one place decides. Belongs here: running jobs to
their end. Does not: what they compute (retrace_assets), or when they run by themselves (retrace_sensors).
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dagster import AssetKey, AssetMaterialization, DagsterEventType, DagsterInstance
from dagster._core.storage.tags import PARTITION_NAME_TAG

from retrace_app.supervisor import lease
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import INCIDENTS, REJECTED, REPLAY_BATCHES, REPLAY_EVENTS, REPLAYS
from retrace_definitions import build_defs
from retrace_resources.dagster_graphql import DagsterGraphql
from retrace_resources.dagster_instance import open_instance
from retrace_resources.dagster_names import HOT_JOB
from retrace_resources.dagster_resources import default_resources
from retrace_resources.landing import Landing
from retrace_resources.run_processes import fail_dead_runs
from retrace_resources.settings import Settings
from retrace_sensors.decide import WAITS, Launch, Outcome, PendingSegment, decide
from retrace_sensors.hot_runs import latest_hot_runs, pushed_run_tags, run_config, today

# A run takes in 64 MiB of segments in some seconds; one that takes this long has stopped.
_RUN_SECONDS: Final = 1800.0
_LOOK_SECONDS: Final = 0.2

_HINT: Final = "`retrace up` shows the run and its events in Dagster's UI"
# Dagster's logging deadlocks when two threads of a process execute runs.
_ONE_AT_A_TIME: Final = threading.Lock()

# Executes a job to its end and returns the run's id.
RunJob = Callable[[str, Mapping[str, Any], Mapping[str, str]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """What was taken in and updated, over all runs so far; `pending` segments are left."""

    run_ids: Sequence[str] = field(default_factory=tuple)
    batches: int = 0
    events: int = 0
    rejected: int = 0
    sessions: int = 0
    incidents: int = 0
    pending: int = 0
    seconds: float = 0.0


def process_pending(
    settings: Settings,
    *,
    limit_sessions: int | None = None,
    on_progress: Callable[[Processed], None] = lambda _: None,
) -> Processed:
    """Run the hot job until nothing that landed is pending, or `limit_sessions` sessions have been updated.

    Runs at least once, so that idle sessions are closed and what a run left unfinished is finished. A limit is looked
    at between runs. Safe while `retrace up` runs, and beside another of its kind: runs follow one another. Raises
    `run_failed` when runs keep failing.
    """
    started = time.monotonic()
    landing = Landing(settings.home)
    done = Processed()
    with open_instance(settings.home) as instance, runner(settings, instance) as run_job:
        fail_dead_runs(instance)
        while launch := _next(landing, instance, is_first=not done.run_ids):
            run_id = run_job(HOT_JOB, run_config(launch), pushed_run_tags(launch, today()))
            done = _add(done, instance, run_id, len(landing.pending()), time.monotonic() - started)
            on_progress(done)
            if limit_sessions is not None and done.sessions >= limit_sessions:
                break
    return done


@contextmanager
def runner(settings: Settings, instance: DagsterInstance) -> Iterator[RunJob]:
    """Lend what executes a job to its end: the Dagster of `retrace up` if it answers, else this process."""
    running = lease.current(settings.home)
    if running is None:
        yield _in_process(settings, instance)
        return
    with DagsterGraphql(running.dagster_url) as dagster:
        yield _through(dagster) if dagster.answers() else _in_process(settings, instance)


def report_decision(settings: Settings, assets: Sequence[str], metadata: Mapping[str, Any]) -> None:
    """Tell Dagster that rows of these assets were rewritten outside a run, as a decision does; 6 ms each."""
    with open_instance(settings.home) as instance:
        for asset in assets:
            event = AssetMaterialization(AssetKey.from_user_string(asset), partition=today(), metadata=dict(metadata))
            instance.report_runless_asset_event(event)


def _through(dagster: DagsterGraphql) -> RunJob:
    def run_job(job: str, config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        run_id = dagster.launch(job, run_config=config, tags=tags)
        dagster.wait(run_id, _RUN_SECONDS)
        return run_id

    return run_job


def _in_process(settings: Settings, instance: DagsterInstance) -> RunJob:
    defs = build_defs(resource_overrides=default_resources(settings))

    def run_job(job: str, config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        with _ONE_AT_A_TIME:
            result = defs.resolve_job_def(job).execute_in_process(
                instance=instance, run_config=dict(config), tags=dict(tags), raise_on_error=False
            )
        return result.run_id

    return run_job


def _next(landing: Landing, instance: DagsterInstance, *, is_first: bool) -> Launch | None:
    """What to run next, once no other run is in flight; None when there is nothing left."""
    while True:
        pending = [PendingSegment(segment.name, segment.size_bytes) for segment in landing.pending()]
        runs = latest_hot_runs(instance)
        if not pending and not is_first and runs[0].outcome is Outcome.SUCCEEDED:
            return None
        # Who asks for a run wants it now, however many failed before; those that follow keep the rule's distance.
        moment = datetime.now(UTC) + (WAITS[-1] if is_first else timedelta())
        decision = decide(pending, runs, moment, idle_sessions=is_first)
        if isinstance(decision, Launch):
            return decision
        # The newest may have failed beside an older one that goes on.
        if not any(run.outcome is Outcome.IN_FLIGHT for run in runs):
            raise failure_of(instance, runs[0].run_id, decision.reason)
        # What we wait for may have died, or never have begun.
        fail_dead_runs(instance)
        time.sleep(_LOOK_SECONDS)


def failure_of(instance: DagsterInstance, run_id: str, reason: str) -> RetraceError:
    """The refusal that says why a run failed, in the words of its first step that did; else `reason`."""
    events = instance.all_logs(run_id, of_type={DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE})
    failure = next((entry.dagster_event for entry in events if entry.dagster_event), None)
    why = _first_line(failure.step_failure_data.error) if failure and failure.is_step_failure else ""
    return RetraceError(ErrorCode.RUN_FAILED, f"run {run_id} failed: {why or reason}", hint=_HINT)


def _first_line(error: Any) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip().partition("\n")[0] if error else ""


def _add(done: Processed, instance: DagsterInstance, run_id: str, pending: int, seconds: float) -> Processed:
    rows = _rows_out(instance, run_id)
    return Processed(
        run_ids=(*done.run_ids, run_id),
        batches=done.batches + rows.get(REPLAY_BATCHES.name, 0),
        events=done.events + rows.get(REPLAY_EVENTS.name, 0),
        rejected=done.rejected + rows.get(REJECTED.name, 0),
        sessions=done.sessions + rows.get(REPLAYS.name, 0),
        incidents=done.incidents + rows.get(INCIDENTS.name, 0),
        pending=pending,
        seconds=round(seconds, 3),
    )


def _rows_out(instance: DagsterInstance, run_id: str) -> dict[str, int]:
    """Rows each table's materialisation says the run wrote, all days together."""
    run = instance.get_run_by_id(run_id)
    own_day = run.tags.get(PARTITION_NAME_TAG) if run else None
    rows: dict[str, int] = {}
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
        materialization = entry.asset_materialization
        # Other days a run touched are told with the same figures.
        if materialization is None or materialization.partition != own_day:
            continue
        written = materialization.metadata.get("rows out")
        if written is not None:
            rows[materialization.asset_key.to_user_string()] = int(str(written.value))
    return rows
