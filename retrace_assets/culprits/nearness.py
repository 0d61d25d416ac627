"""Files next to the ones that clues point at: what they use, and what uses them.

An error is shown where it is caught, a request fails where it is answered: the bug is often one import further.
Belongs here: what nearness is worth. Does not: reading imports (imports).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from retrace_assets.culprits.lookup import Lookup
from retrace_assets.culprits.marks import Mark, tallies

_USED: Final = 0.15
_USING: Final = 0.05
# The files with the most points pass some of it on.
_SOURCES: Final = 10
# What everything uses is next to everything.
_USERS: Final = 40


def nearness_marks(lookup: Lookup, marks: Iterable[Mark]) -> Iterator[Mark]:
    """Marks for the neighbours of the files that have the most points, if they have marks of their own."""
    points = {file: tally.points for file, tally in tallies(marks).items()}
    best: defaultdict[int, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
    for file in sorted(points, key=lambda each: -points[each])[:_SOURCES]:
        own = lookup.paths[file]
        for used in lookup.index.imports[file]:
            if len(lookup.importers.get(used, ())) <= _USERS:
                best[used] = max(best[used], (_USED * points[file], f"{own} uses it"))
        for using in lookup.importers.get(file, ())[:_USERS]:
            best[using] = max(best[using], (_USING * points[file], f"it uses {own}"))
    for file, (worth, reason) in best.items():
        if file in points:
            yield Mark(file, worth, reason)
