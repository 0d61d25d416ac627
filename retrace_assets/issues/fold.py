"""From clusters, decisions and evidence to the rows of `issues`.

Belongs here: what days and fingerprints come to for one bug, and the words for it. Does not: reading the lake (update),
the states (lifecycle) or the shape of evidence (evidence).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from retrace_assets.issues.lifecycle import Standing
from retrace_assets.signals.fingerprint import FAMILIES
from retrace_assets.versions import Bug
from retrace_core.ids import issue_id
from retrace_core.tables import ISSUES

# Up to nine people may share an odd device, a bot or a broken extension; ten on one day have met a fault of the app.
# An exception alone says little about that, an answer of the server or a rage click says it already.
MANY_USERS = 10
_WIDESPREAD = ("console_error",)

_LEVELS = ("low", "medium", "high", "critical")
ROOT = ("project_id", "environment_id", "root")
_TITLE_CHARACTERS = 240


@dataclass(frozen=True)
class Story:
    """What the representative signal and its session add to an issue: JSON texts."""

    evidence: str
    steps: str


def totals(clusters: pl.DataFrame, daily: pl.DataFrame) -> pl.DataFrame:
    """Add up clusters: one row a root, all columns of `issues` that follow from clusters alone.

    `clusters` are rows of `clusters` with `root`, the fingerprint they are merged into; `daily` has one row a root and
    day with its distinct `sessions` and `users`, which clusters of merged fingerprints do not add up to.
    """
    # What is said of a bug comes from the fingerprint that others were merged into, on its first day.
    ordered = clusters.sort(*ROOT, pl.col("fingerprint") != pl.col("root"), "first_at", "day", "fingerprint")
    counted = daily.group_by(*ROOT).agg(
        pl.col("sessions").sum().cast(pl.Int64),
        pl.col("users").sum().cast(pl.Int64),
        pl.col("users").max().alias("most_users"),
        pl.len().cast(pl.Int32).alias("days"),
    )
    first = ("detector", "title", "route", "session_id", "signal_id", "day", "started_at", "fingerprint_version")
    by_time = ordered.filter(pl.col("first_release").is_not_null())
    releases = by_time.group_by(*ROOT).agg(
        pl.col("first_release").sort_by("first_at", "fingerprint").first(),
        pl.col("last_release").sort_by("last_at", "fingerprint").last(),
    )
    return (
        ordered.group_by(*ROOT, maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in first),
            pl.col("detectors").explode().unique().sort(),
            _highest("severity"),
            _highest("confidence"),
            pl.col("signals").sum().cast(pl.Int64),
            pl.col("first_at").min(),
            pl.col("last_at").max(),
        )
        .join(counted, on=ROOT, how="left", maintain_order="left")
        .join(releases, on=ROOT, how="left", maintain_order="left")
        .with_columns(severity=_widespread())
    )


def _highest(level: str) -> pl.Expr:
    return pl.col(level).cast(pl.Enum(_LEVELS)).max().cast(pl.String)


def _widespread() -> pl.Expr:
    raised = (
        pl.col("detector").is_in(_WIDESPREAD) & (pl.col("severity") == "medium") & (pl.col("most_users") >= MANY_USERS)
    )
    return pl.when(raised).then(pl.lit("high")).otherwise(pl.col("severity"))


def issue_row(total: Mapping[str, Any], members: Iterable[Bug], standing: Standing, story: Story) -> dict[str, Any]:
    """One row of `issues` for a bug that has signals."""
    row = {
        **total,
        "issue_id": issue_id(total["project_id"], total["environment_id"], total["root"]),
        "fingerprint": total["root"],
        "fingerprints": [member.fingerprint for member in members],
        "status": standing.status,
        "resolved_at": standing.resolved_at,
        "title": total["title"][:_TITLE_CHARACTERS],
        "summary": summary(total),
        "evidence": story.evidence,
        "steps": story.steps,
    }
    return {name: row[name] for name in ISSUES.column_names}


def withdrawn_row(bug: Bug, members: Iterable[Bug], previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """One row of `issues` for a bug that people know by its incident id and that no signal is left of.

    It keeps the words it had in `previous`, its row so far; counts and times are gone with the signals.
    """
    kept = ("title", "route", "detector", "detectors", "severity", "confidence")
    row: dict[str, Any] = dict.fromkeys(ISSUES.column_names)
    row |= {"title": "No longer found", "severity": "low", "confidence": "low", "detectors": []}
    row |= {name: previous[name] for name in kept} if previous else {}
    return row | {
        "project_id": bug.project_id,
        "environment_id": bug.environment_id,
        "issue_id": issue_id(*bug),
        "fingerprint": bug.fingerprint,
        "fingerprints": [member.fingerprint for member in members],
        "status": Standing("withdrawn").status,
        "summary": "No signal of it is left: the rules or the recordings it came from have changed.",
        "signals": 0,
        "sessions": 0,
        "users": 0,
        "days": 0,
        "evidence": "{}",
        "steps": "[]",
    }


def summary(total: Mapping[str, Any]) -> str:
    """Say in one paragraph what happens, how often, to whom and since when."""
    sentences = [
        f"{total['title']}.",
        f"Seen in {_count(total['sessions'], 'session')} of {_count(total['users'], 'user')} "
        f"{_span(total['days'], total['first_at'], total['last_at'])}.",
    ]
    others = [detector for detector in total["detectors"] if detector != total["detector"]]
    # Detectors of one family see the same fault; the others saw what came of it.
    beside = [detector for detector in others if _family(detector) == _family(total["detector"])]
    after = [detector for detector in others if detector not in beside]
    if others:
        followed = f"; {' and '.join(after)} followed from it" if after else ""
        sentences.append(f"Found by {' and '.join((total['detector'], *beside))}{followed}.")
    if total["first_release"]:
        sentences.append(_releases(total["first_release"], total["last_release"]))
    return " ".join(sentences)


def _family(detector: str) -> str:
    return FAMILIES.get(detector, detector)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _span(days: int, first: datetime, last: datetime) -> str:
    if first.date() == last.date():
        return f"on {first.date()}"
    return f"on {_count(days, 'day')} from {first.date()} to {last.date()}"


def _releases(first: str, last: str) -> str:
    return f"Release {first}." if first == last else f"Releases {first} to {last}."
