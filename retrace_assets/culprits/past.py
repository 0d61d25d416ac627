"""Files that changed lately, and files that changed when the same was spoken of.

Belongs here: what the history says. Does not: reading it (retrace_resources.repository).
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.lookup import Lookup
from retrace_assets.culprits.marks import Mark, scaled
from retrace_resources.repository import Change

_RECENT: Final = 0.2
_TOLD: Final = 0.15
# After so many days a change is a third as likely to have brought a bug that is seen now.
_DAYS: Final = 60
# What touches more files is a move or a format, and says nothing of any one.
_FILES_A_CHANGE: Final = 30
_TOLD_KEPT: Final = 3
_SHA_CHARS: Final = 7


def past_marks(lookup: Lookup, clues: Clues, query: Mapping[str, float]) -> Iterator[Mark]:
    """Marks for files of changes that were made before the incident was first seen."""
    changes = _before(lookup.index.changes, clues)
    if not changes:
        return
    newest = clues.first_seen_at or changes[0].at
    recent: defaultdict[int, float] = defaultdict(float)
    latest: dict[int, Change] = {}
    for change in changes:
        for place in _touched(lookup, change):
            recent[place] += math.exp(-max((newest - change.at).days, 0) / _DAYS)
            latest.setdefault(place, change)
    told = {file: math.log1p(worth) for file, worth in recent.items()}
    for file, points in scaled(told, _RECENT).items():
        change = latest[file]
        yield Mark(file, points, f"it was changed on {change.at:%Y-%m-%d} ({change.sha[:10]})")
    yield from _told_marks(lookup, changes, query)


def _told_marks(lookup: Lookup, changes: Sequence[Change], query: Mapping[str, float]) -> Iterator[Mark]:
    allowed = {change.sha for change in changes}
    found: defaultdict[int, list[tuple[float, Change]]] = defaultdict(list)
    for number, worth in lookup.told.scores(query).items():
        change = lookup.index.changes[number]
        touched = _touched(lookup, change) if change.sha in allowed else []
        for place in touched:
            found[place].append((worth / math.sqrt(len(touched)), change))
    best = {file: sorted(worths, key=lambda each: -each[0])[:_TOLD_KEPT] for file, worths in found.items()}
    for file, points in scaled({file: sum(worth for worth, _ in kept) for file, kept in best.items()}, _TOLD).items():
        change = best[file][0][1]
        yield Mark(file, points, f"it was changed for something alike: “{change.subject[:80]}” ({change.sha[:10]})")


def _before(changes: Sequence[Change], clues: Clues) -> Sequence[Change]:
    """The changes that can have to do with it: up to its release, or else up to when it was first seen."""
    if len(clues.release) >= _SHA_CHARS:
        for place, change in enumerate(changes):
            if change.sha.startswith(clues.release) or clues.release.endswith(change.sha[:_SHA_CHARS]):
                return changes[place:]
    at = clues.first_seen_at
    return [change for change in changes if change.at <= at] if at is not None else changes


def _touched(lookup: Lookup, change: Change) -> list[int]:
    if len(change.paths) > _FILES_A_CHANGE:
        return []
    return [lookup.places[path] for path in change.paths if path in lookup.places]
