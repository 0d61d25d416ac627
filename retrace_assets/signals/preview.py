"""What other rules would find: stored sessions judged twice, as the rules are and as is proposed; nothing is written.

Belongs here: the comparison, and what it comes to for issues and incidents. Does not: making the proposed rules
(rules), or showing the difference (difference, the faces).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import polars as pl

from retrace_assets.signals.detector import Recordings
from retrace_assets.signals.findings import in_order
from retrace_assets.signals.judging import judged_alike
from retrace_assets.signals.reading import read_recordings
from retrace_assets.signals.rows import signal_rows
from retrace_assets.signals.rules import Rules, RuleSet
from retrace_assets.signals.splits import splits_now
from retrace_assets.versions import read_versions
from retrace_core.tables import REPLAYS
from retrace_resources.lake import Lake

# Judged together: 2,000 sessions of 300 events are some 100 MB in memory.
SESSIONS_AT_ONCE: Final = 2_000
EXAMPLES_KEPT: Final = 5

_TENANT: Final = ("project_id", "environment_id")
_BUG: Final = (*_TENANT, "fingerprint")

OnProgress = Callable[[int, int], None]


class Bug(NamedTuple):
    """A fingerprint in its project and environment."""

    project_id: str
    environment_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A signal that only one side has."""

    signal_id: str
    fingerprint: str
    detector: str
    day: date
    session_id: str
    occurred_at: datetime
    message: str
    counterfactual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BugChange:
    """A bug that would come or go; `incident_id` is empty while it has none."""

    project_id: str
    environment_id: str
    fingerprint: str
    incident_id: str
    detector: str
    title: str
    signals: int
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The difference the proposed rules make: totals, then what comes and goes.

    `regrouped` counts signals that stay and become part of another bug. An issue is gained or lost when none of its
    signals were there before or are left, on any day; an incident when that holds for all issues merged into it.
    """

    days: Sequence[date]
    sessions: int
    signals_before: int
    signals_after: int
    signals_gained: int
    signals_lost: int
    signals_regrouped: int
    gained: Sequence[Example]
    lost: Sequence[Example]
    issues_gained: Sequence[BugChange]
    issues_lost: Sequence[BugChange]
    incidents_gained: Sequence[BugChange]
    incidents_lost: Sequence[BugChange]


@dataclass(slots=True)
class _Side:
    """What one of the two sets of rules found of a bug."""

    signals: int = 0
    sessions: int = 0
    detector: str = ""
    title: str = ""


@dataclass
class _Sums:
    """What was counted so far."""

    sessions: int = 0
    signals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("before", "after", "gained", "lost"), 0))
    regrouped: int = 0
    examples: dict[str, list[Example]] = field(default_factory=lambda: {"gained": [], "lost": []})
    bugs: dict[str, dict[Bug, _Side]] = field(default_factory=lambda: {"before": {}, "after": {}})

    def add(self, before: pl.DataFrame, after: pl.DataFrame) -> None:
        """Count what two sets of rules found in the same sessions."""
        key = (*_TENANT, "signal_id")
        gained, lost = after.join(before, on=key, how="anti"), before.join(after, on=key, how="anti")
        for side, rows in {"before": before, "after": after, "gained": gained, "lost": lost}.items():
            self.signals[side] += rows.height
        both = before.select(*key, old="fingerprint").join(after.select(*key, new="fingerprint"), on=key)
        self.regrouped += both.filter(pl.col("old") != pl.col("new")).height
        for name, rows in {"gained": gained, "lost": lost}.items():
            _keep_examples(self.examples[name], rows)
        for side, rows in {"before": before, "after": after}.items():
            _count_bugs(self.bugs[side], rows)


def preview(
    lake: Lake, days: Sequence[date], current: Rules, proposed: Rules, on_progress: OnProgress = lambda _, __: None
) -> Preview:
    """Judge the stored sessions of some UTC days by two sets of rules and say what differs.

    Days whose events were pruned keep their signals. `on_progress` is told sessions done and all sessions, where only
    those count that the two would judge differently.
    """
    current = replace(current, splits=splits_now(current.splits, read_versions(lake)))
    judged_days = kept_days(lake, days)
    sessions = _concerned(lake, judged_days, current, proposed)
    sums = _Sums()
    on_progress(0, sessions.height)
    for part in sessions.iter_slices(SESSIONS_AT_ONCE):
        for before, after in _judged(lake, part, current, proposed):
            sums.add(before, after)
        sums.sessions += part.height
        on_progress(sums.sessions, sessions.height)
    issues, incidents = _changed_bugs(lake, judged_days, sums)
    return Preview(
        days=judged_days,
        sessions=sums.sessions,
        signals_before=sums.signals["before"],
        signals_after=sums.signals["after"],
        signals_gained=sums.signals["gained"],
        signals_lost=sums.signals["lost"],
        signals_regrouped=sums.regrouped,
        gained=sums.examples["gained"],
        lost=sums.examples["lost"],
        issues_gained=issues.gained,
        issues_lost=issues.lost,
        incidents_gained=incidents.gained,
        incidents_lost=incidents.lost,
    )


def kept_days(lake: Lake, days: Sequence[date] = ()) -> list[date]:
    """The UTC days, of some or of all, that still have events to judge; oldest first."""
    rows = lake.query(
        "SELECT DISTINCT day FROM replay_events WHERE len($days) = 0 OR list_contains($days, day) ORDER BY day",
        {"days": list(days)},
    )
    return rows["day"].to_list()


def compare(
    recordings: Recordings, sessions: pl.DataFrame, current: RuleSet, proposed: RuleSet, rules: Rules
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `signals` by both sets of rules; a rule that is in both judges once. `rules` say what was split."""
    ordered = replace(recordings, events=in_order(recordings.events))
    found = {rule: rule.find(ordered) for rule in {*current, *proposed}}
    before, after = (
        signal_rows([found[rule] for rule in side], sessions, rules.splits) for side in (current, proposed)
    )
    return before, after


def _concerned(lake: Lake, days: Sequence[date], current: Rules, proposed: Rules) -> pl.DataFrame:
    """Rows of `replays` of these days, of environments that the two judge differently, in the order they began."""
    tenants = lake.query(
        f"SELECT DISTINCT {', '.join(_TENANT)} FROM replays WHERE list_contains(?, day) ORDER BY ALL", [list(days)]
    )
    different = [tenant for tenant in tenants.iter_rows() if current.of(*tenant) != proposed.of(*tenant)]
    wanted = pl.DataFrame(different, schema=dict.fromkeys(_TENANT, pl.String), orient="row")
    return lake.query(
        f"SELECT {', '.join(REPLAYS.column_names)} FROM replays SEMI JOIN wanted USING ({', '.join(_TENANT)}) "
        "WHERE list_contains(?, day) ORDER BY started_at, session_id",
        [list(days)],
        wanted=wanted,
    )


def _judged(
    lake: Lake, sessions: pl.DataFrame, current: Rules, proposed: Rules
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    recordings = read_recordings(lake, sessions, current.of_all(sessions) | proposed.of_all(sessions))

    def both(project_id: str, environment_id: str) -> tuple[RuleSet, RuleSet]:
        return current.of(project_id, environment_id), proposed.of(project_id, environment_id)

    for (before, after), judged, theirs in judged_alike(recordings, sessions, both):
        yield compare(theirs, judged, before, after, current)


def _keep_examples(kept: list[Example], rows: pl.DataFrame) -> None:
    """Keep the first of each bug, so that the examples differ."""
    known = {example.fingerprint for example in kept}
    for row in rows.unique("fingerprint", keep="first", maintain_order=True).iter_rows(named=True):
        if len(kept) < EXAMPLES_KEPT and row["fingerprint"] not in known:
            kept.append(Example(**{name: row[name] for name in Example.__dataclass_fields__}))


def _count_bugs(bugs: dict[Bug, _Side], rows: pl.DataFrame) -> None:
    # The cause before its consequences gives the title, as in clusters.
    counted = (
        rows.sort(pl.col("cause").is_not_null(), "occurred_at", "signal_id")
        .group_by(*_BUG, maintain_order=True)
        .agg(pl.len(), pl.col("session_id").n_unique(), pl.col("detector", "message").first())
    )
    for *bug, signals, sessions, detector, title in counted.iter_rows():
        side = bugs.setdefault(Bug(*bug), _Side(detector=detector, title=title))
        side.signals += signals
        side.sessions += sessions


@dataclass(frozen=True, slots=True)
class _Changed:
    gained: list[BugChange]
    lost: list[BugChange]


def _changed_bugs(lake: Lake, days: Sequence[date], sums: _Sums) -> tuple[_Changed, _Changed]:
    """The issues and the incidents that come and go."""
    before, after = sums.bugs["before"], sums.bugs["after"]
    moved = [bug for bug in {**before, **after} if (bug in before) != (bug in after)]
    known = _known_bugs(lake, days, moved)
    issues = _Changed([], [])
    for bug in moved:
        if known.elsewhere.get(bug):
            continue
        incident = known.incidents.get(known.roots.get(bug, bug), "")
        to, found = (issues.gained, after[bug]) if bug in after else (issues.lost, before[bug])
        to.append(_change(bug, found, incident))
    incidents = _Changed([], [])
    for root in dict.fromkeys(known.roots.get(bug, bug) for bug in moved):
        members = known.members.get(root, [root])
        outside = any(known.elsewhere.get(member) for member in members)
        was, will = (_total(side, members) for side in (before, after))
        if outside or bool(was.signals) == bool(will.signals):
            continue
        to, found = (incidents.gained, will) if will.signals else (incidents.lost, was)
        to.append(_change(root, found, known.incidents.get(root, "")))
    return _by_size(issues), _by_size(incidents)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the lake knows of bugs: which are one, their incidents, and which have signals on other days."""

    roots: Mapping[Bug, Bug]
    members: Mapping[Bug, list[Bug]]
    incidents: Mapping[Bug, str]
    elsewhere: Mapping[Bug, int]


def _known_bugs(lake: Lake, days: Sequence[date], bugs: Iterable[Bug]) -> _Known:
    wanted = pl.DataFrame(list(bugs), schema=dict.fromkeys(_BUG, pl.String), orient="row")
    groups = lake.query(
        "SELECT issue.project_id, issue.environment_id, issue.fingerprint AS root, issue.fingerprints, incident_id "
        "FROM issues AS issue LEFT JOIN incidents USING (project_id, environment_id, fingerprint) "
        "WHERE EXISTS (SELECT 1 FROM wanted WHERE wanted.project_id = issue.project_id "
        "AND wanted.environment_id = issue.environment_id AND list_contains(issue.fingerprints, wanted.fingerprint))",
        wanted=wanted,
    )
    roots: dict[Bug, Bug] = {}
    members: dict[Bug, list[Bug]] = {}
    incidents: dict[Bug, str] = {}
    for project_id, environment_id, fingerprint, fingerprints, incident_id in groups.iter_rows():
        root = Bug(project_id, environment_id, fingerprint)
        members[root] = [root._replace(fingerprint=member) for member in fingerprints]
        roots |= dict.fromkeys(members[root], root)
        incidents[root] = incident_id or ""
    asked = pl.DataFrame([*wanted.iter_rows(), *roots], schema=wanted.schema, orient="row").unique()
    counted = lake.query(
        f"SELECT {', '.join(_BUG)}, sum(signals)::BIGINT FROM clusters SEMI JOIN asked USING ({', '.join(_BUG)}) "
        "WHERE NOT list_contains(?, day) GROUP BY ALL",
        [list(days)],
        asked=asked,
    )
    return _Known(roots, members, incidents, {Bug(*row[:3]): row[3] for row in counted.iter_rows()})


def _total(side: Mapping[Bug, _Side], members: Iterable[Bug]) -> _Side:
    found = [side[member] for member in members if member in side]
    first = found[0] if found else _Side()
    return _Side(sum(each.signals for each in found), sum(each.sessions for each in found), first.detector, first.title)


def _change(bug: Bug, found: _Side, incident_id: str) -> BugChange:
    counts: dict[str, Any] = {name: getattr(found, name) for name in ("signals", "sessions", "detector", "title")}
    return BugChange(**bug._asdict(), incident_id=incident_id, **counts)


def _by_size(changed: _Changed) -> _Changed:
    for changes in (changed.gained, changed.lost):
        changes.sort(key=lambda change: (-change.sessions, -change.signals, change.fingerprint))
    return changed
