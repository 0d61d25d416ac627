"""SDK keys: how one is made, and how one that came with a request is recognised in microseconds.

Belongs here: the form of a key and the memory of those seen. Does not: who may mint or revoke (the actions).
"""

import hashlib
import secrets
import sqlite3
import string
import threading
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Engine, PoolProxiedConnection

from retrace_core.ids import public_id

# 43 characters of 62 are 256 bits. Word characters only: Sentry SDKs accept nothing else in a DSN.
_PREFIX = "rtpk_"
_ALPHABET = string.ascii_letters + string.digits
_CHARACTERS = 43
# Enough of each end to recognise a key by, far too little to guess it from.
_SHOWN_PREFIX = len(_PREFIX) + 4
_SHOWN_SUFFIX = 4
# Keys remembered between two changes of the file, known and unknown alike; at some 300 bytes each, a few megabytes.
_REMEMBERED = 10_000

_FIND = "SELECT id, project_id, environment_id FROM sdk_keys WHERE key_hash = ? AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class SdkKey:
    """A valid SDK key, and the workspace it writes to."""

    id: str
    project_id: str
    environment_id: str


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A new key: the secret, which is shown once, and what is kept of it."""

    secret: str
    id: str
    key_hash: str
    prefix: str
    last4: str


def mint() -> MintedKey:
    """Make a key nobody can guess; its id is the hash of its hash."""
    secret = _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
    key_hash = hash_of(secret)
    return MintedKey(secret, public_id("key_", key_hash), key_hash, secret[:_SHOWN_PREFIX], secret[-_SHOWN_SUFFIX:])


def hash_of(token: str) -> str:
    """SHA-256 in hex; no salt, since 256 random bits need none and a look-up must find it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class KeyMemory:
    """The keys that came with requests, remembered until any process changes the file.

    `PRAGMA data_version` tells, on a connection that is kept, whether another connection has committed since; it costs
    a look at shared memory. Tokens are remembered by their hash, and what is unknown is forgotten with the rest.
    """

    def __init__(self, engine: Engine) -> None:
        """Connect at the first look-up: most programs never make one."""
        self._engine = engine
        self._lock = threading.Lock()
        self._held: PoolProxiedConnection | None = None
        self._version = -1
        self._seen: dict[str, SdkKey | None] = {}

    def find(self, token: str) -> SdkKey | None:
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
                row = connection.execute(_FIND, (key_hash,)).fetchone()
                self._seen[key_hash] = SdkKey(*row) if row else None
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
