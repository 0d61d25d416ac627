"""An ASGI application on loopback, for the length of a block.

Belongs here: binding, starting and stopping a small server inside this process. Does not: what it serves.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from retrace_core.errors import ErrorCode, RetraceError

_HOST = "127.0.0.1"

# A browser may keep a request open for as long as it lives.
_SHUTDOWN_S = 2


@contextmanager
def serving(application: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve from a thread while the block runs; yields the address, such as `http://127.0.0.1:8790`.

    Port 0 takes a free one. Raises PORT_IN_USE.
    """
    listener = _listen(port)
    config = uvicorn.Config(
        application,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="loopback-server", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://{_HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        listener.close()
        raise RetraceError(ErrorCode.PORT_IN_USE, f"Port {port}: {error.strerror}.") from error
    return listener
