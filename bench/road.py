"""The road from the landing to the queue, stage by stage, as the hot run takes it but without Dagster.

Belongs here: what several benches share: landing generated sessions, running stages, measuring them. Does not: figures
and targets (the benches).
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.sessions import Batch
from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.intake.update import drain
from retrace_assets.issues import update as issues
from retrace_assets.pages import update as pages
from retrace_assets.replays import update as replays
from retrace_assets.report import StageReport
from retrace_assets.signals import update as signals
from retrace_assets.signals.detectors import enabled_detectors
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing
from retrace_resources.landing_writer import LandingWriter
from retrace_resources.state import StateStore

PROJECT: Final = "proj_bench"
ENVIRONMENT: Final = "env_bench"
STAGES: Final = ("intake", "replays", "pages", "signals", "clusters", "issues", "incidents")
READERS: Final = {
    "replays": "replay_events",
    "pages": "replays",
    "signals": "page_changes",
    "clusters": "signals",
    "issues": "clusters",
    "incidents": "issues",
}
"""Whose changes each stage reads: what maintenance wants to know."""

_ROWS_A_COMMIT: Final = 200


@dataclass(frozen=True)
class Cost:
    """What a stage took: seconds on the clock, and of the processor, over all threads."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        """Add up."""
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


def utc_now() -> datetime:
    """Now, as the lake writes it."""
    return datetime.now(UTC).replace(tzinfo=None)


def land(home: Path, batches: Iterable[Batch]) -> int:
    """Put batches into a home's landing as the door does; returns their bytes."""
    return asyncio.run(_land(home, batches))


async def _land(home: Path, batches: Iterable[Batch]) -> int:
    total = 0
    rows: list[LandedRow] = []
    async with LandingWriter(Landing(home)) as writer:
        for batch in batches:
            received = int(time.time() * 1e6)
            identity = (batch.session_id, batch.window_id, batch.sequence)
            rows.append(LandedRow(received, PROJECT, ENVIRONMENT, "key", *identity, batch.encoding, batch.body))
            total += len(batch.body)
            if len(rows) == _ROWS_A_COMMIT:
                await asyncio.gather(*map(writer.append, rows))
                rows = []
        await asyncio.gather(*map(writer.append, rows))
    return total


def take_road(lake: Lake, landing: Landing, state: StateStore) -> dict[str, Cost]:
    """Run all stages on what has landed, in order; their costs by name."""
    detectors = enabled_detectors({})
    acts: dict[str, Callable[[], StageReport]] = {
        "intake": lambda: drain(lake, landing),
        "replays": lambda: replays.update(lake, utc_now()),
        "pages": lambda: pages.update(lake),
        "signals": lambda: signals.update(lake, detectors),
        "clusters": lambda: clusters.update(lake),
        "issues": lambda: issues.update(lake, state),
        "incidents": lambda: incidents.update(lake, state),
    }
    return {name: measured(acts[name]) for name in STAGES}


def measured(work: Callable[[], object]) -> Cost:
    """Run something and measure it."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)
