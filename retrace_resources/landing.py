"""The landing: bytes as they came in, on disk before anyone is told 202, until the lake holds what follows from them.

A segment is an Arrow IPC stream file, `<epoch ns, 20 digits>-<pid>-<n>.arrow`, with `.open` behind it while it is
written. Its writer holds it by `flock`, which dies with the process: whoever finds an open segment free cuts it back
to its last whole record batch and closes it. Arrow does not notice flipped bits, so each row carries a checksum.

Belongs here: the layout of a row, finding, reading, adopting and removing segments. Does not: writing
(`landing_writer.py`), what the bytes mean (intake).
"""

import errno
import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from retrace_core.errors import ErrorCode, RetraceError

FORMAT_VERSION: Final = 1
_VERSION_KEY: Final = b"retrace.landing"

REPLAY_SCHEMA: Final = pa.schema(
    [
        pa.field("received_at", pa.timestamp("us"), nullable=False),
        pa.field("project_id", pa.string(), nullable=False),
        pa.field("environment_id", pa.string(), nullable=False),
        pa.field("key_id", pa.string(), nullable=False),
        pa.field("session_id", pa.string(), nullable=False),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("encoding", pa.string(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
        pa.field("crc32", pa.uint32(), nullable=False),
    ],
    metadata={_VERSION_KEY: str(FORMAT_VERSION).encode()},
)
INTACT: Final = pa.field("intact", pa.bool_(), nullable=False)
"""What `Segment.read` adds to each row: whether it still matches its checksum."""

CLOSED_SUFFIX: Final = ".arrow"
OPEN_SUFFIX: Final = ".arrow.open"
END_OF_STREAM: Final = struct.pack("<II", 0xFFFFFFFF, 0)
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_FIELD_SEPARATOR: Final = "\x1f"


class LandedRow(NamedTuple):
    """One accepted post, in the order of `REPLAY_SCHEMA` without the checksum."""

    received_at_us: int
    project_id: str
    environment_id: str
    key_id: str
    session_id: str
    window_id: str
    sequence: int
    encoding: str
    body: bytes


class UnreadableSegment(RetraceError):  # noqa: N818 - the name says what it is
    """A closed segment that is not a whole Arrow stream of the landing's schema."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file and what was wrong with it."""
        super().__init__(ErrorCode.UNREADABLE_SEGMENT, f"{path.name}: {reason}")
        self.path = path


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A closed segment; segments sort by the time they were opened."""

    name: str
    path: Path
    size_bytes: int

    @property
    def opened_at(self) -> datetime:
        """UTC time at which its writer opened it."""
        return datetime.fromtimestamp(int(self.name.split("-", 1)[0]) / 1e9, UTC)

    def read(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches, memory-mapped, with `intact` behind the columns of `REPLAY_SCHEMA`.

        Raises `UnreadableSegment` at the first batch that cannot be trusted as a batch, and `home_too_new` for a
        segment of a later format.
        """
        try:
            with pa.memory_map(str(self.path)) as source, pa.ipc.open_stream(source) as stream:
                self._require_known(stream.schema)
                for batch in stream:
                    batch.validate(full=True)
                    yield batch.append_column(INTACT, _intact(batch))
                if source.tell() != source.size():
                    raise UnreadableSegment(self.path, f"its stream ends at byte {source.tell()} of {source.size()}")
        except (pa.ArrowException, OSError, ValueError) as error:
            # An error of the system, such as too many open files, says nothing about the segment.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UnreadableSegment(self.path, str(error).splitlines()[0]) from error

    def _require_known(self, schema: pa.Schema) -> None:
        version = (schema.metadata or {}).get(_VERSION_KEY, b"")
        if version.isdigit() and int(version) > FORMAT_VERSION:
            detail = f"{self.name} is of landing format {int(version)}, this program knows {FORMAT_VERSION}"
            raise RetraceError(ErrorCode.HOME_TOO_NEW, detail, "Upgrade Retrace.")
        if not schema.equals(REPLAY_SCHEMA, check_metadata=True):
            raise UnreadableSegment(self.path, "its schema is not the landing's")


class Landing:
    """The closed segments of the stream `replay` under a home; safe to use from many processes at once."""

    def __init__(self, home: Path) -> None:
        """Name the folders; nothing is read or made."""
        self.directory = home / "landing" / "replay"
        self.poison_directory = home / "landing" / "poison"

    def pending(self) -> list[Segment]:
        """Close what dead writers left open, then list the closed segments, oldest first."""
        self.adopt()
        segments: list[Segment] = []
        with suppress(FileNotFoundError), os.scandir(self.directory) as entries:
            for entry in entries:
                # Another process may have taken it in and deleted it since it was listed.
                with suppress(FileNotFoundError):
                    if entry.name.endswith(CLOSED_SUFFIX):
                        segments.append(Segment(entry.name, Path(entry.path), entry.stat().st_size))
        return sorted(segments)

    def adopt(self) -> None:
        """Cut and close every open segment whose writer is gone."""
        for path in sorted(self.directory.glob("*" + OPEN_SUFFIX)):
            _adopt(path)

    def delete(self, segment: Segment) -> None:
        """Remove a segment that the lake has noted; removing it twice is no error."""
        segment.path.unlink(missing_ok=True)

    def poison(self, segment: Segment) -> Path:
        """Set a segment aside that cannot be processed and return where it lies now; doing so twice is no error."""
        make_directory(self.poison_directory)
        target = self.poison_directory / segment.name
        with suppress(FileNotFoundError):
            segment.path.rename(target)
        sync_directory(self.poison_directory)
        sync_directory(self.directory)
        return target


def row_checksum(row: LandedRow) -> int:
    """CRC-32 of the body, continued over every other field, so that a flipped id is noticed too."""
    # The columns come back as they went in: whole numbers, and strings that are valid UTF-8.
    others = _FIELD_SEPARATOR.join(map(str, row[:-1]))
    return zlib.crc32(others.encode(), zlib.crc32(row.body))


def try_lock(descriptor: int, path: Path) -> bool:
    """Take the segment at `path` through an open descriptor; False if someone has it or it moved meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def close_segment(descriptor: int, path: Path, whole_bytes: int) -> None:
    """Make a locked open segment a closed one: cut it to `whole_bytes`, end the stream, rename; empty ones go.

    The lock ends with the descriptor, which stays the caller's to close.
    """
    if not whole_bytes:
        path.unlink()
        return
    os.ftruncate(descriptor, whole_bytes)
    try:
        os.pwrite(descriptor, END_OF_STREAM, whole_bytes)
    except OSError as error:
        # Readers take the end of the file for the end of the stream; a full disk must not keep a segment open.
        if error.errno not in NO_ROOM:
            raise
        os.ftruncate(descriptor, whole_bytes)
    os.fsync(descriptor)
    path.rename(path.with_name(path.name.removesuffix(OPEN_SUFFIX) + CLOSED_SUFFIX))
    sync_directory(path.parent)


def make_directory(path: Path) -> None:
    """Make a private folder and its parents, durably."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make creations and renames in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _adopt(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if try_lock(descriptor, path):
            close_segment(descriptor, path, _whole_bytes(path))
    finally:
        os.close(descriptor)


def _whole_bytes(path: Path) -> int:
    """Where the last whole record batch of a stream file ends; 0 if there is none."""
    if not path.stat().st_size:
        return 0
    end = 0
    with pa.memory_map(str(path)) as source, suppress(StopIteration, pa.ArrowException, OSError):
        messages = pa.ipc.MessageReader.open_stream(source)
        while True:
            if messages.read_next_message().type == "record batch":
                end = source.tell()
    return end


def _intact(batch: pa.RecordBatch) -> pa.Array:
    names = REPLAY_SCHEMA.names
    received_at = batch.column("received_at").cast(pa.int64())
    texts = [batch.column(name).to_pylist() for name in names[1:-2]]
    bodies = (memoryview(value.as_buffer()) for value in batch.column("body"))
    rows = map(LandedRow._make, zip(received_at.to_pylist(), *texts, bodies, strict=True))
    checksums = batch.column("crc32").to_pylist()
    return pa.array([row_checksum(row) == checksum for row, checksum in zip(rows, checksums, strict=True)])
