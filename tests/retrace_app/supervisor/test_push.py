"""The push launches under the sensor's rule, and rests when the sensor does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorType, SensorInstigatorData
from dagster._core.test_utils import create_run_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from retrace_app.supervisor.push import Push, is_sensor_stopped
from retrace_resources.dagster_graphql import DagsterGraphql
from retrace_resources.dagster_instance import open_instance
from retrace_resources.dagster_names import HOT_JOB, PENDING_SEGMENTS
from retrace_resources.landing import Landing
from tests.landing_rows import land, meta, post

LAUNCHED = {"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r-1"}}}}


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """The instance of the home."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(home) as instance:
        yield instance


@pytest.fixture
def launches() -> list[dict[str, Any]]:
    """What was launched."""
    return []


@pytest.fixture
def push(home: Path, instance: DagsterInstance, launches: list[dict[str, Any]]) -> Iterator[Push]:
    """A push towards a webserver that launches everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            launches.append(asked["variables"]["params"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(LAUNCHED).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with DagsterGraphql(f"http://127.0.0.1:{server.server_port}") as dagster:
        yield Push(Landing(home), instance, dagster, lambda _: None)
    server.shutdown()
    thread.join()
    server.server_close()


def set_sensor(instance: DagsterInstance, status: InstigatorStatus) -> None:
    """Switch the sensor as Dagster's UI does."""
    target = LoadableTargetOrigin(module_name="retrace_definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name="retrace")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), PENDING_SEGMENTS)
    instance.add_instigator_state(InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData()))


def test_nothing_is_launched_when_nothing_landed(push: Push, launches: list[dict[str, Any]]) -> None:
    assert push.look() is None
    assert launches == []


def test_what_landed_is_launched_under_the_sensors_run_key(
    push: Push, launches: list[dict[str, Any]], home: Path
) -> None:
    land(home, [post([meta(0)])])
    name = Landing(home).pending()[0].name

    assert push.look() == "r-1"
    tags = {tag["key"]: tag["value"] for tag in launches[0]["executionMetadata"]["tags"]}
    assert launches[0]["selector"]["jobName"] == HOT_JOB
    assert tags["dagster/run_key"] == f"{name}..{name}#0"
    assert tags["dagster/sensor_name"] == PENDING_SEGMENTS


def test_nothing_is_launched_beside_a_run_in_flight(push: Push, instance: DagsterInstance, home: Path) -> None:
    land(home, [post([meta(0)])])
    create_run_for_test(instance, job_name=HOT_JOB, status=DagsterRunStatus.STARTED)

    assert push.look() is None


def test_the_push_rests_while_the_sensor_is_stopped(
    push: Push, instance: DagsterInstance, home: Path, launches: list[dict[str, Any]]
) -> None:
    land(home, [post([meta(0)])])
    set_sensor(instance, InstigatorStatus.STOPPED)

    assert is_sensor_stopped(instance)
    assert push.look() is None
    assert launches == []


def test_a_sensor_that_runs_or_was_never_touched_is_not_stopped(instance: DagsterInstance) -> None:
    assert not is_sensor_stopped(instance)

    set_sensor(instance, InstigatorStatus.RUNNING)

    assert not is_sensor_stopped(instance)
