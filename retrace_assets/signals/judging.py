"""Judging sessions of many environments by the rules of each.

Belongs here: which sessions are judged together. Does not: what is read of them (reading), a rule (rules), or the shape
of a signal (rows).
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TypeVar

import polars as pl

from retrace_assets.signals.detector import Recordings
from retrace_assets.signals.rows import find_signals
from retrace_assets.signals.rules import Rules
from retrace_core.tables import SIGNALS

_TENANT = ("project_id", "environment_id")

KeyT = TypeVar("KeyT")


def judge(recordings: Recordings, sessions: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Rows of `signals` for sessions given as rows of `replays`, each by the rules in force where it belongs."""
    found = [
        find_signals(theirs, judged, rule_set, rules.splits)
        for rule_set, judged, theirs in judged_alike(recordings, sessions, rules.of)
    ]
    if not found:
        return pl.DataFrame(SIGNALS.arrow_schema.empty_table())
    return pl.concat(found).sort("started_at", "session_id", "occurred_at", "signal_id")


def judged_alike(
    recordings: Recordings, sessions: pl.DataFrame, rules_of: Callable[[str, str], KeyT]
) -> Iterator[tuple[KeyT, pl.DataFrame, Recordings]]:
    """Group sessions, with their recordings, by what judges them."""
    tenants = sessions.select(_TENANT).unique(maintain_order=True)
    groups: dict[KeyT, list[tuple[str, ...]]] = {}
    for tenant in tenants.iter_rows():
        groups.setdefault(rules_of(*tenant), []).append(tenant)
    for key, members in groups.items():
        if len(groups) == 1:
            yield key, sessions, recordings
            return
        mine = pl.DataFrame(members, schema=dict.fromkeys(_TENANT, pl.String), orient="row")
        frames = {field.name: getattr(recordings, field.name) for field in fields(recordings)}
        theirs = {name: frame.join(mine, on=_TENANT, how="semi") for name, frame in frames.items()}
        yield key, sessions.join(mine, on=_TENANT, how="semi"), Recordings(**theirs)
