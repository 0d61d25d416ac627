"""Group commit, rotation, and a disk that fills up."""

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.landing import LandedRow, Landing
from retrace_resources.landing_writer import LandingWriter


def row(number: int, body_bytes: int = 100) -> LandedRow:
    """A row that says which one it is."""
    return LandedRow(1, "proj_a", "env_b", "key_c", "s", "w", number, "", os.urandom(body_bytes))


def batches(landing: Landing) -> list[list[int]]:
    """The sequence numbers in each record batch of all closed segments."""
    return [batch["sequence"].to_pylist() for part in landing.pending() for batch in part.read()]


def landed(landing: Landing) -> list[int]:
    """All sequence numbers in closed segments."""
    return [number for batch in batches(landing) for number in batch]


@contextmanager
def largest_file(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond `limit` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"cannot mount a small disk: {mount.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_rows_gather_into_one_batch_while_a_commit_is_in_flight(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing) as writer:
            await asyncio.gather(*(writer.append(row(number)) for number in range(100)))

    asyncio.run(run())
    assert landed(landing) == list(range(100))
    assert len(batches(landing)) <= 2


def test_commit_takes_no_more_than_its_bytes_but_always_a_row(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing, commit_bytes=250) as writer:
            await asyncio.gather(*(writer.append(row(number)) for number in range(4)), writer.append(row(4, 900)))

    asyncio.run(run())
    assert [number for batch in batches(landing) for number in batch] == list(range(5))
    assert max(map(len, batches(landing))) == 2
    assert [4] in batches(landing)


def test_segment_is_closed_after_its_time_when_traffic_stops(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing, segment_seconds=0.05) as writer:
            await writer.append(row(1))
            assert landing.pending() == []
            await asyncio.sleep(0.2)
            assert landed(landing) == [1]
            await writer.append(row(2))
            await asyncio.sleep(0.2)
            assert len(landing.pending()) == 2

    asyncio.run(run())


def test_segment_is_closed_after_its_time_when_traffic_goes_on(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing, segment_seconds=0.05) as writer:
            for number in range(30):
                await writer.append(row(number))
                await asyncio.sleep(0.01)
            assert len(landing.pending()) >= 3

    asyncio.run(run())
    assert landed(landing) == list(range(30))


def test_segment_is_closed_at_its_size(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing, segment_bytes=10_000) as writer:
            for number in range(10):
                await writer.append(row(number, body_bytes=4000))

    asyncio.run(run())
    sizes = [segment.size_bytes for segment in landing.pending()]
    assert landed(landing) == list(range(10))
    assert len(sizes) == 5  # two rows and their framing reach the size
    assert max(sizes) < 20_000


def test_close_commits_what_has_gathered(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        writer = LandingWriter(landing)
        waiting = [writer.append(row(number)) for number in range(3)]
        await writer.close()
        assert all(durable.done() and not durable.exception() for durable in waiting)
        with pytest.raises(RuntimeError):
            writer.append(row(4))

    asyncio.run(run())
    assert landed(landing) == [0, 1, 2]


def test_writer_that_never_wrote_leaves_no_file(tmp_path: Path) -> None:
    async def run() -> None:
        await LandingWriter(Landing(tmp_path)).close()

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []


def test_row_whose_sender_gave_up_is_written_all_the_same(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing) as writer:
            first, second = writer.append(row(1)), writer.append(row(2))
            first.cancel()
            await second

    asyncio.run(run())
    assert landed(landing) == [1, 2]


def test_rows_beyond_a_file_size_limit_are_refused_and_later_ones_taken(tmp_path: Path) -> None:
    landing = Landing(tmp_path)

    async def run() -> None:
        async with LandingWriter(landing) as writer:
            with largest_file(20_000):
                await writer.append(row(1, body_bytes=12_000))
                with pytest.raises(RetraceError) as caught:
                    await writer.append(row(2, body_bytes=12_000))
                assert caught.value.code is ErrorCode.DISK_FULL
                await writer.append(row(3, body_bytes=12_000))
                with pytest.raises(RetraceError):
                    await writer.append(row(4, body_bytes=30_000))
            await writer.append(row(5, body_bytes=30_000))

    asyncio.run(run())
    assert landed(landing) == [1, 3, 5]
    assert list(landing.directory.glob("*.open")) == []


def test_full_disk_refuses_rows_keeps_the_acknowledged_and_recovers(small_disk: Path) -> None:
    landing = Landing(small_disk)

    async def send(writer: LandingWriter, numbers: range) -> list[int]:
        answers = [
            await asyncio.gather(writer.append(row(number, body_bytes=100_000)), return_exceptions=True)
            for number in numbers
        ]
        for [answer] in answers:
            assert answer is None or (isinstance(answer, RetraceError) and answer.code is ErrorCode.DISK_FULL)
        return [number for number, [answer] in zip(numbers, answers, strict=True) if answer is None]

    async def run() -> None:
        async with LandingWriter(landing, segment_seconds=60) as writer:
            acknowledged = await send(writer, range(15))
            assert 8 <= len(acknowledged) < 15
            assert landed(landing) == acknowledged
            for segment in landing.pending():
                landing.delete(segment)
            assert await send(writer, range(100, 103)) == [100, 101, 102]

    asyncio.run(run())
    assert landed(landing) == [100, 101, 102]
