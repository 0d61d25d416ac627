"""Which batches this worker has made durable lately, so that a retry is answered and not landed twice.

Belongs here: the bounded memory. Does not: certainty (the lake is exact; this only spares it work).
"""

import asyncio
from collections.abc import Callable


class BatchMemory:
    """Remembers the content of the last `capacity` batches, and of those on their way to the disk."""

    def __init__(self, capacity: int) -> None:
        """Start with nothing remembered."""
        self._capacity = capacity
        # Dicts keep insertion order: the first key is the least recently seen.
        self._durable: dict[str, bytes] = {}
        self._on_its_way: dict[str, tuple[bytes, asyncio.Future[None]]] = {}

    async def write_once(self, batch_id: str, content: bytes, write: Callable[[], asyncio.Future[None]]) -> bool:
        """Call `write` and await it, unless the same content is durable or will be; True if it wrote.

        The same batch with other content is written: the lake decides. Raises what the write raises, to all who wait.
        """
        if self._durable.get(batch_id) == content:
            self._remember(batch_id, content)
            return False
        ahead = self._on_its_way.get(batch_id)
        if ahead is not None and ahead[0] == content:
            await asyncio.shield(ahead[1])
            return False
        durable = write()
        entry = (content, durable)
        self._on_its_way[batch_id] = entry
        try:
            await durable
        finally:
            if self._on_its_way.get(batch_id) is entry:
                del self._on_its_way[batch_id]
        self._remember(batch_id, content)
        return True

    def _remember(self, batch_id: str, content: bytes) -> None:
        self._durable.pop(batch_id, None)
        self._durable[batch_id] = content
        if len(self._durable) > self._capacity:
            del self._durable[next(iter(self._durable))]
