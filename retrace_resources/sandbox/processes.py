"""A command while it runs: watched, and ended with all it has started when it goes over a limit.

Belongs here: what is watched, its output, the verdict. Does not: starting and ending processes (namespace, unconfined),
what the command is for (run, serving).
"""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal, NamedTuple

import psutil

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.app_process import last_line
from retrace_resources.sandbox.availability import HINT
from retrace_resources.sandbox.confinement import Confinement
from retrace_resources.sandbox.limits import Limits
from retrace_resources.sandbox.namespace import Namespace, start_confined
from retrace_resources.sandbox.unconfined import Unconfined, start_unconfined
from retrace_resources.sandbox.usage import disk_used, used_by

Reason = Literal["ended", "timed_out", "too_much_memory", "too_much_disk", "too_many_processes"]

_LOOK_SECONDS: Final = 0.1
_DISK_SECONDS: Final = 1.0
# A folder of many files takes long to sum up: looking at it may take one part in so many of the time.
_DISK_SHARE: Final = 20
# Deleted files and memory that no process maps show only in what the machine has left.
_LEFT_MEMORY_BYTES: Final = 256_000_000
_LEFT_DISK_BYTES: Final = 512_000_000
_PIPE_BYTES: Final = 65_536
# For the last output of a command whose child, unconfined, holds on to the pipe.
_OUTPUT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended: by itself with a code (128 and more for a signal), or for going over a limit.

    Without a code and a limit it was ended because nobody needed it any more.
    """

    reason: Reason
    exit_code: int | None
    seconds: float
    detail: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself and said that all is well."""
        return self.reason == "ended" and self.exit_code == 0


class Excess(NamedTuple):
    """The limit that was passed, and by how much in a sentence."""

    reason: Reason
    detail: str


class Running:
    """A command that runs."""

    def __init__(self, held: Namespace | Unconfined, watch: "_Watch", keeper: threading.Thread, log: Path) -> None:
        """Follow what `held` holds until it ends; `keeper` writes its output to `log`."""
        self._held = held
        self._watch = watch
        self._keeper = keeper
        self._log = log
        self._unneeded = threading.Event()
        self._future: Future[Outcome] = Future()
        threading.Thread(target=self._follow, daemon=True).start()

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, or None while it runs. Raises `sandbox_unavailable` when the sandbox could not be made."""
        return self._future.result() if self._future.done() else None

    def wait(self) -> Outcome:
        """How it ends; raises what `outcome` does."""
        return self._future.result()

    def stop(self) -> None:
        """End it now, with all it has started."""
        self._unneeded.set()
        self._future.exception()

    def _follow(self) -> None:
        try:
            self._future.set_result(self._ending())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the outcome gets it
            self._future.set_exception(error)

    def _ending(self) -> Outcome:
        excess = None
        try:
            while excess is None and self._held.process.poll() is None and not self._unneeded.wait(_LOOK_SECONDS):
                self._held.look()
                excess = self._watch.excess()
        finally:
            code = self._held.end()
            self._keeper.join(_OUTPUT_SECONDS)
        if not self._held.was_made:
            raise RetraceError(ErrorCode.SANDBOX_UNAVAILABLE, last_line(self._log), hint=HINT)
        if code == 128 + signal.SIGXFSZ:
            excess = self._watch.of_one_file()
        reason, detail = excess or ("ended", "")
        return Outcome(reason=reason, exit_code=None if excess else code, seconds=self._watch.seconds(), detail=detail)


class _Watch:
    """What a command has taken so far."""

    def __init__(self, root: psutil.Process, folder: Path, limits: Limits) -> None:
        self._root = root
        self._folder = folder
        self._limits = limits
        self._began = time.monotonic()
        self._look_at_disk = self._began
        self._free = _free(folder)
        # A machine that has little left at the start is none the command has filled.
        self._least_free = min(_LEFT_DISK_BYTES, self._free // 2)
        self._least_memory = min(_LEFT_MEMORY_BYTES, psutil.virtual_memory().available // 2)

    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self._began

    def excess(self) -> Excess | None:
        """The first limit that is passed now, if any."""
        return self._of_time() or self._of_processes() or self._of_disk()

    def of_one_file(self) -> Excess:
        """What the kernel held it to by itself."""
        return Excess("too_much_disk", f"a file of more than {_mb(self._limits.disk_bytes)}")

    def _of_time(self) -> Excess | None:
        most = self._limits.seconds
        return Excess("timed_out", f"it did not end within {most:,.0f} s") if self.seconds() > most else None

    def _of_processes(self) -> Excess | None:
        limits = self._limits
        memory, processes = used_by(self._root, limits.processes, limits.memory_bytes)
        if processes > limits.processes:
            return Excess("too_many_processes", f"{processes:,} processes and threads, {limits.processes:,} may be")
        if memory > limits.memory_bytes:
            return Excess("too_much_memory", f"{_mb(memory)} of memory, {_mb(limits.memory_bytes)} may be")
        if (left := psutil.virtual_memory().available) < self._least_memory:
            return Excess("too_much_memory", f"the machine has {_mb(left)} of memory left")
        return None

    def _of_disk(self) -> Excess | None:
        free = _free(self._folder)
        if free < self._least_free:
            return Excess("too_much_disk", f"the machine has {_mb(free)} of disk left")
        most = self._limits.disk_bytes
        began = time.monotonic()
        if began < self._look_at_disk and self._free - free < most // 2:
            return None
        used = disk_used(self._folder, most)
        took = time.monotonic() - began
        self._free, self._look_at_disk = free, began + max(_DISK_SECONDS, took * _DISK_SHARE)
        return Excess("too_much_disk", f"more than {_mb(most)} of disk") if used > most else None


@contextmanager
def started(
    command: Sequence[str],
    confinement: Confinement,
    limits: Limits,
    log: Path,
    *,
    stdin: bytes = b"",
    handed: Iterable[int] = (),
) -> Iterator[Running]:
    """Run a command while the block runs; nothing of it is left after. Raises `sandbox_unavailable`.

    `handed` are descriptors it gets. Its output goes to `log`, as far as its limits go.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    reader, writer = os.pipe()
    keeper = threading.Thread(target=_keep, args=(reader, log, limits.log_bytes), daemon=True)
    keeper.start()
    start = start_confined if confinement.is_confined else start_unconfined
    try:
        held = start(command, confinement, limits, writer, handed)
    finally:
        os.close(writer)
    threading.Thread(target=_feed, args=(held.process.stdin, stdin), daemon=True).start()
    running = Running(held, _Watch(held.root, confinement.copy, limits), keeper, log)
    try:
        yield running
    finally:
        running.stop()


def _keep(reader: int, log: Path, most: int) -> None:
    """Write what comes to a file, as far as it may; the rest is read and dropped, so that nobody waits."""
    with os.fdopen(reader, "rb", buffering=0) as pipe, open(log, "wb", opener=_private) as file:
        left = most
        while chunk := pipe.read(_PIPE_BYTES):
            file.write(chunk[:left])
            if 0 < left <= len(chunk):
                file.write(b"\n(the rest was not kept)\n")
            left = max(0, left - len(chunk))
            file.flush()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _feed(stdin: IO[bytes], content: bytes) -> None:
    # It may end without reading.
    with suppress(OSError), stdin:
        stdin.write(content)


def _free(folder: Path) -> int:
    # Who is not confined may have removed the copy itself.
    return shutil.disk_usage(folder if folder.exists() else tempfile.gettempdir()).free


def _mb(size: int) -> str:
    return f"{size // 1_000_000:,} MB"
