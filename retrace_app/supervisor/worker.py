"""The warm worker: everything imported, one run after another, until it is told to stop.

Belongs here: executing runs that were handed over. Does not: the line they come over (retrace_resources.warm_worker).
"""

import importlib
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue

import psutil
from dagster import DagsterInstance
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.origin import JobPythonOrigin
from dagster._grpc.impl import core_execute_run
from dagster._utils.hosted_user_process import recon_job_from_origin
from dagster._utils.interrupts import capture_interrupts

from retrace_resources.dagster_names import DEFINITIONS
from retrace_resources.warm_worker import Switchboard

# The supervisor starts a fresh one when this one ends: what a library leaks is gone with it.
_RUNS = 2_000
_MEMORY_BYTES = 1_500 * 2**20


class WarmWorker:
    """Takes one run at a time; calls come on another thread than the one that runs."""

    def __init__(self, instance: DagsterInstance) -> None:
        """Begin idle."""
        self._instance = instance
        self._parent = os.getppid()
        # Signals are handled on the thread that may hold it.
        self._lock = threading.RLock()
        self._run_id: str | None = None
        self._stopping = False
        self._runs_done = 0
        # None ends the work.
        self._runs: SimpleQueue[str | None] = SimpleQueue()

    def reserve(self, run_id: str) -> bool:
        """Hold the place for a run, if it is free."""
        with self._lock:
            if self._run_id is not None or self._stopping:
                return False
            self._run_id = run_id
            return True

    def start(self, run_id: str) -> None:
        """Run what was reserved."""
        self._runs.put(run_id)

    def release(self, run_id: str) -> None:
        """Give the place back."""
        with self._lock:
            if self._run_id == run_id:
                self._run_id = None
            if self._stopping:
                self._runs.put(None)

    def cancel(self, run_id: str) -> bool:
        """Interrupt a run, if it is this one."""
        with self._lock:
            if self._run_id != run_id:
                return False
            # Dagster turns an interrupt of the running thread into a cancelled run.
            os.kill(os.getpid(), signal.SIGINT)
            return True

    def stop(self) -> None:
        """Take nothing more; end after the run at hand."""
        with self._lock:
            self._stopping = True
            if self._run_id is None:
                self._runs.put(None)

    def work(self) -> None:
        """Run what comes until told to stop, or until it is time for a fresh process."""
        while (run_id := self._runs.get()) is not None:
            try:
                execute(self._instance, run_id)
            finally:
                self.release(run_id)
            self._runs_done += 1
            if self._is_worn_out():
                self.stop()

    def _is_worn_out(self) -> bool:
        # Dagster swallows signals that come during a run, also the one that says the supervisor is gone.
        orphaned = os.getppid() != self._parent
        return orphaned or self._runs_done >= _RUNS or psutil.Process().memory_info().rss > _MEMORY_BYTES


def execute(instance: DagsterInstance, run_id: str) -> None:
    """Execute a launched run as a process of its own would; what it raises is in the run's events already."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished or run.job_code_origin is None:
        return
    with capture_interrupts():
        try:
            for _ in core_execute_run(_job(run.job_code_origin), run, instance, inject_env_vars=False):
                pass
        except BaseException as error:  # noqa: BLE001 - Dagster has recorded it, and the next run must not suffer
            sys.stderr.write(f"run {run_id} ended with {type(error).__name__}\n")


def _job(origin: JobPythonOrigin) -> ReconstructableJob:
    return recon_job_from_origin(origin)


def main() -> None:
    """Run until told to stop."""
    importlib.import_module(DEFINITIONS)
    with DagsterInstance.get() as instance:
        worker = WarmWorker(instance)
        signal.signal(signal.SIGUSR1, lambda *_: worker.stop())
        switchboard = Switchboard(Path(instance.root_directory))
        try:
            threading.Thread(target=switchboard.serve, args=(worker,), daemon=True).start()
            worker.work()
        finally:
            switchboard.close()


if __name__ == "__main__":
    main()
