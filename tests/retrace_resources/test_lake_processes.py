"""The lake with real processes: several that open it first, and writers that are killed while they commit.

DESIGN §4.1: `kill -9` of anything at any moment loses no acknowledged byte and doubles none.
"""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from retrace_resources.lake import INLINED_ROWS, Lake

KILLS = 10
ROWS = 7
OPENERS = 4

# Commits one numbered batch after the other to two tables: one inlined in the catalog, one in a file of its own.
WRITER = f"""
import itertools, pathlib, sys
import polars as pl
from retrace_core.tables import CHANGES, SEGMENTS
from retrace_resources.lake import Lake

home, name, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lake = Lake(home)
for number in itertools.islice(itertools.count(), count):
    batch = f"{{name}}-{{number}}"
    with lake.transaction() as tx:
        rows = {{"commit_no": [tx.commit_no] * {ROWS}}}
        empty = pl.Schema(SEGMENTS.arrow_schema)
        small = pl.DataFrame(rows | {{"segment": [batch] * {ROWS}}})
        tx.append(SEGMENTS, small.select(small[c] if c in small.columns else pl.lit(None, t).alias(c)
                                         for c, t in empty.items()))
        files = {INLINED_ROWS + 1} if number % 3 == 0 else {ROWS}
        big = pl.DataFrame({{"key": [batch] * files, "commit_no": [tx.commit_no] * files}})
        tx.append(CHANGES, big.select(big[c] if c in big.columns else pl.lit(None, t).alias(c)
                                      for c, t in pl.Schema(CHANGES.arrow_schema).items()))
    print(batch, flush=True)
"""

# Whole batches only, in both tables or in none, and never twice.
TORN = f"""
SELECT coalesce(segment, key) AS batch, small, big
FROM (SELECT segment, count(*) AS small, count(DISTINCT commit_no) AS commits FROM segments GROUP BY ALL)
FULL JOIN (SELECT key, count(*) AS big FROM changes GROUP BY ALL) ON segment = key
WHERE small IS DISTINCT FROM {ROWS} OR coalesce(big, 0) NOT IN ({ROWS}, {INLINED_ROWS + 1}) OR commits <> 1
"""


class Writer:
    """A writer process and the batches it has acknowledged."""

    def __init__(self, home: Path, name: str, count: int = 1_000_000) -> None:
        """Start it."""
        self.acknowledged: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home), name, str(count)], stdout=subprocess.PIPE, text=True
        )
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # A line without its end was cut by the kill: it was not acknowledged.
            if line.endswith("\n"):
                self.acknowledged.append(line.strip())

    def wait(self) -> int:
        """Wait for its end and for its last words."""
        code = self.process.wait(timeout=30)
        self._listening.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def wait_for(self, batches: int) -> None:
        """Wait until it has acknowledged some."""
        until = time.monotonic() + 30
        while len(self.acknowledged) < batches and time.monotonic() < until:
            time.sleep(0.005)

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self.process.kill()
        self.wait()


@pytest.mark.slow
def test_processes_that_open_a_new_home_at_once_all_write_to_one_lake(tmp_path: Path) -> None:
    writers = [Writer(tmp_path, f"w{number}", count=2) for number in range(OPENERS)]

    assert [writer.wait() for writer in writers] == [0] * OPENERS

    with Lake(tmp_path) as lake:
        assert lake.query("SELECT count(DISTINCT segment) FROM segments").item() == 2 * OPENERS
        assert lake.query(TORN).is_empty()


@pytest.mark.slow
def test_killing_writers_while_they_commit_loses_and_doubles_and_tears_nothing(tmp_path: Path) -> None:
    dice = random.Random(7)
    acknowledged: list[str] = []
    torn = 0
    with Lake(tmp_path) as reader:
        reader.snapshot_id()
        writers = [Writer(tmp_path, f"w{number}") for number in range(2)]
        try:
            for kill in range(KILLS):
                victim = writers.pop(0)
                victim.wait_for(2)
                time.sleep(dice.uniform(0, 0.1))
                victim.kill()
                acknowledged += victim.acknowledged
                writers.append(Writer(tmp_path, f"w{kill + 2}"))
                torn += reader.query(TORN).height
        finally:
            for writer in writers:
                writer.kill()
                acknowledged += writer.acknowledged

        stored = set(reader.query("SELECT DISTINCT segment FROM segments")["segment"])
        assert torn == 0
        assert reader.query(TORN).is_empty()
        assert set(acknowledged) <= stored
        assert len(acknowledged) == len(set(acknowledged)) > KILLS
        # Committed, but killed before it could say so: at most one a kill.
        assert len(stored) - len(acknowledged) <= KILLS + len(writers)


@pytest.mark.slow
def test_a_home_whose_first_opener_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    for attempt in range(3):
        home = tmp_path / str(attempt)
        first = Writer(home, "first")
        while not (home / "lake" / "catalog.sqlite").exists():
            time.sleep(0.002)
        time.sleep(0.015 * attempt)
        first.kill()

        with Lake(home) as lake:
            assert lake.query("SELECT schema_version FROM meta").height == 1
            assert set(lake.query("SELECT DISTINCT segment FROM segments")["segment"]) >= set(first.acknowledged)
