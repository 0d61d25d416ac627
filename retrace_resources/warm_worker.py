"""The line to the warm worker: a process of `retrace up` that has everything imported and runs hot runs as they come.

A fresh process pays a second of imports a run; the worker pays them once. It listens on a Unix socket in a private
folder with a short name (DAGSTER_HOME may be longer than a socket's address can be) and notes where in DAGSTER_HOME.

Belongs here: both ends of the line, and their messages. Does not: executing a run (the supervisor's worker) or who
hands runs over (dagster_lanes).
"""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol

_ADDRESS_FILE: Final = "warm_worker.json"
# A worker answers in a millisecond; one that does not is stopped or drowning, and a process of its own is faster.
_ANSWER_SECONDS: Final = 1.0
_CALLS_WAITING: Final = 16
_LONGEST_LINE: Final = 1024
_YES: Final = "yes"
_NO: Final = "no"
_GO: Final = "go"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a worker listens, and which process it is."""

    pid: int
    socket: str


def worker_address(dagster_home: Path) -> Address | None:
    """Where the worker of this DAGSTER_HOME says it listens; None when there is none."""
    try:
        return Address(**json.loads((dagster_home / _ADDRESS_FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def forget_worker(dagster_home: Path) -> None:
    """Drop the note of a worker that was killed."""
    (dagster_home / _ADDRESS_FILE).unlink(missing_ok=True)


def hand_over(address: Address, run_id: str) -> bool:
    """Give the worker a run; False when nobody answers or it is busy, and then it will not run it."""
    with suppress(OSError), _call(address) as line:
        if _ask(line, f"run {run_id}") == _YES:
            # Without this word the worker drops the run: an answer that came too late must not run it twice.
            _say(line, _GO)
            return True
    return False


def cancel(address: Address, run_id: str) -> bool:
    """Interrupt a run; False when the worker is not running it."""
    with suppress(OSError), _call(address) as line:
        return _ask(line, f"cancel {run_id}") == _YES
    return False


class Runner(Protocol):
    """What the worker does with a call."""

    def reserve(self, run_id: str) -> bool:
        """Hold a place for a run; False when there is none."""

    def start(self, run_id: str) -> None:
        """Run what was reserved."""

    def release(self, run_id: str) -> None:
        """Give the place back: nobody wants the run done here any more."""

    def cancel(self, run_id: str) -> bool:
        """Interrupt a run; False when it is not running here."""


class Switchboard:
    """The worker's end: takes calls one after another."""

    def __init__(self, dagster_home: Path) -> None:
        """Listen in a folder that only this user can enter, and write down where."""
        self._dagster_home = dagster_home
        self._folder = Path(tempfile.mkdtemp(prefix="retrace-"))
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._folder / "worker"))
        self._socket.listen(_CALLS_WAITING)
        _note(dagster_home / _ADDRESS_FILE, Address(os.getpid(), str(self._folder / "worker")))

    def serve(self, runner: Runner) -> None:
        """Take calls until closed."""
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line, suppress(OSError):
                line.settimeout(_ANSWER_SECONDS)
                _take_call(line, runner)

    def close(self) -> None:
        """Stop listening and forget the address."""
        forget_worker(self._dagster_home)
        with suppress(OSError):
            # Wakes the thread that waits for calls.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _take_call(line: socket.socket, runner: Runner) -> None:
    verb, _, run_id = _hear(line).partition(" ")
    if verb == "cancel":
        _say(line, _YES if runner.cancel(run_id) else _NO)
    elif verb != "run" or not runner.reserve(run_id):
        _say(line, _NO)
    elif _is_wanted_still(line):
        runner.start(run_id)
    else:
        runner.release(run_id)


def _is_wanted_still(line: socket.socket) -> bool:
    with suppress(OSError):
        return _ask(line, _YES) == _GO
    return False


@contextmanager
def _call(address: Address) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_ANSWER_SECONDS)
        line.connect(address.socket)
        yield line


def _ask(line: socket.socket, words: str) -> str:
    _say(line, words)
    return _hear(line)


def _say(line: socket.socket, words: str) -> None:
    line.sendall(f"{words}\n".encode())


def _hear(line: socket.socket) -> str:
    """A line of words; empty at the end of the call. Raises `TimeoutError`."""
    heard = b""
    while not heard.endswith(b"\n") and len(heard) < _LONGEST_LINE:
        part = line.recv(_LONGEST_LINE)
        if not part:
            return ""
        heard += part
    return heard.decode("utf-8", "replace").strip()


def _note(path: Path, address: Address) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(address)))
    draft.rename(path)
