"""Carries bytes over a sandbox's border: from a socket that is handed in, or to one that is shown.

A program of its own inside the sandbox, so it needs the standard library alone and nothing of Retrace:

    forwarder.py serve DESCRIPTOR PORT COMMAND…   whoever connects to the Unix socket handed in reaches PORT in here
    forwarder.py reach PORT PATH COMMAND…         whoever connects to PORT in here reaches the Unix socket PATH

It ends with the command and its exit code; with `serve` it stays when the command ends well, for a command may start
an app in the background. Belongs here: bytes. Does not: what they say, who may listen (serving, model_proxy).
"""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Connect = Callable[[], socket.socket]

_CHUNK_BYTES = 65_536
_LOOK_SECONDS = 0.2
# `localhost` is either, and an app may listen on one only.
_LOOPBACK = ("127.0.0.1", "::1")


def port(number: int) -> Connect:
    """Connect to a port of this machine, or of this sandbox."""

    def connect() -> socket.socket:
        try:
            return socket.create_connection((_LOOPBACK[0], number))
        except OSError:
            return socket.create_connection((_LOOPBACK[1], number))

    return connect


def unix_socket(path: str) -> Connect:
    """Connect to a Unix socket."""

    def connect() -> socket.socket:
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(path)
        except OSError:
            far.close()
            raise
        return far

    return connect


@contextmanager
def forwarding(listener: socket.socket, connect: Connect) -> Iterator[None]:
    """Join whoever connects to `listener` to a connection of its own while the block runs; closes `listener`."""
    ended = threading.Event()
    thread = threading.Thread(target=_serve, args=(listener, connect, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _serve(listener: socket.socket, connect: Connect, ended: threading.Event) -> None:
    open_now: set[socket.socket] = set()
    listener.settimeout(_LOOK_SECONDS)
    with listener:
        while not ended.is_set():
            with suppress(OSError):
                near, _ = listener.accept()
                threading.Thread(target=_join, args=(near, connect, open_now), daemon=True).start()
    for each in list(open_now):
        _end(each)


def _join(near: socket.socket, connect: Connect, open_now: set[socket.socket]) -> None:
    with near, suppress(OSError), connect() as far:
        near.settimeout(None)
        far.settimeout(None)
        open_now |= {near, far}
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()
        open_now -= {near, far}


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Carry one direction; a side that is done with speaking may still listen, an error ends both."""
    try:
        while data := source.recv(_CHUNK_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _end(source)
        _end(target)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _main(direction: str, first: str, second: str, command: list[str]) -> int:
    if direction == "serve":
        listener, connect = socket.socket(fileno=int(first)), port(int(second))
    else:
        listener, connect = socket.create_server((_LOOPBACK[0], int(first))), unix_socket(second)
    with forwarding(listener, connect):
        code = subprocess.call(command)
        if direction == "serve" and code == 0:
            signal.pause()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
