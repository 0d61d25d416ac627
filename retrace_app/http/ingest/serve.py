"""Running the door: a main process that only watches, and workers that each own a socket, a loop and a segment.

Belongs here: processes, signals, the listening address. Does not: what a request means (`app.py`).

Workers begin as copies of the main process, so that one is a fresh interpreter which loads next to nothing, whoever
called `serve`: `python -m retrace_app.http.ingest.serve <options in JSON>`.
"""

import errno
import os
import resource
import signal
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from retrace_app.http.ingest.reader import Place, make_folder, remove_folder
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import BODY_SECONDS, HEADER_SECONDS, MAX_CONNECTIONS

if TYPE_CHECKING:
    from retrace_app.http.ingest.app import App

_BACKLOG: Final = 2_048
_STOP_SECONDS: Final = 20
"""For requests in flight when the door is told to stop: longer than `BODY_SECONDS`."""

_LOGGING: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"_granian": {"level": "WARNING", "handlers": [], "propagate": True}},
}
"""Faults only, and on stderr: a request is answered, not logged."""

_PARENT_CHECK_SECONDS: Final = 0.5
_SPARE_FILES: Final = 256
_SWITCH_SECONDS: Final = 0.001
"""How long the event loop may keep the interpreter from the thread that has just made rows durable; Python's 5 ms
would be most of a batch's way through the door."""


class Options(msgspec.Struct, frozen=True):
    """What the main process is told."""

    home: str
    host: str
    port: int
    workers: int
    replay_limit: tuple[int, int] | None
    config: str | None
    header_seconds: float
    body_seconds: float


def serve(
    home: Path,
    host: str,
    port: int,
    workers: int = 1,
    *,
    replay_limit: tuple[int, int] | None,
    config: Path | None = None,
    header_seconds: float = HEADER_SECONDS,
    body_seconds: float = BODY_SECONDS,
) -> NoReturn:
    """Become the door: this process serves until SIGTERM or SIGINT, finishes what is in flight and exits with 0.

    A key may post `replay_limit` times, so many requests in so many seconds; None is no limit. `config` is the
    file a person named, for what runs on behalf of questions. Raises `port_in_use`, `config_invalid` for
    an address that cannot be had, or what makes the home unusable, while there is still someone to tell.
    """
    from retrace_resources.state import StateStore  # noqa: PLC0415 - the main process must not load it

    address = _free_address(host, port)
    StateStore.open(home).close()
    options = Options(
        home=str(home.absolute()),
        host=address,
        port=port,
        workers=workers,
        replay_limit=replay_limit,
        config=str(config.absolute()) if config else None,
        header_seconds=header_seconds,
        body_seconds=body_seconds,
    )
    arguments = [sys.executable, "-m", __spec__.name, msgspec.json.encode(options).decode()]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter, with an argument list


def _free_address(host: str, port: int) -> str:
    """The address to listen on; workers share it, so a second door there would not be refused by the system."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        where = f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            hint = "Stop it, or choose another port with --port."
            raise RetraceError(ErrorCode.PORT_IN_USE, where, hint) from None
        detail = f"cannot listen on {where}: {error.strerror}"
        raise RetraceError(ErrorCode.CONFIG_INVALID, detail, "Choose another --host or --port.") from None
    return str(address[0])


def _run(options: Options) -> None:
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 - for the main process and workers only
    from granian.http import HTTP1Settings  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    server = Server(
        "retrace",
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers,
        backlog=_BACKLOG,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=int(options.header_seconds * 1000)),
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    )
    reader = Place(options.home, options.config, make_folder(), os.getpid())
    try:
        server.serve(target_loader=partial(_start_worker, options, reader), wrap_loader=False)
    finally:
        remove_folder(reader.folder)


def _start_worker(options: Options, reader: Place) -> "App":
    # Inherited from the main process, the handler of SIGTERM would only tell this copy of it; until the worker's own is
    # in place there is nothing to finish.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches every process of the terminal's group; the main process is the one to tell workers.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, args=(reader,), daemon=True).start()
    sys.setswitchinterval(_SWITCH_SECONDS)
    _allow_files(MAX_CONNECTIONS + _SPARE_FILES)
    from retrace_app.http.ingest.app import create_app  # noqa: PLC0415 - workers only

    return create_app(Path(options.home), options.replay_limit, reader, body_seconds=options.body_seconds)


def _end_with_parent(reader: Place) -> None:
    """Stop like at SIGTERM when the main process was killed: nobody else would, and the port would stay taken."""
    while os.getppid() == reader.door_pid:
        time.sleep(_PARENT_CHECK_SECONDS)
    remove_folder(reader.folder)
    os.kill(os.getpid(), signal.SIGTERM)


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


if __name__ == "__main__":
    _run(msgspec.json.decode(sys.argv[1], type=Options))
