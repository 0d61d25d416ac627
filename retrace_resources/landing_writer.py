"""Writing the landing: rows gather while a commit is in flight; one record batch and one `fdatasync` serve them all.

Belongs here: group commit, rotation, what happens when the disk is full. Does not: the layout of rows and files
(`landing.py`), who may send a row (the door).
"""

import asyncio
import itertools
import os
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import pyarrow as pa

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import COMMIT_BYTES, SEGMENT_BYTES, SEGMENT_SECONDS
from retrace_resources.landing import (
    NO_ROOM,
    OPEN_SUFFIX,
    REPLAY_SCHEMA,
    LandedRow,
    Landing,
    close_segment,
    make_directory,
    row_checksum,
    sync_directory,
    try_lock,
)

_SCHEMA_MESSAGE: Final = REPLAY_SCHEMA.serialize().to_pybytes()
_segment_numbers = itertools.count()


class _Waiting(NamedTuple):
    """A row on its way, and whom to tell when it is durable."""

    row: LandedRow
    crc32: int
    durable: asyncio.Future[None]


class LandingWriter:
    """Appends rows to segments of its own; one a process and event loop.

    A segment is closed once it holds `segment_bytes` or `segment_seconds` after its first row, traffic or not.
    """

    def __init__(
        self,
        landing: Landing,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
        commit_bytes: int = COMMIT_BYTES,
    ) -> None:
        """Prepare; folders and files are made at the first row."""
        self._directory = landing.directory
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._commit_bytes = commit_bytes
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="landing")
        self._gathering: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        # Touched by the thread while a job runs there, by the event loop only between jobs.
        self._segment: _OpenSegment | None = None

    async def __aenter__(self) -> Self:
        """Use the writer; it is closed at the end of the block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the writer."""
        await self.close()

    def append(self, row: LandedRow) -> asyncio.Future[None]:
        """Queue a row; awaiting the answer returns once the row is durable.

        Raises, then: `disk_full`, with nothing of the row kept, or the `OSError` that kept it from the disk.
        """
        if self._closing:
            raise RuntimeError("the landing writer is closed")
        loop = asyncio.get_running_loop()
        if self._task is None:
            self._task = loop.create_task(self._run())
        durable: asyncio.Future[None] = loop.create_future()
        # Here and not in the thread: zlib gives up the interpreter lock, and the thread would wait to get it back.
        self._gathering.append(_Waiting(row, row_checksum(row), durable))
        self._wake.set()
        return durable

    async def close(self) -> None:
        """Commit what has gathered and close the segment."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._gathering:
                await self._commit(self._take())
                await self._close_if_due()
            await self._close_if_due()
            if self._closing:
                return

    def _take(self) -> list[_Waiting]:
        taken = [self._gathering.popleft()]
        size = len(taken[0].row.body)
        while self._gathering and (size := size + len(self._gathering[0].row.body)) <= self._commit_bytes:
            taken.append(self._gathering.popleft())
        return taken

    async def _commit(self, taken: Sequence[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        was_open = self._segment
        try:
            await loop.run_in_executor(self._thread, self._write, taken)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may be left waiting
            for waiting in taken:
                if not waiting.durable.done():
                    waiting.durable.set_exception(_refusal(error))
            return
        for waiting in taken:
            if not waiting.durable.done():
                waiting.durable.set_result(None)
        if self._segment is not None and self._segment is not was_open:
            loop.call_later(self._segment_seconds, self._expire, self._segment)

    def _expire(self, segment: "_OpenSegment") -> None:
        segment.expired = True
        self._wake.set()

    async def _close_if_due(self) -> None:
        segment = self._segment
        if segment is None:
            return
        ending = self._closing and not self._gathering
        if ending or segment.expired or segment.whole_bytes >= self._segment_bytes:
            self._segment = None
            loop = asyncio.get_running_loop()
            # What it holds is durable already. If it cannot be closed now, the next adoption does it.
            with suppress(OSError):
                await loop.run_in_executor(self._thread, segment.close)

    def _write(self, taken: Sequence[_Waiting]) -> None:
        if self._segment is None:
            self._segment = _OpenSegment(self._directory)
        try:
            self._segment.commit(taken)
        except BaseException:
            # After a failed fdatasync the page cache may lie: never write behind it. Closing early also lets the
            # intake free the room this segment takes.
            failed, self._segment = self._segment, None
            with suppress(OSError):
                failed.close()
            raise


class _OpenSegment:
    """The file being written; blocking, for one thread at a time."""

    def __init__(self, directory: Path) -> None:
        make_directory(directory)
        self.whole_bytes = 0
        self.expired = False
        while True:
            self._path = directory / f"{time.time_ns():020d}-{os.getpid()}-{next(_segment_numbers)}{OPEN_SUFFIX}"
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            if try_lock(self._descriptor, self._path):
                return
            # Someone adopting took it for abandoned before it could be locked.
            os.close(self._descriptor)

    def commit(self, rows: Sequence[_Waiting]) -> None:
        """Append one record batch and make it durable; on failure `whole_bytes` still says what can be trusted."""
        message = _record_batch(rows).serialize()
        if self.whole_bytes:
            end = self._write(message, self.whole_bytes)
            os.fdatasync(self._descriptor)
        else:
            end = self._write(message, self._write(_SCHEMA_MESSAGE, 0))
            os.fdatasync(self._descriptor)
            sync_directory(self._path.parent)
        self.whole_bytes = end

    def close(self) -> None:
        """Turn the file into a closed segment, or remove it if it holds nothing."""
        try:
            close_segment(self._descriptor, self._path, self.whole_bytes)
        finally:
            os.close(self._descriptor)

    def _write(self, data: pa.Buffer | bytes, offset: int) -> int:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            offset += written
            view = view[written:]
        return offset


def _record_batch(rows: Sequence[_Waiting]) -> pa.RecordBatch:
    columns = [*zip(*(waiting.row for waiting in rows), strict=True), [waiting.crc32 for waiting in rows]]
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, REPLAY_SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=REPLAY_SCHEMA)


def _refusal(error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return RetraceError(ErrorCode.DISK_FULL, str(error), "Free some space; clients try again by themselves.")
    return error
