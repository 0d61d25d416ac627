"""A mark: one reason why one file may hold the bug, with what it is worth.

Belongs here: marks, and adding them up. Does not: making them (one module a kind of clue).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Mark(NamedTuple):
    """So many points for a file, by its place; a mark without a reason is told by others of the same kind."""

    file: int
    points: float
    reason: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The marks of one file: points together, reasons and line of the weightiest first."""

    points: float
    reasons: tuple[str, ...]
    line: int | None


def tallies(marks: Iterable[Mark]) -> dict[int, Tally]:
    """Add up marks by file."""
    by_file: defaultdict[int, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_file[mark.file].append(mark)
    return {file: _tally(own) for file, own in by_file.items()}


def scaled(points: Mapping[int, float], most: float) -> dict[int, float]:
    """Points in proportion, so that the highest is `most`."""
    highest = max(points.values(), default=0.0)
    return {file: most * value / highest for file, value in points.items()} if highest > 0 else {}


def _tally(marks: Iterable[Mark]) -> Tally:
    ordered = sorted(marks, key=lambda mark: (-mark.points, mark.reason))
    reasons = dict.fromkeys(mark.reason for mark in ordered if mark.reason)
    line = next((mark.line for mark in ordered if mark.line is not None), None)
    return Tally(sum(mark.points for mark in ordered), tuple(reasons), line)
