"""The door's processes: starting, stopping, dying, sharing; each test has a door of its own."""

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

if TYPE_CHECKING:
    from tests.retrace_app.http.ingest.conftest import Door, OpenDoor

pytestmark = pytest.mark.slow

IDLE_RSS_BYTES = 100_000_000


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopped_door_answers_what_is_in_flight_and_exits_with_0(open_door: "OpenDoor", how: signal.Signals) -> None:
    with open_door() as door:
        body = json.dumps(door.batch("in flight")).encode()
        with socket.create_connection(("127.0.0.1", door.port)) as slow, ThreadPoolExecutor(1) as pool:
            slow.settimeout(10)
            slow.sendall(door.head(f"content-length: {len(body)}") + body[:10])
            time.sleep(0.2)
            stopping = pool.submit(door.stop, how)
            time.sleep(0.3)
            slow.sendall(body[10:])
            assert slow.recv(100).startswith(b"HTTP/1.1 202")
            assert stopping.result() == (0, "")
        assert [row["session_id"] for row in door.rows()] == ["in flight"]
        assert list(door.landing.directory.glob("*.open")) == []


def test_interrupt_from_the_terminal_reaches_every_process_and_is_no_failure(open_door: "OpenDoor") -> None:
    with open_door() as door:
        door.post(door.batch("interrupted"))
        for worker in door.workers:
            worker.send_signal(signal.SIGINT)
        assert door.stop(signal.SIGINT) == (0, "")
        assert len(door.rows()) == 1


def test_idle_keep_alive_connection_does_not_hold_up_the_end(open_door: "OpenDoor") -> None:
    with open_door() as door, socket.create_connection(("127.0.0.1", door.port)) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nhost: door\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        assert door.stop() == (0, "")
        assert time.monotonic() - started < 5


def test_second_door_on_a_port_is_refused_by_name(door: "Door", open_door: "OpenDoor") -> None:
    with pytest.raises(AssertionError, match="port_in_use"), open_door(port=door.port):
        pass


def test_address_that_is_not_ours_is_refused_by_name(open_door: "OpenDoor") -> None:
    with pytest.raises(AssertionError, match="config_invalid"), open_door(host="203.0.113.7"):
        pass


def test_home_with_something_else_for_a_store_is_refused_by_name(open_door: "OpenDoor", tmp_path: Path) -> None:
    with open_door() as door:
        door.stop()
        (tmp_path / "retrace.db").write_bytes(b"no database" * 1000)
        with pytest.raises(AssertionError, match="home_unusable"):
            door.start()


def test_worker_that_cannot_open_its_home_ends_the_door_with_a_reason(open_door: "OpenDoor", tmp_path: Path) -> None:
    with open_door(replay_limit=[600, 60]) as door:
        door.stop()
        (tmp_path / "rate_limits.bin").unlink()
        (tmp_path / "rate_limits.bin").mkdir()
        with pytest.raises(AssertionError, match=r"The door cannot open: .*rate_limits\.bin"):
            door.start()


def test_fault_of_ours_is_answered_logged_and_told_apart_by_its_trace_id(open_door: "OpenDoor", tmp_path: Path) -> None:
    with open_door() as door:
        (tmp_path / "landing").write_text("in the way of the folder")
        answer = door.post(door.batch("unlucky"))
        assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")
        assert str(tmp_path) not in answer.text
        (tmp_path / "landing").unlink()
        assert door.post(door.batch("unlucky")).json()["accepted"] is True
        exit_code, errors = door.stop()
        assert exit_code == 0
        assert answer.headers["x-retrace-trace-id"] in errors


def test_worker_is_small_while_idle(open_door: "OpenDoor") -> None:
    with open_door() as door:
        door.post(door.batch("one"))
        [worker] = door.workers
        assert worker.memory_info().rss < IDLE_RSS_BYTES


def test_killed_worker_is_replaced_and_its_rows_are_kept(open_door: "OpenDoor") -> None:
    with open_door() as door:
        door.post(door.batch("before"))
        [worker] = door.workers
        worker.kill()
        worker.wait()
        deadline = time.monotonic() + 15
        while not answers(door):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert door.post(door.batch("after")).status_code == 202
        assert {row["session_id"] for row in door.rows()} == {"before", "after"}


def answers(door: "Door") -> bool:
    """Whether somebody answers at the door."""
    door.reconnect()
    with suppress(httpx.TransportError):
        return door.client.get("/healthz").status_code == 200
    return False


def test_workers_end_when_the_main_process_is_killed_and_free_the_port(open_door: "OpenDoor") -> None:
    with open_door(workers=2) as door:
        door.post(door.batch("orphan"))
        workers = door.workers
        door.process.kill()
        _, alive = psutil.wait_procs(workers, timeout=15)
        assert alive == []
        door.process.communicate()
        assert list(door.landing.directory.glob("*.open")) == []
        door.reconnect()
        door.start()
        assert door.post(door.batch("next")).status_code == 202


def test_worker_still_starting_ends_when_the_main_process_is_killed(open_door: "OpenDoor") -> None:
    with open_door() as door:
        door.stop()
        door.launch()
        main = psutil.Process(door.process.pid)
        while not (workers := main.children()):
            time.sleep(0.005)
        main.kill()
        _, alive = psutil.wait_procs(workers, timeout=15)
        assert alive == []
        door.process.communicate()


def test_rate_limit_is_shared_by_workers_and_told_on_every_answer(open_door: "OpenDoor") -> None:
    with open_door(workers=2, replay_limit=[20, 3600]) as door:
        answers = []
        for number in range(25):
            answers.append(door.post(door.batch(f"s{number}")))
            door.reconnect()  # the next connection may meet the other worker
        statuses = [answer.status_code for answer in answers]
        assert statuses == [202] * 20 + [429] * 5
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers[:20]] == [
            str(n) for n in range(19, -1, -1)
        ]
        refused = answers[-1]
        reset = int(refused.headers["x-ratelimit-reset"])
        assert 0 < reset <= 3600
        assert refused.headers["retry-after"] == str(reset)
        assert refused.headers["x-ratelimit-limit"] == "20"
        assert refused.headers["x-ratelimit-window"] == "3600"
        body = refused.json()
        assert body.pop("message").endswith(".")
        assert body == {
            "error": "rate_limited",
            "limit": 20,
            "remaining": 0,
            "retry_after_seconds": reset,
            "window_seconds": 3600,
        }
        assert "x-ratelimit-limit" not in door.post(door.batch("x"), x_retrace_key="rtpk_wrong").headers
