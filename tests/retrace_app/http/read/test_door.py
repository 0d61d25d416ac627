"""Questions through a real door: its reader starts at the first one, and neither outlives nor holds up the door."""

import gzip
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from retrace_resources.state import StateStore, Workspace
from tests.landing_rows import meta
from tests.retrace_app.http.read.conftest import mint

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[4]
SERVE = """
import sys
from pathlib import Path
from retrace_app.http.ingest.serve import serve
serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), int(sys.argv[3]), replay_limit=None)
"""


class Door:
    """A door on loopback: its processes, a key and a token."""

    def __init__(self, home: Path, workers: int) -> None:
        """Start it and wait until it answers."""
        with StateStore.open(home) as state:
            self.workspace: Workspace = state.ensure_workspace("Test", "Shop", "production")
            self.key = state.create_sdk_key(self.workspace, "page")[1]
            self.token = mint(state, self.workspace)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        arguments = [sys.executable, "-c", SERVE, str(home), self.url.rpartition(":")[2], str(workers)]
        self.process = subprocess.Popen(arguments, cwd=REPOSITORY)
        self.main = psutil.Process(self.process.pid)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                httpx.get(f"{self.url}/healthz")
                return
            time.sleep(0.02)
        raise AssertionError("the door did not start")

    def readers(self) -> list[psutil.Process]:
        """The readers its workers have started and that are alive."""
        found = []
        for process in self.main.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "retrace_app.http.read.serve" in process.cmdline():
                    found.append(process)
        return found

    def ask(self, path: str = "/api/replays", method: str = "GET", **more: Any) -> httpx.Response:
        """Ask on a connection of its own, which another worker may take than the one before."""
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        params = {"environment_id": self.workspace.environment_id}
        return httpx.request(method, self.url + path, params=params, headers=headers, timeout=60, **more)

    def record(self, sequence: int = 0) -> int:
        """Post a batch; the status of the answer."""
        batch = {"sessionId": "s1", "sequence": sequence, "events": [meta(0)], "flushType": "final"}
        body = gzip.compress(json.dumps(batch).encode())
        headers = {"x-retrace-key": self.key, "content-encoding": "gzip"}
        return httpx.post(f"{self.url}/api/sdk/replay", content=body, headers=headers).status_code


@contextmanager
def running_door(home: Path, workers: int = 1) -> Iterator[Door]:
    door = Door(home, workers)
    try:
        yield door
    finally:
        door.process.terminate()
        door.process.wait(30)


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("retrace-*/reader"))


def test_one_reader_for_all_workers_starts_at_the_first_question_and_ends_with_the_door(home: Path) -> None:
    with running_door(home, workers=2) as door:
        assert door.record() == 202
        assert door.ask("/nothing").status_code == 404
        assert door.ask(method="OPTIONS").status_code == 204
        assert door.readers() == []
        statuses = {door.ask().status_code for _ in range(12)}
        assert statuses == {200}
        [reader] = door.readers()
    _, alive = psutil.wait_procs([reader], timeout=10)
    assert alive == []


def test_killed_reader_is_missed_by_nobody_and_replaced_at_the_next_question(home: Path) -> None:
    with running_door(home) as door:
        assert door.ask().status_code == 200
        for sequence in range(2):
            [reader] = door.readers()
            reader.kill()
            assert door.record(sequence) == 202
            assert door.ask().status_code == 200
        [other] = door.readers()
        assert other.pid != reader.pid


def test_reader_ends_when_the_doors_main_process_is_killed(home: Path) -> None:
    with running_door(home) as door:
        before = folders()
        assert door.ask().status_code == 200
        [reader] = door.readers()
        assert before < folders()
        processes = door.main.children(recursive=True)
        door.process.kill()
        _, alive = psutil.wait_procs(processes, timeout=20)
        assert alive == []
        assert reader.pid in {process.pid for process in processes}
        assert folders() <= before


def test_silent_reader_is_answered_for_and_does_not_hold_up_ingest(home: Path) -> None:
    with running_door(home) as door:
        assert door.ask().status_code == 200
        [reader] = door.readers()
        reader.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{door.url}/api/metrics", headers={"authorization": f"Bearer {door.token}"}, timeout=0.5)
            assert door.record() == 202
        finally:
            reader.send_signal(signal.SIGCONT)
        assert door.ask().status_code == 200


def test_reader_that_cannot_start_is_answered_for_and_tried_again(home: Path) -> None:
    with running_door(home) as door:
        assert door.record() == 202
        database = home / "retrace.db"
        database.rename(home / "aside")
        database.write_bytes(b"no database" * 1_000)
        for _ in range(2):
            refused = door.ask()
            assert (refused.status_code, refused.json()["error"]) == (503, "reads_unavailable")
            assert int(refused.headers["retry-after"]) > 0
            assert str(home) not in refused.text
        assert door.record(1) == 202
        (home / "aside").rename(database)
        until = time.monotonic() + 20
        while door.ask().status_code == 503:
            assert time.monotonic() < until
            time.sleep(0.2)
        assert door.ask().status_code == 200


def test_answers_of_the_reader_look_like_the_doors_own(home: Path) -> None:
    with running_door(home) as door:
        for answer in (
            door.ask(),
            door.ask("/api/nothing"),
            door.ask(method="DELETE"),
            door.ask("/openapi.json"),
            door.ask(headers={"authorization": f"Bearer {door.key}"}),
        ):
            assert answer.headers["access-control-allow-origin"] == "*"
            assert len(answer.headers["x-retrace-trace-id"]) == 32
            assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"] == "unauthorized"
        assert door.ask(method="DELETE").headers["allow"]
        assert door.ask(method="HEAD").status_code == 200
        for body in (b"x" * 65_537, iter([b"x" * 40_000] * 2)):
            refused = door.ask("/api/replays/process", "POST", content=body)
            assert (refused.status_code, refused.json()["error"]) == (413, "body_too_large")


def test_what_landed_is_processed_on_demand_and_shown(home: Path) -> None:
    with running_door(home) as door:
        assert door.record() == 202
        time.sleep(1.2)  # a segment is closed a second after its first row
        done = door.ask("/api/replays/process", "POST", json={"limit": 25}).json()
        assert (done["sessions_processed"], done["jobs_seen"], done["jobs_failed"]) == (1, 1, 0)
        assert done["finished"] is True
        [session] = door.ask().json()["sessions"]
        assert session["session_id"] == "s1"
