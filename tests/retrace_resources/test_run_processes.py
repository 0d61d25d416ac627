"""Which runs are dead: their process, and nothing else, decides."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from retrace_resources.run_processes import fail_dead_runs, is_running, note_process


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """An instance in memory."""
    with DagsterInstance.ephemeral() as instance:
        yield instance


def started(instance: DagsterInstance, pid: int | None) -> DagsterRun:
    """A run that has begun in a process."""
    run = create_run_for_test(instance, job_name="hot_job", status=DagsterRunStatus.STARTED)
    if pid is not None:
        note_process(instance, run, pid)
    return run


def ended_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_of_a_living_process_is_left_alone(instance: DagsterInstance) -> None:
    run = started(instance, os.getpid())

    assert is_running(instance, run) is True
    assert fail_dead_runs(instance) == []


def test_a_run_of_a_dead_process_is_failed(instance: DagsterInstance) -> None:
    run = started(instance, ended_pid())

    assert fail_dead_runs(instance) == [run.run_id]
    failed = instance.get_run_by_id(run.run_id)
    assert failed is not None
    assert failed.status is DagsterRunStatus.FAILURE


def test_a_run_that_named_no_process_yet_is_given_time(instance: DagsterInstance) -> None:
    run = started(instance, None)

    assert is_running(instance, run) is None
    assert fail_dead_runs(instance) == []


def test_the_latest_process_of_a_run_counts(instance: DagsterInstance) -> None:
    """A worker that did not take the run is followed by a process of its own."""
    run = started(instance, ended_pid())
    note_process(instance, run, os.getpid())

    assert is_running(instance, run) is True


def test_a_younger_process_under_the_same_id_is_another_one(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with monkeypatch.context() as earlier:
            earlier.setattr("time.time", lambda: 1_000_000.0)
            run = started(instance, process.pid)

        assert is_running(instance, run) is False
        process.communicate(b"\n")


def test_ended_runs_are_not_touched(instance: DagsterInstance) -> None:
    create_run_for_test(instance, job_name="hot_job", status=DagsterRunStatus.SUCCESS)

    assert fail_dead_runs(instance) == []
