"""Who runs a home: one `retrace up` at a time, and where its Dagster answers.

Belongs here: taking and reading the lease. Does not: what is started under it.
"""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from retrace_core.errors import ErrorCode, RetraceError

_LOCK: Final = "up.lock"
_NOTE: Final = "up.json"
# Readers hold the lock for microseconds; whoever holds it longer is another `retrace up`.
_PATIENCE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Lease:
    """A running `retrace up`: its process and the addresses it serves."""

    pid: int
    door_url: str
    dagster_url: str


@contextmanager
def held(home: Path, lease: Lease) -> Iterator[None]:
    """Hold the home for a block; the lock dies with the process. Raises `already_running`."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / _LOCK).open("w") as lock:
        _take(lock.fileno(), home)
        _note(home, lease)
        try:
            yield
        finally:
            (home / _NOTE).unlink(missing_ok=True)


def current(home: Path) -> Lease | None:
    """The `retrace up` that runs this home now, if any."""
    try:
        with (home / _LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _noted(home)


def _take(descriptor: int, home: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                other = _noted(home)
                who = f"process {other.pid}" if other else "another process"
                raise RetraceError(ErrorCode.ALREADY_RUNNING, f"{who} runs {home}", hint="stop it first") from None
            time.sleep(0.05)


def _note(home: Path, lease: Lease) -> None:
    draft = home / f"{_NOTE}.new"
    draft.write_text(json.dumps(asdict(lease)))
    draft.rename(home / _NOTE)


def _noted(home: Path) -> Lease | None:
    try:
        return Lease(**json.loads((home / _NOTE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
