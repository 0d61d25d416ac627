"""Which fingerprint a bug goes by now: fingerprints of earlier versions, and what became of each.

Belongs here: learning it from signals that were judged anew, and the answers. Does not: how a fingerprint is made
(signals.fingerprint), or what follows for issues and incidents (their folders).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import polars as pl

from retrace_assets.follow import rows_of
from retrace_core.tables import FINGERPRINT_VERSIONS
from retrace_resources.lake import Lake, Reading, Transaction

_SIGNAL: Final = ("project_id", "environment_id", "signal_id")
_EDGE: Final = ("project_id", "environment_id", "old_fingerprint", "fingerprint", "sessions")


class Bug(NamedTuple):
    """A fingerprint in its project and environment."""

    project_id: str
    environment_id: str
    fingerprint: str


@dataclass(frozen=True)
class Versions:
    """What became of fingerprints of earlier versions; one that no later version is known of is its own."""

    _now: Mapping[Bug, Bug] = field(default_factory=dict)
    _earlier: Mapping[Bug, tuple[Bug, ...]] = field(default_factory=dict)
    # Every fingerprint that signals of one have gone over to, whether or not most of them did; and the other way.
    _after: Mapping[Bug, tuple[Bug, ...]] = field(default_factory=dict)
    _before: Mapping[Bug, tuple[Bug, ...]] = field(default_factory=dict)

    def now(self, bug: Bug) -> Bug:
        """The fingerprint it goes by now."""
        return self._now.get(bug, bug)

    def names(self, bug: Bug) -> tuple[Bug, ...]:
        """A fingerprint of now, and all earlier ones that have become it."""
        return (bug, *self._earlier.get(bug, ()))

    def line(self, bug: Bug) -> list[Bug]:
        """The names one bug had from this one on, others that have become the same bug left out."""
        now = self.now(bug)
        return [name for name in _reached([bug], self._after) if self.now(name) == now]

    def oldest(self, bug: Bug, incident_ids: Mapping[str, str]) -> Bug:
        """Of its names the one that has an incident id for longest, else the bug; `incident_ids` is oldest first."""
        names = {name.fingerprint: name for name in self.names(bug)}
        if len(names) == 1:
            return bug
        return next((names[fingerprint] for fingerprint in incident_ids if fingerprint in names), bug)

    def affected(self, bugs: Iterable[Bug]) -> list[Bug]:
        """Some bugs as they go by now, and those that may have had or may get a name that is among them."""
        wanted = list(dict.fromkeys(bugs))
        earlier = [bug for bug in wanted if bug in self._after]
        reached = _reached(_reached(earlier, self._before), self._after)
        return list(dict.fromkeys(self.now(bug) for bug in (*wanted, *reached)))


def read_versions(reader: Lake | Reading) -> Versions:
    """What is known by now."""
    # Of an empty table the catalog is asked for each column's statistics, at every query: 13 ms of processor.
    if reader.query("SELECT 1 FROM fingerprint_versions").is_empty():
        return Versions()
    rows = reader.query(
        f"SELECT {', '.join(_EDGE)} FROM fingerprint_versions "
        "ORDER BY old_version DESC, project_id, environment_id, old_fingerprint, fingerprint"
    )
    return versions_of(rows)


def versions_of(rows: pl.DataFrame) -> Versions:
    """What became of fingerprints, given rows of `fingerprint_versions`, the latest `old_version` first.

    An earlier fingerprint goes over to the one that most sessions with its signals went over to, the first by name of
    equals; where that has gone over to a later one, to that.
    """
    votes: dict[Bug, Counter[Bug]] = {}
    before: dict[Bug, list[Bug]] = {}
    for project_id, environment_id, old, new, sessions in rows.select(_EDGE).iter_rows():
        was, became = Bug(project_id, environment_id, old), Bug(project_id, environment_id, new)
        votes.setdefault(was, Counter())[became] += sessions
        before.setdefault(became, []).append(was)
    now: dict[Bug, Bug] = {}
    earlier: dict[Bug, list[Bug]] = {}
    # Later versions first, so that what an earlier one became is followed to its end.
    for was, counted in votes.items():
        ends = Counter[Bug]()
        for became, sessions in counted.items():
            ends[now.get(became, became)] += sessions
        now[was] = min(ends, key=lambda end: (-ends[end], end))
        earlier.setdefault(now[was], []).append(was)
    return Versions(now, _tuples(earlier), _tuples(votes), _tuples(before))


def learn_versions(transaction: Transaction, changed: pl.DataFrame) -> bool:
    """Note which fingerprints went over to which, given the rows of `signals` that went and came; whether any did.

    A signal keeps its id whatever its fingerprint. Only first causes count, and no signals that people have split off:
    those follow their cause and their split.
    """
    if changed["fingerprint_version"].n_unique() < 2:
        return False
    first = pl.col("cause").is_null() & (pl.col("fingerprint") == pl.col("own_fingerprint"))
    went = changed.filter(first).select(
        *_SIGNAL, "session_id", old_fingerprint="fingerprint", old_version="fingerprint_version"
    )
    counted = (
        went.join(changed.select(*_SIGNAL, "fingerprint", "fingerprint_version"), on=_SIGNAL)
        .filter(
            pl.col("old_version") < pl.col("fingerprint_version"), pl.col("old_fingerprint") != pl.col("fingerprint")
        )
        .group_by(name for name in FINGERPRINT_VERSIONS.column_names if name != "sessions")
        .agg(pl.col("session_id").n_unique().cast(pl.Int64).alias("sessions"))
        .select(FINGERPRINT_VERSIONS.column_names)
    )
    if counted.is_empty():
        return False
    known = rows_of(transaction, FINGERPRINT_VERSIONS, counted.select(FINGERPRINT_VERSIONS.key))
    summed = (
        pl.concat([known, counted])
        .group_by(pl.exclude("sessions"))
        .agg(pl.col("sessions").sum())
        .sort(FINGERPRINT_VERSIONS.key)
    )
    transaction.replace(FINGERPRINT_VERSIONS, summed.select(FINGERPRINT_VERSIONS.key), summed)
    return True


def _reached(bugs: Iterable[Bug], edges: Mapping[Bug, Iterable[Bug]]) -> list[Bug]:
    """Some bugs and all that lie behind them."""
    found = dict.fromkeys(bugs)
    waiting = list(found)
    while waiting:
        new = [bug for bug in edges.get(waiting.pop(), ()) if bug not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return list(found)


def _tuples(groups: Mapping[Bug, Iterable[Bug]]) -> dict[Bug, tuple[Bug, ...]]:
    return {bug: tuple(members) for bug, members in groups.items()}
