"""Handing a run to the warm worker: it is run once, or not there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from retrace_resources.warm_worker import Switchboard, cancel, hand_over, worker_address


class Desk:
    """A worker that only remembers what it was told."""

    def __init__(self) -> None:
        self.is_free = True
        self.started: list[str] = []
        self.released: list[str] = []
        self.done = threading.Event()

    def reserve(self, run_id: str) -> bool:
        return self.is_free

    def start(self, run_id: str) -> None:
        self.started.append(run_id)
        self.done.set()

    def release(self, run_id: str) -> None:
        self.released.append(run_id)
        self.done.set()

    def cancel(self, run_id: str) -> bool:
        return run_id in self.started


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that takes calls."""
    desk, switchboard = Desk(), Switchboard(tmp_path)
    threading.Thread(target=switchboard.serve, args=(desk,), daemon=True).start()
    yield desk
    switchboard.close()


def calling(dagster_home: Path) -> socket.socket:
    """A line to the desk, to say on it what no launcher says."""
    address = worker_address(dagster_home)
    assert address is not None
    line = socket.socket(socket.AF_UNIX)
    line.connect(address.socket)
    return line


def test_a_run_is_handed_over_when_the_worker_is_free(desk: Desk, tmp_path: Path) -> None:
    address = worker_address(tmp_path)

    assert address is not None
    assert hand_over(address, "run-1")
    assert desk.done.wait(5)
    assert desk.started == ["run-1"]


def test_a_run_is_not_handed_over_when_the_worker_is_busy(desk: Desk, tmp_path: Path) -> None:
    desk.is_free = False
    address = worker_address(tmp_path)

    assert address is not None
    assert not hand_over(address, "run-1")
    assert desk.started == []


def test_a_run_is_dropped_when_its_launcher_is_gone_before_the_go(desk: Desk, tmp_path: Path) -> None:
    """The launcher then starts a process of its own: the run must not be executed twice."""
    with calling(tmp_path) as line:
        line.sendall(b"run run-1\n")
        assert line.recv(16) == b"yes\n"

    assert desk.done.wait(5)
    assert (desk.started, desk.released) == ([], ["run-1"])


def test_a_call_that_makes_no_sense_does_not_end_the_worker(desk: Desk, tmp_path: Path) -> None:
    for nonsense in (b"", b"\n", b"run", b"\xff\n", b"sing run-1\n", b"x" * 5000):
        with calling(tmp_path) as line, suppress(OSError):
            line.sendall(nonsense)
    address = worker_address(tmp_path)

    assert address is not None
    assert hand_over(address, "run-1")
    assert desk.done.wait(5)
    assert desk.started == ["run-1"]


def test_only_the_run_at_hand_is_cancelled(desk: Desk, tmp_path: Path) -> None:
    address = worker_address(tmp_path)
    assert address is not None
    hand_over(address, "run-1")
    assert desk.done.wait(5)

    assert cancel(address, "run-1")
    assert not cancel(address, "run-2")


def test_nobody_is_called_when_the_worker_was_killed(desk: Desk, tmp_path: Path) -> None:
    address = worker_address(tmp_path)
    assert address is not None
    Path(address.socket).unlink()

    assert not hand_over(address, "run-1")


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}'])
def test_a_note_that_cannot_be_read_is_no_worker(tmp_path: Path, note: str) -> None:
    (tmp_path / "warm_worker.json").write_text(note)

    assert worker_address(tmp_path) is None
