"""How runs start: the hot lane at once and in the warm worker, everything else in the queue and in its own process.

Named by dagster.yaml. Belongs here: the two classes Dagster loads. Does not: when the hot job is wanted
(retrace_sensors) or the worker itself (retrace_app.supervisor).
"""

from pathlib import Path

from dagster import DagsterRun
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster._core.storage.dagster_run import DagsterRunStatus

from retrace_resources.dagster_names import HOT_LANE, LANE_TAG
from retrace_resources.run_processes import is_running, note_process
from retrace_resources.warm_worker import Address, cancel, hand_over, worker_address


def is_hot(run: DagsterRun) -> bool:
    """Whether a run takes in what has landed, as opposed to rebuilding a day."""
    return run.tags.get(LANE_TAG) == HOT_LANE


class LanesRunCoordinator(QueuedRunCoordinator):
    """Launches hot runs at once; there is one at a time, so no backfill may stand before it."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Launch, or queue."""
        run = context.dagster_run
        if is_hot(run) and run.status == DagsterRunStatus.NOT_STARTED:
            return self._instance.launch_run(run.run_id, context.workspace)
        return super().submit_run(context)


class WarmRunLauncher(DefaultRunLauncher):
    """Hands hot runs to the warm worker; whatever it does not take gets a process of its own."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run."""
        run = context.dagster_run
        address = self._worker() if is_hot(run) else None
        if address is not None:
            note_process(self._instance, run, address.pid)
            if hand_over(address, run.run_id):
                return
        super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Cancel a run; False if there was nothing to cancel."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        address = self._worker() if is_hot(run) else None
        if address is not None:
            self._instance.report_run_canceling(run)
            if cancel(address, run_id):
                return True
        return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Let Dagster's run monitoring ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Say whether the process of a run is alive; what is not known counts as alive."""
        if is_running(self._instance, run) is False:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the process of this run is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def _worker(self) -> Address | None:
        return worker_address(Path(self._instance.root_directory))
