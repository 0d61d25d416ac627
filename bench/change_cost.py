"""Cost follows the change: the lake work for the same new sessions, whatever is stored already.

Stores a few sessions in one lake and a thousand times as many, of the same day, in another; tidies both; then takes in
and judges the same new sessions on both, in turn. Then, on the large one, sessions that all meet a bug which a tenth of
the stored ones have met, and sessions that all meet a bug nobody has met before. Dagster's fixed cost is not in it.

    python -m bench.change_cost [--copies 1000] [--repeats 5]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bench.figures import Figure, print_figures
from bench.road import READERS, STAGES, Cost, land, take_road, utc_now
from bench.sessions import Batch, session
from retrace_assets.clusters import update as clusters
from retrace_assets.incidents import update as incidents
from retrace_assets.issues import update as issues
from retrace_core.tables import REPLAY_BATCHES, REPLAY_EVENTS, REPLAY_PAYLOADS, REPLAYS, SIGNALS
from retrace_resources.lake import Lake
from retrace_resources.lake_maintenance import maintain
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

TARGET_GROWTH = 1.3
TARGET_HOT = 1.3
"""A hot issue shall cost no more a session than a fresh one; what is above 1 here is the noise of a shared machine."""

STORED = 200
NEW = 100
# Sessions with these numbers meet the same bug: a handler that throws.
_HOT_NUMBERS = range(20, 10_000, 50)
_FAULTLESS_NUMBERS = [number for number in range(10_000) if number % 10]
_COPIES_A_COMMIT = 50
# Sixty events a session keep a day of 200,000 feasible; sorting and the bounds of look-ups see no difference.
_EVENTS_STORED = 60
_MEASURED_AT_ONCE = 1


@dataclass(frozen=True)
class Site:
    """A home and what is open in it."""

    home: Path
    lake: Lake
    state: StateStore

    def take(self, posts: Iterable[Batch]) -> dict[str, Cost]:
        """Land posts and run all stages on them."""
        land(self.home, posts)
        return take_road(self.lake, Landing(self.home), self.state)


def visits(numbers: Iterable[int], seed: int, handler: bytes = b"applyCoupon") -> Iterator[Batch]:
    """Sessions that are over by now; `handler` names the function that throws in those that meet that bug."""
    start_ms = int(time.time() * 1000) - 200_000
    for number in numbers:
        for post in session(number, start_ms, seed):
            yield replace(post, body=post.body.replace(b"applyCoupon", handler))


def store(site: Site, copies: int) -> None:
    """Store sessions, one in ten with the hot bug, and copies of their rows over the same day; then tidy up."""
    faulty = STORED // 10
    site.take(visits([*_HOT_NUMBERS[:faulty], *_FAULTLESS_NUMBERS[: STORED - faulty]], seed=1))
    _thin_out(site.lake)
    for first in range(1, copies, _COPIES_A_COMMIT):
        _copy(site.lake, range(first, min(first + _COPIES_A_COMMIT, copies)), _spacing(copies))
    day = site.lake.query("SELECT max(day) FROM replays").item()
    clusters.rebuild(site.lake, day)
    issues.update(site.lake, site.state)
    incidents.update(site.lake, site.state)
    maintain(site.lake, utc_now(), READERS)


def _spacing(copies: int) -> timedelta:
    """How far apart copies are, to be of one UTC day."""
    now = utc_now()
    return (now - now.replace(hour=0, minute=0, second=0)) / (copies + 1)


def _thin_out(lake: Lake) -> None:
    with lake.transaction() as transaction:
        transaction.execute(
            f"DELETE FROM {REPLAY_EVENTS.name} WHERE (session_id, sequence, event_index) NOT IN "
            f"(SELECT (session_id, sequence, event_index) FROM {REPLAY_EVENTS.name} "
            f"QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY occurred_at) <= {_EVENTS_STORED})"
        )


def _copy(lake: Lake, numbers: range, spacing: timedelta) -> None:
    """Write the rows of the first sessions again, for each number under another id and at another time."""
    moved = f"copy.number * INTERVAL '{spacing.total_seconds()} seconds'"
    changed = {
        "session_id": "session_id || '-' || copy.number",
        "started_at": f"started_at - {moved}",
        "occurred_at": f"occurred_at - {moved}",
        "signal_id": "signal_id || '-' || copy.number",
        "replay_id": "replay_id || '-' || copy.number",
        "distinct_id": "distinct_id || '-' || copy.number",
        "events": "'[]'",
    }
    with lake.transaction() as transaction:
        for table in (REPLAY_BATCHES, REPLAY_PAYLOADS, REPLAY_EVENTS, REPLAYS, SIGNALS):
            columns = [
                changed.get(column.name, column.name) if column.type != "INTEGER" else column.name
                for column in table.columns
            ]
            transaction.execute(
                f"INSERT INTO {table.name} SELECT {', '.join(columns)} FROM {table.name}, "
                f"range({numbers.start}, {numbers.stop}) AS copy(number) WHERE session_id NOT LIKE '%-%-%-%'"
            )


def compare(
    repeats: int, first: Callable[[int], Mapping[str, Cost]], second: Callable[[int], Mapping[str, Cost]], names: str
) -> tuple[float, float]:
    """Measure two things in turn; prints what each stage took, and returns the medians, in seconds of processor."""
    first(0), second(0)
    taken = [(first(number), second(number)) for number in range(1, repeats + 1)]
    print(f"{names:<34}" + "".join(f"{stage:>10}" for stage in STAGES) + f"{'all':>10}  (ms of processor, median)")
    medians = []
    for side, label in ((0, "first"), (1, "second")):
        by_stage = {stage: statistics.median(pair[side][stage].cpu_s for pair in taken) for stage in STAGES}
        medians.append(statistics.median(sum(cost.cpu_s for cost in pair[side].values()) for pair in taken))
        values = "".join(f"{1000 * value:>10.0f}" for value in by_stage.values())
        print(f"  {label:<32}{values}{1000 * medians[-1]:>10.0f}")
    return medians[0], medians[1]


def figures(copies: int, repeats: int) -> list[Figure]:
    """Measure both ratios."""
    with ExitStack() as stack:
        small, large = (_open(stack) for _ in range(2))
        store(small, 1)
        started = time.monotonic()
        store(large, copies)
        rows = large.lake.query("SELECT count(*) FROM replay_events").item()
        hot = large.lake.query("SELECT max(sessions) FROM issues").item()
        print(f"stored {copies * STORED:,} sessions, {rows:,} events in {time.monotonic() - started:.0f} s")
        few, many = compare(
            repeats,
            lambda number: small.take(visits(range(NEW), seed=100 + number)),
            lambda number: large.take(visits(range(NEW), seed=100 + number)),
            f"{NEW} sessions: few, many stored",
        )
        same = _HOT_NUMBERS[:NEW]
        fresh_s, hot_s = compare(
            repeats,
            lambda number: large.take(visits(same, 200 + number, handler=b"handle" + _LETTERS[number])),
            lambda number: large.take(visits(same, 300 + number)),
            f"{NEW} sessions: fresh issue, hot one",
        )
    return [
        Figure(
            f"{NEW} sessions with {copies * STORED:,} stored to {STORED} stored", many / few, "times", TARGET_GROWTH
        ),
        Figure(f"hot issue of {hot:,} sessions to a fresh one", hot_s / fresh_s, "times", TARGET_HOT),
    ]


_LETTERS = [
    letters.encode() for letters in ("Kelp", "Reef", "Tide", "Gull", "Dune", "Foam", "Salt", "Wave", "Cove", "Bay")
]


def _open(stack: ExitStack) -> Site:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="retrace-bench-")))
    return Site(home, stack.enter_context(Lake(home)), stack.enter_context(StateStore.open(home)))


def main() -> int:
    """Measure; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    return print_figures(figures(arguments.copies, arguments.repeats))


if __name__ == "__main__":
    sys.exit(main())
