"""A real door on a free loopback port, and clients that behave and misbehave."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from retrace_resources.landing import Landing, Segment, UnreadableSegment
from retrace_resources.state import StateStore, Workspace

REPOSITORY = Path(__file__).parents[4]
START_SECONDS = 20
STOP_SECONDS = 30

_SERVE = """
import json, sys
from pathlib import Path
from retrace_core.errors import RetraceError
from retrace_app.http.ingest.serve import serve
try:
    serve(Path(sys.argv[1]), **json.loads(sys.argv[2]))
except RetraceError as refusal:
    sys.exit(refusal.code.value)
"""


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still holds anything; a dead one may wait for its parent to notice."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Door:
    """A running door: its process, its home, a valid key."""

    def __init__(self, home: Path, **options: Any) -> None:
        """Start it and wait until it answers."""
        self.home = home
        self.landing = Landing(home)
        with StateStore.open(home) as store:
            self.workspace: Workspace = store.ensure_workspace("Test", "Shop", "production")
            self.sdk_key, self.key = store.create_sdk_key(self.workspace, "door test")
        self.port = free_port()
        self.options = {"host": "127.0.0.1", "port": self.port, "replay_limit": None, **options}
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=20)
        self.start()

    def start(self) -> None:
        """Start the process, anew or again, on the same home and port."""
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(httpx.TransportError):
                self.client.get("/healthz")
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                self.client.close()
                raise AssertionError(f"the door did not start: {self.process.communicate()[1]}")
            time.sleep(0.02)

    def launch(self) -> None:
        """Start the process and do not wait."""
        arguments = [sys.executable, "-c", _SERVE, str(self.home), json.dumps(self.options)]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY)

    def reconnect(self) -> None:
        """Let the next request use a new connection."""
        self.client.close()
        self.client = httpx.Client(base_url=self.url, timeout=20)

    @property
    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        return psutil.Process(self.process.pid).children()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it by a signal; its exit code and what it wrote to stderr."""
        self.reconnect()
        self.process.send_signal(how)
        errors = self.process.communicate(timeout=STOP_SECONDS)[1]
        return self.process.returncode, errors

    def kill(self) -> None:
        """End every process of it as a power cut would."""
        processes = [psutil.Process(self.process.pid), *self.workers]
        for process in processes:
            process.kill()
        self.process.communicate(timeout=STOP_SECONDS)
        while any(map(is_alive, processes)):
            time.sleep(0.005)
        self.reconnect()

    @staticmethod
    def batch(session: str, sequence: int = 0, **more: Any) -> dict[str, Any]:
        """A small valid post."""
        events = [{"type": 3, "timestamp": 1_760_000_000_000 + number, "data": {}} for number in range(3)]
        return {"sessionId": session, "sequence": sequence, "events": events, **more}

    def post(self, body: Any = None, *, content: bytes | None = None, **headers: str) -> httpx.Response:
        """Post a batch as JSON, or bytes as they are, with the valid key."""
        data = content if content is not None else json.dumps(body).encode()
        names = {"x-retrace-key": self.key, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post("/api/sdk/replay", content=data, headers=names)

    def head(self, *lines: str, path: str = "/api/sdk/replay") -> bytes:
        """The head of a raw POST with the valid key."""
        every = [f"POST {path} HTTP/1.1", "host: door", f"x-retrace-key: {self.key}", *lines, "", ""]
        return "\r\n".join(every).encode()

    def raw(self, *parts: bytes, then: Iterable[bytes] = (), half_close: bool = False, seconds: float = 15) -> bytes:
        """Write everything before reading anything, then read until the door closes or `seconds` pass."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.settimeout(seconds)
            with suppress(ConnectionError):
                for part in chain(parts, then):
                    connection.sendall(part)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            received = b""
            with suppress(TimeoutError, ConnectionError):
                while chunk := connection.recv(65536):
                    received += chunk
            return received

    def rows(self) -> list[dict[str, Any]]:
        """All rows on the disk, those in the open segment too."""
        while True:
            paths = sorted(self.landing.directory.glob("*.arrow*"))
            # A segment that is closed meanwhile has another name.
            with suppress(UnreadableSegment, FileNotFoundError):
                parts = [Segment(path.name, path, 0) for path in paths]
                return [row for part in parts for batch in part.read() for row in batch.to_pylist()]


@contextmanager
def _running(home: Path, **options: Any) -> Iterator[Door]:
    door = Door(home, **options)
    try:
        yield door
    finally:
        if door.process.poll() is None:
            door.stop()
        door.client.close()


OpenDoor = Callable[..., AbstractContextManager[Door]]


@pytest.fixture
def open_door(tmp_path: Path) -> OpenDoor:
    """Start a door of one's own on a fresh home."""

    def start(**options: Any) -> AbstractContextManager[Door]:
        return _running(tmp_path, **options)

    return start


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One door for all tests that do not end it, impatient with slow clients."""
    with _running(tmp_path_factory.mktemp("door"), header_seconds=1.5, body_seconds=1.5) as running:
        yield running
