"""The memory of batches made durable, and of those on their way."""

import asyncio

import pytest

from retrace_app.http.ingest.duplicates import BatchMemory


def test_least_recently_seen_batches_are_forgotten() -> None:
    async def run() -> list[bool]:
        memory = BatchMemory(3)

        def write() -> asyncio.Future[None]:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done

        for name in "abc":
            await memory.write_once(name, b"1", write)
        await memory.write_once("a", b"1", write)
        await memory.write_once("d", b"1", write)
        return [await memory.write_once(name, b"1", write) for name in "acdb"]

    assert asyncio.run(run()) == [False, False, False, True]


def test_failed_write_fails_all_who_wait_and_is_tried_again() -> None:
    async def run() -> None:
        memory = BatchMemory(10)
        loop = asyncio.get_running_loop()
        writes: list[asyncio.Future[None]] = []

        def write() -> asyncio.Future[None]:
            writes.append(loop.create_future())
            return writes[-1]

        waiting = [asyncio.create_task(memory.write_once("a", b"1", write)) for _ in range(3)]
        await asyncio.sleep(0)
        assert len(writes) == 1
        writes[0].set_exception(OSError("full"))
        for task in waiting:
            with pytest.raises(OSError, match="full"):
                await task
        again = asyncio.create_task(memory.write_once("a", b"1", write))
        await asyncio.sleep(0)
        writes[1].set_result(None)
        assert await again is True

    asyncio.run(run())


def test_retry_whose_client_gives_up_does_not_stop_the_first() -> None:
    async def run() -> None:
        memory = BatchMemory(10)
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        first = asyncio.create_task(memory.write_once("a", b"1", lambda: durable))
        await asyncio.sleep(0)
        retry = asyncio.create_task(memory.write_once("a", b"1", lambda: durable))
        await asyncio.sleep(0)
        retry.cancel()
        await asyncio.sleep(0)
        durable.set_result(None)
        assert await first is True

    asyncio.run(run())
