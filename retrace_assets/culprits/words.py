"""Words of code and of people, brought to one form: `textWysiwyg`, `text-wysiwyg` and "Text WYSIWYG" share terms.

A name gives its parts, and each two neighbours as one term; a sentence gives its words, and each two neighbours as one
term: so "search box" meets `SearchBox` and `search_box.py`. Belongs here: terms. Does not: how much one counts
(source_index, relevance).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

# Beyond this a text is data.
TEXT_CHARS: Final = 8_000
# Longer ones are hashes and encoded data.
_WORD_CHARS: Final = 64
_REMEMBERED: Final = 1 << 17

_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+|\d+")
# Every byte of ASCII that no name holds becomes a space; bytes of other scripts stay.
_SPACES: Final = bytes(
    byte if byte > 127 or byte == ord("_") or bytes((byte,)).isalnum() else ord(" ") for byte in range(256)
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What a verb becomes as the name of a thing, of what is left when it goes has two syllables: `importer`, not `header`.
_SUFFIXES: Final = ("ement", "ment", "ness", "er", "or", "ion", "ly")
_TWO_SYLLABLES = re.compile(r"[^aeiouy]*(?:[aeiouy]+[^aeiouy]+){2}")
_VOWEL = re.compile(r"[aeiouy]")

_STOP: Final = _listed(
    """a about after again all also always am an and any are as at be because been before being but by can cannot could
    did do does doing done don dont down during each either else even every few for from further get gets getting give
    given go goes going got had has have having he her here him his how however i if in instead into is isn it its just
    let like ll made make makes many may me more most much must my need needs no non nor not now of off on once one only
    or other our out over own per please put re really same see seem seems set shall she should since so some still such
    than that the their them then there these they thing this those though through thus to too two under until up upon
    us use used user users uses using very via want was way we well were what when where whether which while who why
    will with within without won would yet you your
    bug broken error errors expected fail failed fails failing failure fix fixed fixes fixing happen happens incorrect
    incorrectly issue issues problem wrong wrongly work working works
    http https www com"""
)
"""Words that every report holds, whatever it is about."""


def raw_words(content: bytes) -> Counter[bytes]:
    """How often each name or word stands in a file, as it is written."""
    return Counter(content.translate(_SPACES).split())


@lru_cache(_REMEMBERED)
def terms_of_name(name: str) -> tuple[str, ...]:
    """The terms of one name: its parts, then each two neighbours together; nothing for what is no name."""
    if len(name) > _WORD_CHARS:
        return ()
    parts = [stem(part) for part in _parts(name)]
    if len(parts) == 1:
        return tuple(part for part in parts if _tells(part))
    return tuple(dict.fromkeys([*(part for part in parts if _tells(part)), *_pairs(parts)]))


def terms_of_text(text: str) -> Counter[str]:
    """The terms of what somebody wrote, and how often each is there; words that every report holds are left out."""
    counted: Counter[str] = Counter()
    for run in _runs(text[:TEXT_CHARS]):
        counted.update(part for part in run if _tells(part))
        counted.update(_pairs(run))
    return counted


def names_in(text: str) -> list[str]:
    """Names of code that a text holds: what is written in camel, snake or dotted form, in the order of appearance."""
    found = (match[0] for match in _WORD.finditer(text[:TEXT_CHARS]))
    return list(dict.fromkeys(word for word in found if len(word) <= _WORD_CHARS and len(_parts(word)) > 1))


@lru_cache(_REMEMBERED)
def stem(word: str) -> str:
    """A word without its inflection: `deletes`, `deleted` and `deleting` are one, and so are `import` and `importer`.

    After Porter's stemmer (1980), steps 1 and 4, with the suffixes that names of code have.
    """
    word = word.lower()
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) >= 3 and _VOWEL.search(bare):
            word = bare[:-1] if bare[-1] == bare[-2] and bare[-1] not in "lsz" else bare
            break
    word = word[:-1] if word.endswith("e") and len(word) > 3 else word
    return _derived_from(word)


def _derived_from(word: str) -> str:
    for ending in _SUFFIXES:
        bare = word.removesuffix(ending)
        if bare != word and len(bare) >= 4 and _TWO_SYLLABLES.match(bare):
            return bare
    return word


def _runs(text: str) -> Iterator[list[str]]:
    """Words that stand side by side, stemmed; a word that every report holds, or a full stop, ends a run."""
    run: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        end = match.end()
        word = match[0]
        if run and between.strip("-/_'’ "):
            yield run
            run = []
        if word.lower() in _STOP or len(word) > _WORD_CHARS:
            yield run
            run = []
            continue
        run += [stem(part) for part in _parts(word)]
    yield run


def _parts(name: str) -> list[str]:
    return _PART.findall(name)


def _pairs(parts: Iterable[str]) -> list[str]:
    return [first + second for first, second in pairwise(parts) if not second.isdigit()]


def _tells(part: str) -> bool:
    return not part.isdigit() and (len(part) > 1 or not part.isascii())
