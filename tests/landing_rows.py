"""Landing posts as the door would, without a door."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retrace_resources.landing import LandedRow, Landing
from retrace_resources.landing_writer import LandingWriter

RECEIVED = datetime(2026, 3, 10, 12, 0, 0)
RECEIVED_MS = int(RECEIVED.replace(tzinfo=UTC).timestamp() * 1000)


def post(
    events: object,
    *,
    session: str = "s1",
    window: str = "w1",
    sequence: int = 0,
    received_at: datetime = RECEIVED,
    encoding: str = "",
    body: bytes | None = None,
    environment: str = "env_a",
    **envelope: Any,
) -> LandedRow:
    """A post that reached the door at `received_at`; `envelope` adds to what the SDK says beside its events."""
    document = {"sessionId": session, "windowId": window, "sequence": sequence, "events": events, **envelope}
    return LandedRow(
        received_at_us=int(received_at.replace(tzinfo=UTC).timestamp() * 1_000_000),
        project_id="proj_a",
        environment_id=environment,
        key_id="sdk_a",
        session_id=session,
        window_id=window,
        sequence=sequence,
        encoding=encoding,
        body=json.dumps(document).encode() if body is None else body,
    )


def land(home: Path, posts: Iterable[LandedRow]) -> None:
    """Write the posts as one closed segment."""

    async def write() -> None:
        async with LandingWriter(Landing(home)) as writer:
            await asyncio.gather(*[writer.append(row) for row in posts])

    asyncio.run(write())


def at(offset_ms: float) -> float:
    """A client timestamp `offset_ms` after the reception, for clients whose clock is right."""
    return RECEIVED_MS + offset_ms


def meta(offset_ms: float, url: str = "https://shop.test/cart") -> dict[str, Any]:
    """A page was opened."""
    return {"type": 4, "timestamp": at(offset_ms), "data": {"href": url, "width": 800, "height": 600}}


def click(offset_ms: float, node: int) -> dict[str, Any]:
    """A click, as rrweb records it."""
    return {"type": 3, "timestamp": at(offset_ms), "data": {"source": 2, "type": 2, "id": node, "x": 1, "y": 2}}


def plugin(offset_ms: float, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """An event of a plugin, such as `retrace/network@1`."""
    return {"type": 6, "timestamp": at(offset_ms), "data": {"plugin": name, "payload": payload}}
