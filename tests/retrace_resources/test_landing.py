"""Reading, adopting and removing segments."""

import asyncio
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.landing import (
    CLOSED_SUFFIX,
    OPEN_SUFFIX,
    REPLAY_SCHEMA,
    LandedRow,
    Landing,
    Segment,
    UnreadableSegment,
)
from retrace_resources.landing_writer import LandingWriter


def row(number: int, body_bytes: int = 100) -> LandedRow:
    """A row whose session says which one it is."""
    body = random.Random(number).randbytes(body_bytes)
    return LandedRow(1_760_000_000_000_000 + number, "proj_a", "env_b", "key_c", f"s-{number}", "w", number, "", body)


def write(home: Path, commits: list[list[LandedRow]]) -> None:
    """Write and close one segment with one record batch a commit."""

    async def run() -> None:
        async with LandingWriter(Landing(home)) as writer:
            for rows in commits:
                await asyncio.gather(*map(writer.append, rows))

    asyncio.run(run())


def leave_open(home: Path, data: bytes) -> Path:
    """What a killed writer leaves: an open segment that nobody holds."""
    landing = Landing(home)
    landing.directory.mkdir(parents=True, exist_ok=True)
    path = landing.directory / f"{1:020d}-1-1{OPEN_SUFFIX}"
    path.write_bytes(data)
    return path


def sequences(segments: list[Segment]) -> list[int]:
    """The sequence numbers of all rows, in order."""
    return [number for part in segments for batch in part.read() for number in batch["sequence"].to_pylist()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed segment of 6 batches of 5 rows."""
    home = tmp_path_factory.mktemp("whole")
    write(home, [[row(commit * 5 + number) for number in range(5)] for commit in range(6)])
    [segment] = Landing(home).pending()
    return segment.path.read_bytes()


@pytest.fixture(scope="module")
def batch_ends(whole: bytes) -> list[int]:
    """Where each whole record batch of `whole` ends."""
    ends = []
    source = pa.BufferReader(whole)
    messages = pa.ipc.MessageReader.open_stream(source)
    for message in messages:
        if message.type == "record batch":
            ends.append(source.tell())
    return ends


def test_landing_has_nothing_pending_when_no_door_ever_ran(tmp_path: Path) -> None:
    assert Landing(tmp_path).pending() == []


def test_segment_reads_back_every_field_as_it_was_written(tmp_path: Path) -> None:
    rows = [row(1), row(2, body_bytes=0), row(3)._replace(session_id="'; DROP TABLE x; -- ../../é\u2028")]
    write(tmp_path, [rows])
    [segment] = Landing(tmp_path).pending()
    [batch] = segment.read()
    assert batch.schema.names == [*REPLAY_SCHEMA.names, "intact"]
    assert batch["intact"].to_pylist() == [True, True, True]
    received_at = batch["received_at"].cast(pa.int64())
    columns = [received_at, *(batch[name] for name in REPLAY_SCHEMA.names[1:-1])]
    assert [LandedRow(*values) for values in zip(*(column.to_pylist() for column in columns), strict=True)] == rows


def test_segments_are_private_files_in_private_folders(tmp_path: Path) -> None:
    write(tmp_path, [[row(1)]])
    [segment] = Landing(tmp_path).pending()
    assert segment.path.stat().st_mode & 0o777 == 0o600
    assert segment.path.parent.stat().st_mode & 0o777 == 0o700


def test_pending_lists_oldest_first_across_processes(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, [[row(number)]])
    segments = Landing(tmp_path).pending()
    assert sequences(segments) == [0, 1, 2]
    assert segments[0].opened_at < segments[1].opened_at < segments[2].opened_at


def test_torn_tail_is_cut_back_to_the_last_whole_batch_wherever_it_was_torn(
    tmp_path: Path, whole: bytes, batch_ends: list[int]
) -> None:
    landing = Landing(tmp_path)
    chosen = random.Random(7)
    cuts = {0, 1, len(whole) - 1, len(whole), *batch_ends, *(end + 1 for end in batch_ends)}
    cuts |= {chosen.randrange(len(whole)) for _ in range(200)}
    for cut in cuts:
        path = leave_open(tmp_path, whole[:cut])
        segments = landing.pending()
        whole_batches = sum(end <= cut for end in batch_ends)
        assert sequences(segments) == list(range(5 * whole_batches)), cut
        assert not path.exists()
        for segment in segments:
            landing.delete(segment)


def test_torn_tail_of_zeros_or_garbage_is_cut_too(tmp_path: Path, whole: bytes, batch_ends: list[int]) -> None:
    # A file system may keep a file's new length and lose its new blocks.
    landing = Landing(tmp_path)
    for tail in (bytes(4096), b"\xff" * 4096, random.Random(3).randbytes(4096), b"\xff\xff\xff\xff\xff\xff\xff\x7f"):
        leave_open(tmp_path, whole[: batch_ends[2]] + tail)
        [segment] = landing.pending()
        assert sequences([segment]) == list(range(15))
        landing.delete(segment)


def test_flipped_bits_are_never_taken_for_good_rows(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / f"{1:020d}-1-1{CLOSED_SUFFIX}"
    segment = Segment(path.name, path, len(whole))
    path.write_bytes(whole)
    good = [values for batch in segment.read() for values in comparable(batch)]
    chosen = random.Random(11)
    noticed = 0
    for _ in range(600):
        position = chosen.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[position] ^= 1 << chosen.randrange(8)
        path.write_bytes(damaged)
        try:
            rows = [values for batch in segment.read() for values in comparable(batch)]
        except RetraceError:
            noticed += 1
            continue
        assert len(rows) == len(good), position
        assert all(mine == theirs or not mine["intact"] for mine, theirs in zip(rows, good, strict=True)), position
        noticed += rows != good
    assert noticed > 400  # the rest fell into padding


def comparable(batch: pa.RecordBatch) -> list[dict[str, object]]:
    """Rows with the time as a number: a damaged one may be outside what a datetime holds."""
    rows: list[dict[str, object]] = batch.set_column(0, "received_at", batch[0].cast(pa.int64())).to_pylist()
    return rows


def test_segment_of_another_schema_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / f"{1:020d}-1-1{CLOSED_SUFFIX}"
    table = pa.table({"a": [1]})
    with pa.ipc.new_stream(str(path), table.schema) as stream:
        stream.write_table(table)
    with pytest.raises(UnreadableSegment) as caught:
        list(Segment(path.name, path, path.stat().st_size).read())
    assert caught.value.code is ErrorCode.UNREADABLE_SEGMENT


def test_segment_of_a_later_format_is_refused_and_not_called_broken(tmp_path: Path) -> None:
    path = tmp_path / f"{1:020d}-1-1{CLOSED_SUFFIX}"
    later = pa.schema([("b", pa.string())], metadata={b"retrace.landing": b"2"})
    with pa.ipc.new_stream(str(path), later):
        pass
    with pytest.raises(RetraceError) as caught:
        list(Segment(path.name, path, path.stat().st_size).read())
    assert caught.value.code is ErrorCode.HOME_TOO_NEW


def test_open_segment_is_left_alone_while_its_writer_lives(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing, segment_seconds=60) as writer:
            await writer.append(row(1))
            assert landing.pending() == []
            await writer.append(row(2))

    asyncio.run(run())
    assert sequences(landing.pending()) == [1, 2]


def test_adoption_by_many_at_once_closes_each_segment_once(tmp_path: Path, whole: bytes) -> None:
    landing = Landing(tmp_path)
    landing.directory.mkdir(parents=True)
    for number in range(20):
        (landing.directory / f"{number:020d}-1-1{OPEN_SUFFIX}").write_bytes(whole[:-20])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: landing.adopt(), range(8)))
    segments = landing.pending()
    assert len(segments) == 20
    assert len(sequences(segments)) == 20 * 25
    assert list(landing.directory.glob("*" + OPEN_SUFFIX)) == []


def test_adopted_segment_ends_its_stream_so_that_any_arrow_reader_takes_it(tmp_path: Path, whole: bytes) -> None:
    leave_open(tmp_path, whole[:-20])
    [segment] = Landing(tmp_path).pending()
    assert segment.path.read_bytes().endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")
    with pa.ipc.open_stream(segment.path.read_bytes()) as stream:
        assert stream.read_all().num_rows == 25


def test_delete_may_be_repeated(tmp_path: Path) -> None:
    write(tmp_path, [[row(1)]])
    landing = Landing(tmp_path)
    [segment] = landing.pending()
    landing.delete(segment)
    landing.delete(segment)
    assert landing.pending() == []


def test_poisoned_segment_is_out_of_the_way_but_kept(tmp_path: Path) -> None:
    write(tmp_path, [[row(1)]])
    landing = Landing(tmp_path)
    [segment] = landing.pending()
    where = landing.poison(segment)
    assert landing.pending() == []
    assert where.parent == tmp_path / "landing" / "poison"
    assert sequences([Segment(where.name, where, os.path.getsize(where))]) == [1]
