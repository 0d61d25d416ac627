"""How far issues are bugs: 60 bugs in 10,000 generated sessions, through the real road, beside the original's rule.

Of all pairs of times a bug was met, precision says how many that share an issue are the same bug, and recall how many
of the same bug share an issue. A bug that was met counts once for each issue it was put into.

    python -m bench.grouping [--sessions 10000]
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from bench.figures import Figure, print_figures
from bench.grouping.bugs import BUGS, sessions
from bench.grouping.original import Json, key
from bench.road import Cost, land, take_road
from bench.sessions import Batch
from retrace_assets.signals.detectors import enabled_detectors
from retrace_assets.signals.findings import in_order
from retrace_assets.signals.reading import read_recordings
from retrace_assets.signals.rows import signal_rows
from retrace_assets.signals.rules import Rule
from retrace_core.tables import REPLAYS
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

PRECISION, RECALL, CPU_MS = 0.97, 0.90, 1.0

_TIMED = 2_000
_SHOWN = 12

Met = tuple[str, int]
"""A session, and the number of a bug met in it."""


@dataclass(frozen=True)
class Grouping:
    """Into which groups the times that bugs were met were put."""

    groups: frozenset[tuple[Met, str]]

    @property
    def number(self) -> int:
        """How many groups there are."""
        return len({group for _, group in self.groups})

    @property
    def precision(self) -> float:
        """Share of the pairs in a group that are of one bug."""
        return self._same() / _pairs(Counter(group for _, group in self.groups))

    @property
    def recall(self) -> float:
        """Share of the pairs of one bug that are in a group."""
        return self._same() / _pairs(Counter(bug for (_, bug), _ in self.groups))

    @property
    def recall_of_a_bug(self) -> float:
        """The same share for each bug by itself, and the mean of these: rare bugs count as much as frequent ones."""
        bugs = Counter(bug for (_, bug), _ in self.groups)
        same: Counter[int] = Counter()
        for (bug, _), count in Counter((bug, group) for (_, bug), group in self.groups).items():
            same[bug] += count * (count - 1) // 2
        shares = [same[bug] / _pairs({bug: count}) for bug, count in bugs.items() if count > 1]
        return sum(shares) / len(shares)

    @property
    def split(self) -> list[tuple[int, int]]:
        """Bugs that are in more than one group: the number of the bug, and of its groups."""
        counts = Counter(bug for bug, _ in {(bug, group) for (_, bug), group in self.groups})
        return [(bug, count) for bug, count in counts.most_common() if count > 1]

    @property
    def mixed(self) -> list[list[int]]:
        """The bugs of groups that hold more than one."""
        bugs: dict[str, set[int]] = {}
        for (_, bug), group in self.groups:
            bugs.setdefault(group, set()).add(bug)
        return sorted(sorted(found) for found in bugs.values() if len(found) > 1)

    def _same(self) -> int:
        return _pairs(Counter((bug, group) for (_, bug), group in self.groups))


def _pairs(counts: Mapping[Any, int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())


@dataclass
class _Told:
    """What the generator said while its posts went by: whose each window is, and the original's key of each session."""

    bug_of: dict[tuple[str, str], int | None]
    keys: dict[str, str]

    def listen(self, told: Iterable[tuple[Batch, int | None]]) -> Iterator[Batch]:
        """Hand posts on and keep what is true of them."""
        session_id, windows = "", list[list[Json]]()
        for batch, bug in told:
            if batch.session_id != session_id:
                self._close(session_id, windows)
                session_id, windows = batch.session_id, []
            self.bug_of[batch.session_id, batch.window_id] = bug
            windows.append(json.loads(batch.body)["events"])
            yield batch
        self._close(session_id, windows)

    def _close(self, session_id: str, windows: list[list[Json]]) -> None:
        if found := key(windows):
            self.keys[session_id] = found

    @property
    def met(self) -> list[Met]:
        """Every time a bug was met."""
        return [(session, bug) for (session, _), bug in self.bug_of.items() if bug is not None]


def main() -> int:
    """Generate, group, print; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10_000)
    number = parser.parse_args().sessions
    told = _Told({}, {})
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        start_ms = int(time.time() * 1000) - 40 * number - 120_000
        megabytes = land(home, told.listen(sessions(number, start_ms))) / 1e6
        with Lake(home) as lake, StateStore.open(home) as state:
            costs = _take(lake, Landing(home), state)
            signals = lake.query("SELECT session_id, window_id, detector, fingerprint FROM signals")
            issues = lake.query("SELECT count(*) FROM issues").item()
            naming_ms = _naming_ms(lake)
    ours = Grouping(frozenset(_groups(signals, told)))
    original = Grouping(frozenset((met, told.keys[met[0]]) for met in told.met if met[0] in told.keys))
    print(f"{number:,} sessions, {megabytes:,.0f} MB, {len(told.met):,} times one of {len(BUGS)} bugs was met")
    _explain(ours, signals, told)
    grouping = sum((costs[stage] for stage in ("clusters", "issues", "incidents")), Cost())
    signals_found = max(signals.height, 1)
    return print_figures(
        [
            Figure("grouping, pairwise precision", ours.precision, "", PRECISION, at_least=True),
            Figure("grouping, pairwise recall", ours.recall, "", RECALL, at_least=True),
            Figure("  recall of a bug, mean over bugs", ours.recall_of_a_bug, ""),
            Figure("  issues", issues, ""),
            Figure("  naming and causes, CPU a signal", naming_ms, "ms", CPU_MS),
            Figure("  clusters, issues, incidents, CPU a signal", 1000 * grouping.cpu_s / signals_found, "ms", CPU_MS),
            Figure("  all detectors, CPU a signal", 1000 * costs["signals"].cpu_s / signals_found, "ms"),
            Figure("the original, pairwise precision", original.precision, ""),
            Figure("the original, pairwise recall", original.recall, ""),
            Figure("  recall of a bug, mean over bugs", original.recall_of_a_bug, ""),
            Figure("  issues", original.number, ""),
        ]
    )


def _take(lake: Lake, landing: Landing, state: StateStore) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    while landing.pending():
        for name, cost in take_road(lake, landing, state).items():
            costs[name] = costs.get(name, Cost()) + cost
    return costs


def _groups(signals: pl.DataFrame, told: _Told) -> Iterator[tuple[Met, str]]:
    for session, window, fingerprint in signals.select("session_id", "window_id", "fingerprint").iter_rows():
        bug = told.bug_of[session, window]
        # A signal where nothing is wrong is a bug of its own, and of nobody else's.
        yield (session, -1 if bug is None else bug), fingerprint


def _naming_ms(lake: Lake) -> float:
    """Milliseconds of processor that naming findings and finding their causes take, a signal."""
    judged = lake.query(f"SELECT {', '.join(REPLAYS.column_names)} FROM replays ORDER BY started_at LIMIT {_TIMED}")
    rules = tuple(map(Rule, enabled_detectors({})))
    read = read_recordings(lake, judged, [rules])
    ordered = replace(read, events=in_order(read.events), page=in_order(read.page))
    found = [rule.find(ordered) for rule in rules]
    started = time.process_time()
    rows = signal_rows(found, judged)
    return 1000 * (time.process_time() - started) / max(rows.height, 1)


def _explain(ours: Grouping, signals: pl.DataFrame, told: _Told) -> None:
    print(f"{signals.height:,} signals")
    seen = {met for met, _ in ours.groups}
    missed = Counter(bug for met in told.met if met not in seen for bug in [met[1]])
    if missed:
        print(f"met without a signal: {sum(missed.values()):,} times")
        for bug, times in missed.most_common(_SHOWN):
            print(f"  {times:>5}  {_told(bug)}")
    for bug, groups in ours.split[:_SHOWN]:
        print(f"split into {groups} issues: {_told(bug)}")
        theirs = [(session, window) for (session, window), met in told.bug_of.items() if met == bug]
        frame = pl.DataFrame(theirs, schema=["session_id", "window_id"], orient="row")
        mine = signals.join(frame, on=["session_id", "window_id"]).group_by("fingerprint", "detector").len()
        for fingerprint, detector, count in mine.sort("len", descending=True).head(_SHOWN).iter_rows():
            print(f"  {count:>5}  {detector}  {fingerprint}")
    for bugs in ours.mixed[:_SHOWN]:
        print("one issue of several bugs: " + " and ".join(map(_told, bugs)))


def _told(bug: int) -> str:
    if bug < 0:
        return "nothing is wrong"
    broken = BUGS[bug]
    what = broken.throws or broken.prints or broken.request or broken.toast or "nothing happens"
    return f"{bug} {broken.control.name} on {broken.route}: {what}"


if __name__ == "__main__":
    sys.exit(main())
