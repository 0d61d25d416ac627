"""Runs of the hot job as the decision sees them, from a real instance."""

from collections.abc import Iterator

import pytest
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.storage.tags import RUN_KEY_TAG, SENSOR_NAME_TAG
from dagster._core.test_utils import create_run_for_test

from retrace_resources.dagster_names import ENVIRONMENT_FAULT, FAULT_TAG, HOT_JOB, PENDING_SEGMENTS
from retrace_sensors.decide import RUN_BYTES, Launch, Outcome
from retrace_sensors.hot_runs import latest_hot_runs, pushed_run_tags, run_config


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """An instance in memory."""
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (DagsterRunStatus.NOT_STARTED, Outcome.IN_FLIGHT),
        (DagsterRunStatus.STARTED, Outcome.IN_FLIGHT),
        (DagsterRunStatus.CANCELING, Outcome.IN_FLIGHT),
        (DagsterRunStatus.SUCCESS, Outcome.SUCCEEDED),
        (DagsterRunStatus.FAILURE, Outcome.FAILED),
        (DagsterRunStatus.CANCELED, Outcome.CANCELED),
    ],
)
def test_outcome_of_a_run_follows_from_its_status(
    instance: DagsterInstance, status: DagsterRunStatus, outcome: Outcome
) -> None:
    create_run_for_test(instance, job_name=HOT_JOB, status=status)

    assert [run.outcome for run in latest_hot_runs(instance)] == [outcome]


def test_a_run_the_machine_failed_is_unlucky(instance: DagsterInstance) -> None:
    tags = {FAULT_TAG: ENVIRONMENT_FAULT}
    create_run_for_test(instance, job_name=HOT_JOB, status=DagsterRunStatus.FAILURE, tags=tags)

    assert latest_hot_runs(instance)[0].outcome is Outcome.UNLUCKY


def test_runs_are_listed_newest_first_with_the_segments_of_their_keys(instance: DagsterInstance) -> None:
    for key in ("a..b#0", "idle-1", "c..d#2"):
        create_run_for_test(instance, job_name=HOT_JOB, tags={RUN_KEY_TAG: key})

    assert [(run.first, run.last) for run in latest_hot_runs(instance)] == [("c", "d"), ("", ""), ("a", "b")]


def test_runs_of_other_jobs_are_not_listed(instance: DagsterInstance) -> None:
    create_run_for_test(instance, job_name="upkeep_job")

    assert latest_hot_runs(instance) == []


def test_a_pushed_run_carries_what_the_sensor_looks_for() -> None:
    """Dagster skips a run request whose key a run of the same sensor has."""
    tags = pushed_run_tags(Launch("a..b#0", "a", "b"), "2026-03-10")

    assert tags[RUN_KEY_TAG] == "a..b#0"
    assert tags[SENSOR_NAME_TAG] == PENDING_SEGMENTS


def test_config_of_a_run_names_the_segments_of_a_narrowed_decision() -> None:
    config = run_config(Launch("a..b#1", "a", "b", only=("a", "b"), set_aside=("a",)))

    assert config["ops"]["intake"]["config"] == {"max_bytes": RUN_BYTES, "only": ["a", "b"], "set_aside": ["a"]}
