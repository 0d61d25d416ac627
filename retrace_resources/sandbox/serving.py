"""An app in a sandbox, reached by a browser outside of it.

The sandbox has no network: a listening Unix socket is handed in, a forwarder inside joins it to the app's port, and one
outside joins it to a port of this machine. The browser's socket never enters: a TCP socket, listening or accepted, can
be disconnected inside and then connect to anything on this machine.

Belongs here: the two ends, and knowing when the app answers. Does not: bytes (forwarder), what is done with the app.
"""

import re
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.redaction import redact_text
from retrace_resources.app_process import READY_SECONDS, last_line
from retrace_resources.sandbox.border import through
from retrace_resources.sandbox.confinement import Confinement
from retrace_resources.sandbox.forwarder import forwarding, unix_socket
from retrace_resources.sandbox.limits import Limits
from retrace_resources.sandbox.processes import Running, started
from retrace_resources.sandbox.run import shell

_LOOK_SECONDS: Final = 0.1
_ASK_SECONDS: Final = 2.0
_HEAD_BYTES: Final = 1_024
_LOOPBACK: Final = "127.0.0.1"
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")


@contextmanager
def serving(
    command: str,
    confinement: Confinement,
    limits: Limits,
    log: Path,
    *,
    port: int = 0,
    path: str = "/",
    variables: Mapping[str, str] = MappingProxyType({}),
    ready_seconds: float = READY_SECONDS,
) -> Iterator[str]:
    """Run an app while the block runs, once it answers below 500 at `path`; yields where it is reached from outside.

    `{port}` in the command and the variable PORT say where it shall listen: at `port`, or at one that is free. Outside
    it has the same port where that is free. Raises `app_not_started`, or `sandbox_unavailable`; nothing of it is left.
    """
    with _listener(port) as outside:
        reached = int(outside.getsockname()[1])
        inside = port or reached
        environment = {**confinement.environment, **variables, "PORT": str(inside)}
        app = _App(
            command=shell(command.replace("{port}", str(inside))),
            confinement=replace(confinement, environment=environment),
            limits=limits,
            log=log,
        )
        if confinement.is_confined:
            runs = _confined(app, outside, inside)
        elif reached == inside:
            # Nothing lies between: the app takes the port itself.
            outside.close()
            runs = started(app.command, app.confinement, limits, log)
        else:
            said = f"something listens at port {port} already, and would be tested in its place"
            raise RetraceError(ErrorCode.APP_NOT_STARTED, said, hint="stop it, or let {port} be any")
        with runs as running:
            if why := _why_not(running, reached, path, ready_seconds):
                said = f"`{redact_text(command)}`: {why}: {last_line(log)}"
                raise RetraceError(ErrorCode.APP_NOT_STARTED, said, hint=f"its output is in {log}")
            yield f"http://{_LOOPBACK}:{reached}"


class _App(NamedTuple):
    command: list[str]
    confinement: Confinement
    limits: Limits
    log: Path


@contextmanager
def _confined(app: _App, outside: socket.socket, port: int) -> Iterator[Running]:
    """Run an app whose port is reached through `outside`."""
    with tempfile.TemporaryDirectory(prefix="retrace-app-") as folder, socket.socket(socket.AF_UNIX) as border:
        address = f"{folder}/app.sock"
        border.bind(address)
        border.listen()
        command = through(app.confinement, ("serve", str(border.fileno()), str(port)), app.command)
        handed = (border.fileno(),)
        with started(command, app.confinement, app.limits, app.log, handed=handed) as running:
            # From here on only the app's end is open: connections are refused when it is gone.
            border.close()
            with forwarding(outside, unix_socket(address)):
                yield running


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError:
        return socket.create_server((_LOOPBACK, 0))


def _why_not(running: Running, port: int, path: str, ready_seconds: float) -> str:
    """Wait until an app answers; why it does not, else nothing."""
    until = time.monotonic() + ready_seconds
    status = None
    while time.monotonic() < until:
        if outcome := running.outcome:
            return outcome.detail or f"it ended with {outcome.exit_code}"
        status = _status(port, path)
        if status is not None and status < 500:
            return ""
        time.sleep(_LOOK_SECONDS)
    return f"it answers {status} after {ready_seconds:.0f} s" if status else f"no answer in {ready_seconds:.0f} s"


def _status(port: int, path: str) -> int | None:
    """What an app answers: it may be made to answer for ever, so no more than the first line is waited for."""
    until = time.monotonic() + _ASK_SECONDS
    head = b""
    request = f"GET {path} HTTP/1.1\r\nHost: {_LOOPBACK}:{port}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    with suppress(OSError), socket.create_connection((_LOOPBACK, port), _ASK_SECONDS) as connection:
        connection.sendall(request.encode())
        while b"\n" not in head and len(head) < _HEAD_BYTES and (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            chunk = connection.recv(_HEAD_BYTES)
            if not chunk:
                break
            head += chunk
    found = _STATUS.match(head)
    return int(found[1]) if found else None
