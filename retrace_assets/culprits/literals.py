"""Files that hold, letter for letter, what was shown, clicked, asked for or said by the error.

Belongs here: which literals are looked for, and what finding one is worth. Does not: words that are merely alike
(ranking).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.lookup import Lookup
from retrace_assets.culprits.marks import Mark
from retrace_assets.culprits.routes.route import ONE, REST, segments

_TEST_ID: Final = 0.8
_KEY: Final = 0.7
_SHOWN: Final = 0.6
_MESSAGE: Final = 0.8
_ASKED: Final = 0.4
# What more files hold tells nothing of any.
_FILES: Final = 12
_SHORTEST: Final = 3
_SHORTEST_MESSAGE: Final = 8
# What parametrising puts for values, in messages.
_VALUE = re.compile(r"<\w{1,10}>|\d+|[\"'“”‘’`][^\"'“”‘’`]*[\"'“”‘’`]|\{[^}]*\}|…")


class _Literal(NamedTuple):
    text: str
    points: float
    told: str


def literal_marks(lookup: Lookup, clues: Clues, keys: Sequence[str], contents: Mapping[str, bytes]) -> Iterator[Mark]:
    """Marks for the files, among some that were read, that hold a literal of the clues; `keys` are of translations."""
    for literal in dict.fromkeys(_literals(clues, keys)):
        pattern = _pattern(literal.text)
        found = {path: hit for path, content in contents.items() if (hit := pattern.search(content))}
        if 0 < len(found) <= _FILES:
            for path, hit in found.items():
                line = contents[path].count(b"\n", 0, hit.start()) + 1
                yield Mark(lookup.places[path], literal.points / len(found) ** 0.5, literal.told, line)


def _literals(clues: Clues, keys: Sequence[str]) -> Iterator[_Literal]:
    for name in clues.names:
        if len(name) >= _SHORTEST:
            yield _Literal(name, _TEST_ID, f"it names “{name[:80]}”")
    for key in keys:
        yield _Literal(key, _KEY, f"it shows the text of “{key[:80]}”")
    for text in clues.shown:
        if len(text) >= _SHORTEST:
            yield _Literal(text, _SHOWN, f"it holds the text “{text[:80]}”")
    for message in clues.messages:
        longest = max((part.strip(" .:,;()[]") for part in _VALUE.split(message)), key=len, default="")
        if len(longest) >= _SHORTEST_MESSAGE:
            yield _Literal(longest, _MESSAGE, f"it holds the error's text “{longest[:80]}”")
    for request in clues.requests:
        if literal := _fixed(request.path):
            yield _Literal(literal, _ASKED, f"it names the path {literal[:80]}")


def _fixed(path: str) -> str:
    """The beginning of a path, up to its first value."""
    fixed: list[str] = []
    for written, part in zip((each for each in path.split("/") if each), segments(path), strict=False):
        if part in {ONE, REST}:
            break
        fixed.append(written)
    return "/" + "/".join(fixed) if len(fixed) > 1 else ""


def _pattern(text: str) -> re.Pattern[bytes]:
    """The text as a file may hold it: broken into lines anywhere, and not within a longer word."""
    words = [re.escape(word.encode()) for word in text[:200].split()]
    return re.compile(rb"(?<![\w-])" + rb"\s+".join(words) + rb"(?![\w-])", re.IGNORECASE)
