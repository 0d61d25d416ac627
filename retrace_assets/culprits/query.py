"""The terms that are looked for, and what each is worth to whoever asks.

What a person saw and did counts more than what was written of it afterwards. Belongs here: from clues to terms. Does
not: what terms are (words), or how much one tells in a repository (postings).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.words import names_in, terms_of_name, terms_of_text

# What a text of a kind is worth beside one that was written of the incident.
_SHOWN: Final = 1.5
_MESSAGE: Final = 1.2
_NAME: Final = 1.5
_REQUEST: Final = 0.8
_PAGE: Final = 0.5
_FUNCTION: Final = 0.5

_WORD = re.compile(r"[^\W\d_]\w*")


def query_of(clues: Clues, keys: Iterable[str] = ()) -> dict[str, float]:
    """The terms of some clues, and of keys of translations, with their weights.

    What is said often counts more, but not as often more.
    """
    found: defaultdict[str, float] = defaultdict(float)
    _add(found, terms_of_text(clues.said), 1.0)
    _add(found, _terms(clues.shown), _SHOWN)
    _add(found, _terms(clues.messages), _MESSAGE)
    _add(found, _terms((*clues.names, *keys)), _NAME)
    _add(found, _terms(request.path for request in clues.requests), _REQUEST)
    _add(found, _terms(clues.pages), _PAGE)
    _add(found, _terms(frame.function for frame in clues.frames), _FUNCTION)
    return dict(found)


def spellings(clues: Clues) -> dict[str, str]:
    """How the clues write their terms: what a person is shown of them."""
    found: dict[str, str] = {}
    for text in (*clues.shown, *clues.messages, *clues.names, clues.said):
        for name in names_in(text):
            for term in terms_of_name(name)[-1:]:
                found.setdefault(term, name)
        for match in _WORD.finditer(text):
            terms = terms_of_name(match[0])
            if len(terms) == 1:
                found.setdefault(terms[0], match[0].lower())
    return found


def _terms(texts: Iterable[str]) -> Counter[str]:
    return sum((terms_of_text(text) for text in texts), Counter[str]())


def _add(found: defaultdict[str, float], counted: Mapping[str, int], weight: float) -> None:
    for term, count in counted.items():
        found[term] += weight * (1 + math.log(count))
