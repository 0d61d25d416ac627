"""How often a key may post: fixed windows, counted in one small file that all workers of a home share.

Belongs here: counting, and the file that holds the counts. Does not: which limit applies (`settings.py`), or how a
refusal is answered (the door).

The file is a table of sets of slots; an identity's hash says which set. A byte-range lock on the set makes the count
exact over processes and is released by the kernel if its holder dies. Old windows need no sweeping: their slots are
the first to be reused.
"""

import fcntl
import hashlib
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from retrace_resources.landing import make_directory

FILE_NAME: Final = "rate_limits.bin"

# Identity, start of the window in epoch seconds, requests counted in it.
_SLOT: Final = struct.Struct("<16sqq")
_SLOTS_A_SET: Final = 8
_SET_BYTES: Final = _SLOT.size * _SLOTS_A_SET
# Room for 8,192 keys within a window, in 256 KiB; where a set overflows, its least used key is forgiven.
_SETS: Final = 1_024


class Allowance(NamedTuple):
    """The answer to one request, and what the client may expect next."""

    granted: bool
    limit: int
    remaining: int
    reset_seconds: int
    window_seconds: int


class RateLimiter:
    """Counts the requests of each identity in one bucket; one a process, not for several threads."""

    def __init__(self, home: Path, bucket: str, requests: int, window_seconds: int) -> None:
        """Open the home's file of counts, made where needed; raises `OSError` when it cannot be."""
        self._bucket = bucket
        self._requests = requests
        self._window_seconds = window_seconds
        make_directory(home)
        self._descriptor = os.open(home / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with self._locked(0, 0):
            missing = _SETS * _SET_BYTES - os.fstat(self._descriptor).st_size
            if missing > 0:
                # Filled and not left sparse: counting needs no new blocks, so it goes on when the disk is full.
                os.pwrite(self._descriptor, bytes(missing), _SETS * _SET_BYTES - missing)

    def close(self) -> None:
        """Close the file; the counts stay."""
        os.close(self._descriptor)

    def take(self, identity: str, now: float) -> Allowance:
        """Count one request at `now` (epoch seconds), unless the window's limit is reached."""
        requests, window_seconds = self._requests, self._window_seconds
        window_start = int(now // window_seconds) * window_seconds
        name = hashlib.sha256(f"{self._bucket}\x1f{identity}".encode()).digest()[:16]
        offset = int.from_bytes(name[:4], "little") % _SETS * _SET_BYTES
        with self._locked(offset, _SET_BYTES):
            slots = list(_SLOT.iter_unpack(os.pread(self._descriptor, _SET_BYTES, offset)))
            position = _position(slots, name)
            known, counted_in, counted = slots[position]
            used = counted if known == name and counted_in == window_start else 0
            granted = used < requests
            if granted:
                used += 1
                # A copy-on-write file system may have no room even for this; then nothing else is taken either.
                with suppress(OSError):
                    slot = _SLOT.pack(name, window_start, used)
                    os.pwrite(self._descriptor, slot, offset + position * _SLOT.size)
        reset_seconds = max(1, math.ceil(window_start + window_seconds - now))
        return Allowance(granted, requests, max(0, requests - used), reset_seconds, window_seconds)

    @contextmanager
    def _locked(self, offset: int, size: int) -> Iterator[None]:
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, size, offset)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, size, offset)


def _position(slots: list[tuple[bytes, int, int]], name: bytes) -> int:
    """The slot of `name`, or else the one to reuse: of the oldest window, there the least used."""
    for position, slot in enumerate(slots):
        if slot[0] == name:
            return position
    return min(range(len(slots)), key=lambda position: slots[position][1:])
