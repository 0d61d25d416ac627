"""The reader's process as the door sees it: started at the first question, and again when it has died.

One reader answers for all workers of a door: whoever finds nobody listening starts it, under a lock. It ends by itself
when the door's main process is gone. Belongs here: that process and its socket. Does not: talking to it (`reads.py`),
or what it does (`retrace_app/http/read`, which the door never imports).
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from retrace_core.errors import ErrorCode, RetraceError

START_SECONDS: Final = 20.0
"""For a reader to listen: it imports for a second, on a busy machine for many."""

_MODULE: Final = "retrace_app.http.read.serve"
_SOCKET: Final = "reader"
_LOCK: Final = "lock"
# What the system takes as a socket's address, without its closing zero: 108 on Linux, 104 on macOS.
_LONGEST_ADDRESS: Final = 103
_LOOK_SECONDS: Final = 0.01
# After a start that failed: the next may as well, and each costs a second of the processor.
_PAUSE_SECONDS: Final = 2.0


class Place(msgspec.Struct, frozen=True):
    """Which reader: its home and configuration, the folder of its socket, the main process of its door."""

    home: str
    config: str | None
    folder: str
    door_pid: int

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(Path(self.folder) / _SOCKET)


def make_folder() -> str:
    """Make the folder of a door's socket, which only its user can enter, with a name short enough for an address."""
    folder = tempfile.mkdtemp(prefix="retrace-")
    if len(os.fsencode(f"{folder}/{_SOCKET}")) > _LONGEST_ADDRESS:
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="retrace-", dir="/tmp")
    return folder


def remove_folder(folder: str) -> None:
    """Remove it with what is in it; twice is once."""
    shutil.rmtree(folder, ignore_errors=True)


class Reader:
    """A door's reader, as one of its workers keeps it; for one thread at a time."""

    def __init__(self, place: Place) -> None:
        """Remember where; nothing is started."""
        self.place = place
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_until = 0.0

    def ensure(self) -> None:
        """Wait until it listens, starting it when nobody does; raises `reads_unavailable`."""
        if time.monotonic() < self._pause_until:
            raise RetraceError(ErrorCode.READS_UNAVAILABLE)
        with (Path(self.place.folder) / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._listens():
                self._start()

    def _start(self) -> None:
        self._forget()
        options = {
            "home": self.place.home,
            "config": self.place.config,
            "socket": self.place.socket,
            "door_pid": self.place.door_pid,
        }
        # A session of its own: Ctrl-C is for the door, with which the reader ends.
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, msgspec.json.encode(options).decode()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                self._forget()
                self._pause_until = time.monotonic() + _PAUSE_SECONDS
                raise RetraceError(ErrorCode.READS_UNAVAILABLE)
            time.sleep(_LOOK_SECONDS)

    def _forget(self) -> None:
        """End what this worker has started before: nobody could reach it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_PAUSE_SECONDS)
            probe.connect(self.place.socket)
            return True
        return False
