"""Where in a file the words that are looked for stand: line by line, what is defined with them, the best passage.

A large file has every word somewhere; what tells is that they stand together, and that something is named after them.
Belongs here: reading the text of a candidate. Does not: how candidates are found (source_index), or what the findings
weigh (ranking).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from retrace_assets.culprits.words import raw_words, terms_of_name

# A function or a component, as people write them, and what stands around it.
_PASSAGE_LINES: Final = 40
# Of a longer line only the beginning is code.
_LINE_BYTES: Final = 400

_DEFINITION = re.compile(
    r"\b(?:function\*?|class|def|const|let|var|interface|type|enum|struct|fn|trait|module|fun|record|object"
    r"|func(?:\s*\([^)]{0,80}\))?)\s+(?P<named>[A-Za-z_$][\w$.?!]{0,80})"
    r"|^\s*(?:(?:public|private|protected|static|async|get|set|final|abstract|override|readonly)\s+){0,4}"
    r"(?P<method>[A-Za-z_$][\w$]{0,80})\s*(?:[=:]\s*(?:async\s*)?(?:function\b|\([^()]{0,200}\)\s*=>)|\([^()]{0,200}\)\s*\{)"
    r"|^\s*(?P<selector>[.#][\w-]{1,80})[^;{]{0,200}\{"
    r"|\b(?:id|class|className|data-testid|data-test)=[\"'](?P<marked>[^\"']{1,200})[\"']"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How often each term stands in a file and in names it defines; its best passage by worth, from `line` on.

    `line` is the line of the passage that holds most of it, counted from 1.
    """

    counts: Counter[str]
    defined: Counter[str]
    worth: float
    line: int


class Reader:
    """Reads files for some terms, given how much each is worth."""

    def __init__(self, worth: Mapping[str, float]) -> None:
        self._worth = worth
        self._known: dict[bytes, tuple[str, ...]] = {}

    def read(self, content: bytes) -> Reading:
        """Look for the terms in one file."""
        lines = content.split(b"\n")
        hits = {number: found for number, line in enumerate(lines) if (found := self._found(line))}
        counts, defined = Counter[str](), Counter[str]()
        for number, found in hits.items():
            counts.update(found)
            defined.update(self._defined(lines[number]))
        worth, line = self._best(hits)
        return Reading(counts, defined, worth, line + 1)

    def _found(self, line: bytes) -> list[str]:
        found: list[str] = []
        known = self._known
        for word in raw_words(line[:_LINE_BYTES]).elements():
            terms = known.get(word)
            if terms is None:
                names = terms_of_name(word.decode("utf-8", "replace"))
                terms = known[word] = tuple(term for term in names if term in self._worth)
            if terms:
                found.extend(terms)
        return found

    def _defined(self, line: bytes) -> list[str]:
        text = line[:_LINE_BYTES].decode("utf-8", "replace")
        names = (match[match.lastgroup] for match in _DEFINITION.finditer(text) if match.lastgroup)
        words = (word for name in names for word in re.split(r"[^\w]+", name.replace("-", "_")))
        return [term for word in words for term in terms_of_name(word) if term in self._worth]

    def _best(self, hits: Mapping[int, list[str]]) -> tuple[float, int]:
        """The worth of the best passage, and its most telling line."""
        best, at = 0.0, 0
        numbers = list(hits)
        first = 0
        window = Counter[str]()
        for last, number in enumerate(numbers):
            window.update(hits[number])
            while numbers[first] <= number - _PASSAGE_LINES:
                window.subtract(hits[numbers[first]])
                first += 1
            worth = sum(self._worth[term] * count / (count + 1) for term, count in window.items() if count > 0)
            if worth > best:
                best = worth
                at = max(numbers[first : last + 1], key=lambda each: sum(self._worth[term] for term in set(hits[each])))
        return best, at
