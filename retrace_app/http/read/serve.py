"""Running the reader: one process beside a door, on a Unix socket that only the door's user can reach.

Belongs here: the process, its socket, its end. Does not: what is answered (app), or starting it, which a worker of the
door does at its first question: `python -m retrace_app.http.read.serve <options in JSON>`.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
import psutil
import uvicorn

from retrace_app.http.read.app import create_app
from retrace_core.errors import RetraceError
from retrace_resources.state import StateStore

_DOOR_CHECK_SECONDS: Final = 0.5
_BACKLOG: Final = 512
_STOP_SECONDS: Final = 5


class Options(msgspec.Struct, frozen=True):
    """What the door tells: the home, its configuration, where to listen, and which process to end with."""

    home: str
    config: str | None
    socket: str
    door_pid: int


def main(options: Options) -> None:
    """Serve until SIGTERM, or until the door's main process is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    threading.Thread(target=_end_with_door, args=(options.door_pid,), daemon=True).start()
    home = Path(options.home)
    try:
        StateStore.open(home).close()
    except RetraceError as error:
        sys.exit(f"The reader cannot open: {error}")
    # What a reader that was killed has left.
    Path(options.socket).unlink(missing_ok=True)
    app = create_app(home, Path(options.config) if options.config else None)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    with socket.socket(socket.AF_UNIX) as bound:
        # It listens when the application has started: until then the door is refused, and knows that it is not ready.
        bound.bind(options.socket)
        uvicorn.Server(config).run(sockets=[bound])


def _end_with_door(door_pid: int) -> None:
    try:
        door = psutil.Process(door_pid)
        while door.is_running() and door.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_DOOR_CHECK_SECONDS)
    except psutil.NoSuchProcess:
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Options))
