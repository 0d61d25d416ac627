"""An index that is open: what the kinds of clues look things up in.

Belongs here: opening it. Does not: what is looked for (query), or what it is worth (the modules of the clues).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from retrace_assets.culprits.postings import Searcher
from retrace_assets.culprits.routes.route import Route, segments
from retrace_assets.culprits.source_index import SourceIndex


class Lookup:
    """The index of a commit, with what is worked out once."""

    def __init__(self, index: SourceIndex) -> None:
        """Open an index."""
        self.index = index
        self.paths: Sequence[str] = index.paths
        self.words = Searcher(index.words)
        self.names = Searcher(index.names)
        self.told = Searcher(index.told)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each path."""
        return {path: place for place, path in enumerate(self.paths)}

    @cached_property
    def importers(self) -> Mapping[int, Sequence[int]]:
        """The files that use a file."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for place, used in enumerate(self.index.imports):
            for each in used:
                found[each].append(place)
        return found

    @cached_property
    def routes(self) -> Sequence[tuple[tuple[str, ...], Route]]:
        """Every route, with its template in segments."""
        return [(segments(route.path), route) for route in self.index.routes]

    def rarity(self, term: str) -> float:
        """How much a term tells, in files or, if it stands in none, in their names."""
        return self.words.rarity(term) or self.names.rarity(term)
