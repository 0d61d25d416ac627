"""Keys and tokens that came with requests, recognised in microseconds, and the note of when a token was last used.

Belongs here: what is remembered between two changes of the file. Does not: the rows (`state_keys.py`).
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Generic, TypeVar, cast

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DatabaseError

from retrace_resources.state_keys import LAST_USED_GRAIN, hash_of, mark_used

# Remembered between two changes of the file, known and unknown alike; at some 300 bytes each, a few megabytes.
_REMEMBERED = 10_000

T = TypeVar("T")


class KeyMemory(Generic[T]):
    """The keys of one kind that came with requests, remembered until any process changes the file.

    `PRAGMA data_version` tells, on a connection that is kept, whether another connection has committed since; it costs
    a look at shared memory. Tokens are remembered by their hash, and what is unknown is forgotten with the rest.
    """

    def __init__(self, engine: Engine, look_up: Callable[[sqlite3.Connection, str], T | None]) -> None:
        """Connect at the first look-up: most programs never make one."""
        self._engine = engine
        self._look_up = look_up
        self._lock = threading.Lock()
        self._held: PoolProxiedConnection | None = None
        self._version = -1
        self._seen: dict[str, T | None] = {}

    def find(self, token: str) -> T | None:
        """The key, or None when it is unknown or revoked."""
        key_hash = hash_of(token)
        with self._lock:
            connection = self._connected()
            # Asked before the look-up: a change in between is seen by the next call.
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version or len(self._seen) >= _REMEMBERED:
                self._seen.clear()
                self._version = version
            if key_hash not in self._seen:
                self._seen[key_hash] = self._look_up(connection, key_hash)
            return self._seen[key_hash]

    def close(self) -> None:
        """Give the kept connection back."""
        with self._lock:
            if self._held is not None:
                self._held.close()
                self._held = None
            # Another connection counts for itself.
            self._version = -1

    def _connected(self) -> sqlite3.Connection:
        if self._held is None:
            self._held = self._engine.raw_connection()
        return cast(sqlite3.Connection, self._held.driver_connection)


class TokenUse:
    """Notes when tokens were last used: seldom, and in a thread of its own, so that no request waits for the disk."""

    def __init__(self, engine: Engine) -> None:
        """Start no thread yet: most programs never see a token."""
        self._engine = engine.execution_options(immediate=True)
        self._thread: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}

    def note(self, token_id: str) -> None:
        """Have it written down soon, unless this process did so less than a minute ago."""
        now = time.monotonic()
        with self._lock:
            if now - self._noted.get(token_id, float("-inf")) < LAST_USED_GRAIN.total_seconds():
                return
            self._noted[token_id] = now
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="token-use")
            self._thread.submit(self._write, token_id, datetime.now(UTC))

    def close(self) -> None:
        """Finish writing."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    def _write(self, token_id: str, at: datetime) -> None:
        # A full disk or a busy file costs this note and nothing else.
        with suppress(DatabaseError, OSError), self._engine.begin() as connection:
            mark_used(connection, token_id, at)
