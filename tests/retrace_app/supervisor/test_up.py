"""`retrace up` with all its processes: it starts, heals, and leaves nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from dagster import DagsterInstance

from retrace_app.actions.pipeline import process_pending
from retrace_app.supervisor import lease
from retrace_resources.dagster_graphql import DagsterGraphql
from retrace_resources.dagster_instance import open_instance
from retrace_resources.lake import Lake
from retrace_resources.settings import load_settings
from retrace_resources.state import StateStore
from retrace_resources.warm_worker import worker_address
from retrace_sensors.decide import Outcome
from retrace_sensors.hot_runs import latest_hot_runs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
# Several interpreters that import Dagster, on a machine that may be busy with other tests.
START_SECONDS = 90.0


@dataclass
class Up:
    """A running `retrace up`."""

    home: Path
    process: "subprocess.Popen[str]"
    door_port: int
    dagster_port: int

    def said(self) -> str:
        """What it told a person."""
        return (self.home / "up.txt").read_text()

    def family(self) -> list[psutil.Process]:
        """Its processes, all the way down."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def member(self, words: str) -> psutil.Process:
        """The child whose command line has these words."""
        return next(each for each in psutil.Process(self.process.pid).children() if words in " ".join(each.cmdline()))


@contextmanager
def up(home: Path, *flags: str, door_port: int | None = None) -> Iterator[Up]:
    """Start `retrace up`, and make sure that nothing of it is left."""
    ports = door_port or free_port(), free_port()
    command = [sys.executable, "-m", "retrace_app.cli", "up", "--port", str(ports[0]), "--dagster-port", str(ports[1])]
    environment = {**os.environ, "RETRACE_HOME": str(home), "COLUMNS": "200"}
    environment.pop("DAGSTER_HOME", None)
    with (home / "up.txt").open("w") as said:
        process = subprocess.Popen([*command, *flags], cwd=ROOT, env=environment, stderr=said, text=True)
    running = Up(home, process, *ports)
    family: list[psutil.Process] = []
    try:
        wait_until(lambda: "Dagster " in running.said() or process.poll() is not None, START_SECONDS)
        family = running.family() if process.poll() is None else []
        yield running
    finally:
        if process.poll() is None:
            family += running.family()
            process.terminate()
        process.wait(20)
        for each in family:
            if each.is_running():
                each.kill()


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait for something to hold."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def meet_an_error(running: Up, secret: str, word: str) -> None:
    """Post a visit in which the page printed an error."""
    now = int(time.time() * 1000)
    url = "https://shop.test/cart"
    error = {"plugin": "retrace/console@1", "payload": {"level": "error", "payload": [f"no {word}"], "url": url}}
    events = [
        {"type": 4, "timestamp": now, "data": {"href": url, "width": 800, "height": 600}},
        {"type": 6, "timestamp": now + 1, "data": error},
    ]
    batch = {"sessionId": word, "windowId": "w", "sequence": 0, "flushType": "final", "events": events}
    address = f"http://127.0.0.1:{running.door_port}/api/sdk/replay"
    answer = httpx.post(address, content=json.dumps(batch), headers={"x-retrace-key": secret})
    assert answer.status_code == 202, answer.text


def is_an_incident(lake: Lake, word: str) -> bool:
    """Whether the queue has the error."""
    return bool(lake.query("SELECT count(*) FROM incidents WHERE contains(evidence, ?)", [f"no {word}"]).item())


@pytest.fixture
def secret(home: Path) -> str:
    """The secret of an SDK key of the home."""
    with StateStore.open(home) as store:
        return store.create_sdk_key(store.ensure_workspace("o", "p", "e"), "test")[1]


_DISTINCT_BATCHES = "SELECT count(DISTINCT (session_id, window_id, sequence)) FROM replay_batches"


def test_a_visit_becomes_an_incident_and_whatever_dies_comes_back(home: Path, secret: str) -> None:
    with up(home) as running, Lake(home) as lake:
        meet_an_error(running, secret, "bread")
        wait_until(lambda: is_an_incident(lake, "bread"), 30)

        worker = running.member("supervisor.worker")
        worker.kill()
        meet_an_error(running, secret, "butter")
        wait_until(lambda: is_an_incident(lake, "butter"), 60)
        wait_until(lambda: "the warm worker ended with -9; it starts again" in running.said(), 10)
        wait_until(lambda: (found := worker_address(home / "dagster")) is not None and found.pid != worker.pid, 60)

        running.member("api grpc").kill()
        wait_until(lambda: "the code server ended with -9" in running.said(), 10)
        meet_an_error(running, secret, "jam")
        wait_until(lambda: is_an_incident(lake, "jam"), 60)

        running.member("ingest.serve").kill()
        wait_until(lambda: "the door ended with -9" in running.said(), 10)
        wait_until(lambda: is_listening(running.door_port), 30)
        meet_an_error(running, secret, "honey")
        wait_until(lambda: is_an_incident(lake, "honey"), 60)

        # Push and sensor may both start a run when they look at once; what landed is taken in once all the same.
        taken_in = lake.query("SELECT count(*), count(DISTINCT segment) FROM segments").row(0)
        assert taken_in[0] == taken_in[1]
        assert lake.query("SELECT count(*) FROM replay_batches").item() == lake.query(_DISTINCT_BATCHES).item()


def test_a_run_that_is_cancelled_in_the_ui_ends_and_its_segments_are_taken_in_by_the_next(
    home: Path, secret: str
) -> None:
    with (
        up(home) as running,
        Lake(home) as lake,
        DagsterGraphql(f"http://127.0.0.1:{running.dagster_port}") as dagster,
    ):
        with lake.transaction(), open_instance(home) as instance:
            # The hot run waits for the writers' turn, which is ours.
            meet_an_error(running, secret, "thyme")
            wait_until(lambda: bool(in_flight(instance)), 30)
            run_id = in_flight(instance)[0]
            wait_until(lambda: dagster.status(run_id) == "STARTED", 30)
            terminate(running, run_id)
            assert dagster.wait(run_id, 30) == "CANCELED"

        wait_until(lambda: is_an_incident(lake, "thyme"), 60)


def in_flight(instance: DagsterInstance) -> list[str]:
    """Hot runs that have not ended."""
    return [run.run_id for run in latest_hot_runs(instance) if run.outcome is Outcome.IN_FLIGHT]


def terminate(running: Up, run_id: str) -> None:
    """Cancel a run as Dagster's UI does."""
    query = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"
    address = f"http://127.0.0.1:{running.dagster_port}/graphql"
    answer = httpx.post(address, json={"query": query, "variables": {"id": run_id}}, timeout=30).json()
    assert answer["data"]["terminateRun"]["__typename"] == "TerminateRunSuccess", answer


def test_a_verb_that_computes_goes_through_the_running_dagster(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRACE_HOME", str(home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with up(home), open_instance(home) as instance:
        (run_id,) = process_pending(load_settings()).run_ids

        run = instance.get_run_by_id(run_id)
        assert run is not None
        # What Dagster's UI needs to offer running it again.
        assert run.remote_job_origin is not None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_a_few_seconds(home: Path, number: signal.Signals) -> None:
    with up(home) as running:
        family = running.family()
        assert len(family) >= 6
        assert lease.current(home) is not None

        started = time.monotonic()
        running.process.send_signal(number)
        assert running.process.wait(20) == 0

        assert time.monotonic() - started < 10
        assert [each for each in family if each.is_running()] == []
        assert running.said().rstrip().endswith("Stopped.")
        assert lease.current(home) is None
        assert worker_address(home / "dagster") is None


def test_nothing_is_left_when_the_supervisor_is_killed_and_the_next_one_heals(home: Path, secret: str) -> None:
    with up(home) as running:
        family = running.family()
        meet_an_error(running, secret, "salt")
        running.process.kill()
        running.process.wait()
        _, left = psutil.wait_procs(family, timeout=20)
        assert left == []

    with up(home, door_port=running.door_port), Lake(home) as lake:
        wait_until(lambda: is_an_incident(lake, "salt"), 60)


def test_without_push_the_sensor_does_it(home: Path, secret: str) -> None:
    with up(home, "--no-push") as running, Lake(home) as lake:
        meet_an_error(running, secret, "pepper")
        wait_until(lambda: is_an_incident(lake, "pepper"), 60)


def test_a_port_in_use_is_a_refusal_that_names_the_flag(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with up(home, door_port=other.getsockname()[1]) as running:
            assert running.process.wait(30) == 1

    assert "error[port_in_use]" in running.said()
    assert "--port" in running.said()
    assert lease.current(home) is None


def test_a_second_one_on_the_same_home_is_refused(home: Path) -> None:
    held = lease.Lease(4711, "http://127.0.0.1:1", "http://127.0.0.1:1")
    with lease.held(home, held), up(home) as running:
        assert running.process.wait(30) == 1

    assert "error[already_running]: process 4711 runs" in running.said()


def is_listening(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
