"""Killing what takes in the landing, again and again, and counting what is left.

Belongs here: landing known batches, processes that are killed at random moments, and the comparison of what landed with
what the lake holds. Does not: how often and how much is bearable (the tests, `bench/kills.py`). Shared by both.
"""

import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import polars as pl

from retrace_assets.intake.update import drain
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing
from retrace_resources.settings import load_settings
from tests.landing_rows import click, land, meta, plugin, post

# A child is a copy of a process that has only imported: 20 kills must not cost 20 starts of an interpreter.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "retrace_app.actions.pipeline"])

START_SECONDS = 60
END_SECONDS = 90
_BATCHES_A_SEGMENT = 8

Work = Callable[[Path, Any], None]


def drain_one_by_one(home: Path, ready: Any) -> None:
    """Take in what is pending, a transaction a segment, until nothing is left."""
    with Lake(home) as lake:
        landing = Landing(home)
        lake.snapshot_id()
        ready.set()
        while pending := landing.pending():
            drain(lake, landing, only=[pending[0].name])


def process_replays(home: Path, ready: Any) -> None:
    """Do what `retrace process-replays` does."""
    from retrace_app.actions.pipeline import process_pending  # noqa: PLC0415 - Dagster, for those who need it

    os.environ["RETRACE_HOME"] = str(home)
    os.environ.pop("DAGSTER_HOME", None)
    settings = load_settings()
    assert settings.home == home, "never on the home of whoever runs this"
    ready.set()
    process_pending(settings)


class Worker:
    """A process at work on a home."""

    def __init__(self, home: Path, work: Work) -> None:
        """Start it and wait until it is about to begin."""
        ready = _processes.Event()
        self.process: BaseProcess = _processes.Process(target=work, args=(home, ready), daemon=True)
        self.process.start()
        if not ready.wait(START_SECONDS):
            self.kill()
            raise TimeoutError("the process did not begin")

    def kill(self) -> bool:
        """End it at once; whether it was still at work."""
        was_alive = self.process.is_alive()
        self.process.kill()
        self.process.join()
        return was_alive

    def finish(self) -> int | None:
        """Let it come to its end; its exit code, or None when it hangs and had to be killed."""
        self.process.join(END_SECONDS)
        if self.process.exitcode is None:
            self.kill()
            return None
        return self.process.exitcode


@dataclass
class Traffic:
    """Lands batches that are known, some of them more than once, and remembers each."""

    home: Path
    chosen: random.Random
    landed: dict[tuple[str, str, int], LandedRow] = field(default_factory=dict)
    repeats: int = 0

    def land(self, segments: int) -> None:
        """Land so many segments more: new sessions, sessions that go on, and repeats of what came before."""
        for _ in range(segments):
            land(self.home, [self._row() for _ in range(_BATCHES_A_SEGMENT)])

    def _row(self) -> LandedRow:
        if self.landed and self.chosen.random() < 0.25:
            self.repeats += 1
            return self.chosen.choice(list(self.landed.values()))
        session, window = f"s{self.chosen.randrange(len(self.landed) // 4 + 3)}", self.chosen.choice("ab")
        sequence = sum(known[:2] == (session, window) for known in self.landed)
        start = 1_000.0 * sequence
        events = [
            meta(start),
            *(click(start + 10 * number, number) for number in range(self.chosen.randrange(1, 30))),
            plugin(start + 500, "retrace/network@1", {"url": "/api", "status": self.chosen.choice([200, 500])}),
            {"type": 3, "data": {"why": "without a time"}},
        ]
        row = post(events, session=session, window=window, sequence=sequence)
        self.landed[session, window, sequence] = row
        return row


@dataclass(frozen=True)
class Found:
    """What the lake holds of what landed: both zero, or the promise is broken; `torn` says where tables disagree."""

    landed: int
    lost: int
    doubled: int
    torn: int


_KEY = ["session_id", "window_id", "sequence"]


def compare(home: Path, landed: dict[tuple[str, str, int], LandedRow]) -> Found:
    """Compare the batches that landed with the facts in the lake, batch by batch and event by event."""
    expected = pl.DataFrame(
        [(*name, len(_events(row)) - 1) for name, row in landed.items()],
        schema={**dict.fromkeys(_KEY[:2], pl.String), "sequence": pl.Int64, "events": pl.Int64},
        orient="row",
    )
    with Lake(home) as lake:
        times = {
            name: lake.query(f"SELECT {', '.join(_KEY)}, count(*) AS {name} FROM {table} WHERE {where} GROUP BY ALL")
            for name, table, where in (
                ("batches", "replay_batches", "true"),
                ("payloads", "replay_payloads", "true"),
                ("rows", "replay_events", "true"),
                ("refused", "rejected", "reason = 'invalid_event'"),
            )
        }
        segments = lake.query("SELECT count(*) - count(DISTINCT segment) FROM segments").item()
    found = expected
    for counted in times.values():
        found = found.join(counted, on=_KEY, how="full", coalesce=True)
    found = found.fill_null(0)
    lost = found.filter(pl.min_horizontal("batches", "payloads", "refused") < 1)
    doubled = found.filter(pl.max_horizontal("batches", "payloads", "refused") > 1)
    torn = found.filter(pl.col("rows") != pl.col("events"))
    return Found(expected.height, lost.height, doubled.height + segments, torn.height)


def _events(row: LandedRow) -> list[Any]:
    events: list[Any] = json.loads(row.body)["events"]
    return events


@dataclass
class Outcome:
    """What a series of kills came to."""

    kills: int
    killed_at_work: int
    found: Found
    ended_normally: bool
    left: int
    seconds: float


def kill_again_and_again(
    home: Path, work: Work, times: int, *, workers: int = 1, longest_life: float, segments: int, seed: int
) -> Outcome:
    """Start `workers` processes and kill one of them after a random time, so often; then let one come to its end.

    `segments` are landed before each kill. The other workers go on beside the one that is killed.
    """
    started = time.monotonic()
    traffic = Traffic(home, random.Random(seed))
    traffic.land(2 * segments)
    at_work = 0
    running: list[Worker] = []
    try:
        for _ in range(times):
            traffic.land(segments)
            running = [worker for worker in running if worker.process.is_alive()]
            while len(running) < workers:
                running.append(Worker(home, work))
            time.sleep(traffic.chosen.uniform(0, longest_life))
            at_work += running.pop(traffic.chosen.randrange(len(running))).kill()
        codes = [worker.finish() for worker in [*running, Worker(home, work)]]
    finally:
        for worker in running:
            worker.kill()
    left = len(list(Landing(home).directory.glob("*")))
    found = compare(home, traffic.landed)
    return Outcome(times, at_work, found, set(codes) == {0}, left, time.monotonic() - started)
