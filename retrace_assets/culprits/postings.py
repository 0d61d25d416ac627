"""Which terms stand in which documents, in flat arrays, and BM25 over them.

An index of 50,000 files has some twenty million postings, which no reader should have to unpack for the fifty terms it
asks for. Belongs here: building, looking up, scoring. Does not: what terms or documents are (words, source_index).
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
import polars as pl
import pyarrow as pa

# Of BM25 (Robertson and Zaragoza 2009): how soon more of the same term stops to count, and how far length is a reason
# to have more of it.
_SATURATION: Final = 1.2
_LENGTH: Final = 0.6
_MOST_COUNTED: Final = 255
# Terms are more than words, and adding them up takes memory: some 200 MB for so many.
_WORDS_AT_ONCE: Final = 2_000_000
_DOCUMENTS: Final = 1 << 32


class Postings(msgspec.Struct, frozen=True):
    """Documents by term: `starts` (one more than terms) and `documents` are unsigned 32 bit, `counts` are bytes.

    `lengths` is how many words each document has.
    """

    terms: list[str]
    starts: bytes
    documents: bytes
    counts: bytes
    lengths: bytes


class PostingsBuilder:
    """Takes documents one after the other, numbered from 0, as counted words.

    What terms a word has is asked once a word; terms are added up by Polars, in parts.
    """

    def __init__(self, terms_of_word: Callable[[str], Iterable[str]]) -> None:
        """Count words by the terms each has."""
        self._terms_of_word = terms_of_word
        self._lengths = array("I")
        self._words = _Numbers()
        # Of each word in each document: which, in which, and how often.
        self._numbers, self._documents, self._counts = array("I"), array("I"), array("I")

    def add(self, counted: Counter[bytes]) -> None:
        """Add the next document."""
        self._numbers.extend(map(self._words.__getitem__, counted))
        self._documents.extend(array("I", [len(self._lengths)]) * len(counted))
        self._counts.extend(counted.values())
        self._lengths.append(counted.total())

    def extend(self, later: "PostingsBuilder") -> None:
        """Add the documents of another builder after its own."""
        own = array("I", map(self._words.__getitem__, later._words))
        self._numbers.frombytes(_bytes(_series(own).gather(_series(later._numbers))))
        first = len(self._lengths)
        self._documents.frombytes(_bytes((_series(later._documents) + first).cast(pl.UInt32)))
        self._counts += later._counts
        self._lengths += later._lengths

    def build(self) -> Postings:
        """All that was added, in the order of terms."""
        terms, pairs = self._terms()
        columns = {"number": self._numbers, "document": self._documents, "count": self._counts}
        counted = pl.DataFrame({name: _series(values) for name, values in columns.items()})
        # A document is whole in its part, or its terms would be counted twice.
        size = max(1, _WORDS_AT_ONCE * len(self._lengths) // max(len(counted), 1))
        parts = [
            _by_term(counted.filter(pl.col("document").is_between(first, first + size, closed="left")), pairs)
            for first in range(0, max(len(self._lengths), 1), size)
        ]
        found = pl.concat(parts).sort("key")
        ends = found.select((pl.col("key") // _DOCUMENTS).alias("term")).group_by("term", maintain_order=True).len()
        counts = dict(ends.iter_rows())
        starts = array("I", [0])
        for term in range(len(terms)):
            starts.append(starts[-1] + counts.get(term, 0))
        return Postings(
            terms,
            starts.tobytes(),
            _bytes((found["key"] % _DOCUMENTS).cast(pl.UInt32)),
            _bytes(found["count"].clip(upper_bound=_MOST_COUNTED).cast(pl.UInt8)),
            self._lengths.tobytes(),
        )

    def _terms(self) -> tuple[list[str], pl.DataFrame]:
        """Every term in order, and the places of each word's terms."""
        numbers, terms = array("I"), list[str]()
        for word, number in self._words.items():
            for term in self._terms_of_word(word.decode("utf-8", "replace")):
                numbers.append(number)
                terms.append(term)
        order = sorted(set(terms))
        places = {term: place for place, term in enumerate(order)}
        pairs = {"number": _series(numbers), "term": _series(array("I", [places[term] for term in terms]))}
        return order, pl.DataFrame(pairs)


def _series(numbers: "array[int]") -> pl.Series:
    """The numbers without a copy."""
    values = pa.Array.from_buffers(pa.uint32(), len(numbers), [None, pa.py_buffer(numbers)])
    return pl.Series(values, dtype=pl.UInt32)


class _Numbers(dict[bytes, int]):
    """Gives each word that is asked for the next number, once."""

    def __missing__(self, word: bytes) -> int:
        number = self[word] = len(self)
        return number


def _by_term(counted: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """How often each term stands in each document, in order; one number for both is sorted and grouped fastest."""
    key = (pl.col("term").cast(pl.UInt64) * _DOCUMENTS + pl.col("document")).alias("key")
    found = counted.join(pairs, on="number").select(key, "count").sort("key").with_columns(pl.col("key").set_sorted())
    return found.group_by("key", maintain_order=True).agg(pl.col("count").sum())


def _bytes(numbers: pl.Series) -> bytes:
    """The numbers one after the other, as the machine has them."""
    values = numbers.rechunk().to_arrow()
    width: int = values.type.byte_width
    content: bytes = values.buffers()[1].to_pybytes()
    return content[values.offset * width : (values.offset + len(values)) * width]


class Searcher:
    """Looks into postings; costs what is asked for, and a look at every term once."""

    def __init__(self, postings: Postings) -> None:
        self._places = {term: place for place, term in enumerate(postings.terms)}
        self._starts = memoryview(postings.starts).cast("I")
        self._documents = memoryview(postings.documents).cast("I")
        self._counts = postings.counts
        self._lengths = memoryview(postings.lengths).cast("I")
        self._mean = max(sum(self._lengths) / max(len(self._lengths), 1), 1.0)

    def rarity(self, term: str) -> float:
        """How much a term tells (inverse document frequency); 0 for one that stands nowhere."""
        start, end = self._span(term)
        return math.log(1 + (len(self._lengths) - (end - start) + 0.5) / (end - start + 0.5)) if end > start else 0.0

    def length(self, document: int) -> float:
        """How long a document is for BM25: 1 for one of mean length."""
        return 1 - _LENGTH + _LENGTH * self._lengths[document] / self._mean

    def scores(self, weights: Mapping[str, float]) -> dict[int, float]:
        """BM25 of every document that has any of some terms, each term as often as its weight."""
        found: defaultdict[int, float] = defaultdict(float)
        for term, weight in weights.items():
            start, end = self._span(term)
            worth = weight * self.rarity(term) * (_SATURATION + 1)
            for at in range(start, end):
                document = self._documents[at]
                count = self._counts[at]
                norm = _SATURATION * self.length(document)
                found[document] += worth * count / (count + norm)
        return found

    def _span(self, term: str) -> tuple[int, int]:
        place = self._places.get(term)
        return (0, 0) if place is None else (self._starts[place], self._starts[place + 1])
