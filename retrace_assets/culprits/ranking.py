"""Source files that may hold an incident's bug, the likeliest first.

In two steps: the index gives a hundred files that any clue points at; these are read, and every kind of clue marks
them. Belongs here: the order of the steps. Does not: what a clue is worth (its module), or reading git (update).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.literals import literal_marks
from retrace_assets.culprits.lookup import Lookup
from retrace_assets.culprits.marks import Mark, Tally, scaled, tallies
from retrace_assets.culprits.nearness import nearness_marks
from retrace_assets.culprits.owners import owners_of
from retrace_assets.culprits.passages import Reader, Reading
from retrace_assets.culprits.past import past_marks
from retrace_assets.culprits.query import query_of, spellings
from retrace_assets.culprits.routed import route_marks
from retrace_assets.culprits.source_index import SourceIndex
from retrace_assets.culprits.stack import stack_marks
from retrace_assets.culprits.translations import MOST_FILES, translation_keys
from retrace_core.culprit import Culprit

TOP: Final = 8
READ: Final = 100

_WORDS: Final = 1.0
_NAMES: Final = 0.4
_PASSAGE: Final = 0.5
_WORDS_TOLD: Final = 5

Texts = Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]
"""Reads files of the commit that was indexed."""


def rank(index: SourceIndex, clues: Clues, texts: Texts, *, top: int = TOP) -> tuple[Culprit, ...]:
    """The files that clues point at, each with its reasons; none where they say nothing."""
    lookup = Lookup(index)
    keys = translation_keys(texts(index.translations[:MOST_FILES]), clues.shown) if clues.shown else []
    query = query_of(clues, keys)
    marks = [*stack_marks(lookup, clues.frames), *route_marks(lookup, clues), *_name_marks(lookup, query)]
    past = list(past_marks(lookup, clues, query))
    shortlist = _shortlist([*marks, *_first_look(lookup, query)])
    contents = dict(texts([lookup.paths[file] for file in shortlist]))
    marks += _word_marks(lookup, clues, query, contents)
    marks += literal_marks(lookup, clues, keys, contents)
    # That a file changed lately is no reason by itself.
    pointed_at = {mark.file for mark in marks}
    marks += [mark for mark in past if mark.file in pointed_at]
    marks += nearness_marks(lookup, marks)
    best = sorted(tallies(marks).items(), key=lambda each: (-each[1].points, lookup.paths[each[0]]))
    return tuple(_culprit(index, number, *each) for number, each in enumerate(best[:top], start=1))


def _culprit(index: SourceIndex, number: int, file: int, tally: Tally) -> Culprit:
    path = index.paths[file]
    return Culprit(
        rank=number,
        path=path,
        score=round(tally.points, 3),
        line=tally.line,
        reasons=tally.reasons,
        owners=owners_of(path, index.owners),
    )


def _first_look(lookup: Lookup, query: Mapping[str, float]) -> Iterator[Mark]:
    for file, points in scaled(lookup.words.scores(query), _WORDS).items():
        yield Mark(file, points)


def _shortlist(marks: Iterable[Mark]) -> list[int]:
    points: defaultdict[int, float] = defaultdict(float)
    for mark in marks:
        points[mark.file] += mark.points
    return [file for file, _ in sorted(points.items(), key=lambda each: (-each[1], each[0]))[:READ]]


def _name_marks(lookup: Lookup, query: Mapping[str, float]) -> Iterator[Mark]:
    for file, points in scaled(lookup.names.scores(query), _NAMES).items():
        yield Mark(file, points)


def _word_marks(
    lookup: Lookup, clues: Clues, query: Mapping[str, float], contents: Mapping[str, bytes]
) -> Iterator[Mark]:
    """Marks for what files say, where it stands together, and what they define."""
    worth = {term: weight * lookup.rarity(term) for term, weight in query.items()}
    reader = Reader({term: value for term, value in worth.items() if value > 0})
    readings = {lookup.places[path]: reader.read(content) for path, content in contents.items()}
    spelled = spellings(clues)
    words = scaled({file: _words_worth(lookup, file, reading, worth) for file, reading in readings.items()}, _WORDS)
    passages = scaled({file: reading.worth for file, reading in readings.items()}, _PASSAGE)
    for file, points in words.items():
        yield Mark(file, points, _told(readings[file], worth, spelled))
    for file, points in passages.items():
        yield Mark(file, points, line=readings[file].line)


def _words_worth(lookup: Lookup, file: int, reading: Reading, worth: Mapping[str, float]) -> float:
    """BM25 of a file, where what it defines counts for more."""
    length = lookup.words.length(file)
    total = 0.0
    for term, count in reading.counts.items():
        often = (count + 2 * reading.defined[term]) / length
        total += worth[term] * often / (often + 1.2)
    return total


def _told(reading: Reading, worth: Mapping[str, float], spelled: Mapping[str, str]) -> str:
    found = sorted((term for term in reading.counts if term in spelled), key=lambda term: (-worth[term], term))
    if not found:
        return ""
    defined = [term for term in found if reading.defined[term]]
    first = [*defined[:2], *(term for term in found if term not in defined[:2])][:_WORDS_TOLD]
    return f"it speaks of {', '.join(spelled[term] for term in first)}"
