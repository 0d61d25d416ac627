"""Text from telemetry made inert, so that nothing in it acts on whoever reads it: not an agent, not a code host.

Two forms: lines of a fenced block in a prompt, and a code span in Markdown that a code host renders (a pull request).
Belongs here: the characters that go, what is put for those that have a meaning, the bounds. Does not: which texts there
are (facts), or where they stand (prompt). No wording keeps a model from obeying what it reads: sandbox and gate do.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import polars as pl

from retrace_core.redaction import redact

SHORT: Final = 200
"""Characters of a name or title."""
LONG: Final = 600
"""Characters of the longest text that is quoted."""

FENCE: Final = "````"
"""What a block of evidence stands between. No inert text has its character, so none can end the block."""

# Control, format (zero-width, bidirectional, tags), surrogates, private and unassigned characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# What Unicode calls a mark, a letter or a sign and shows as nothing: joiners, fillers, variation selectors.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d159\U000e0100-\U000e01ef]"
)
_SPACES: Final = re.compile(r"\s+")
# For each character with a meaning in Markdown, HTML or an agent's input (some read a file for `@path`), one that has
# none, and that no normalisation turns back.
_LOOKALIKES: Final = str.maketrans({"`": "'", "~": "∼", "<": "‹", ">": "›", "@": "(at)"})
_LINK: Final = re.compile(r"([\]!])(?=[\[(])")
# What a code host makes a link of even where it reads no Markdown: in titles, messages of commits, mails.
_REFERENCES: Final = (
    (re.compile("#"), "♯"),
    (re.compile(r"\|"), "¦"),
    (re.compile("://"), ": //"),
    (re.compile(r"(?i)\bwww\."), "www ."),
    (re.compile(r"(?i)\b(gh)-(?=\d)"), r"\1 "),
)
_CUT: Final = " [cut]"
_GIVEN_UP: Final = "[left out]"
# What is done to a text can bring together what is then redacted; no text was seen to need a third round.
_ROUNDS: Final = 4


def inert(text: str, most: int = LONG) -> str:
    """One line of at most `most` characters, redacted, that is nothing but text; doing it again changes nothing."""
    return inert_texts([text], most)[0]


def inert_texts(texts: Sequence[str], most: int = LONG) -> list[str]:
    """The same for many: redaction costs as much for one text as for all of a prompt."""
    return _settled(texts, most, _defused)


def markdown_inert(text: str, most: int = SHORT) -> str:
    """A code span of at most `most` characters, with no mention, reference, link, picture, HTML or address; or nothing.

    What it says stays dead where no Markdown is read: in a title, the message of a commit, a mail.
    """
    line = _settled([text.strip("` ")], most - 2, _without_references)[0]
    return f"`{line}`" if line else ""


def fenced(lines: Iterable[str], info: str) -> str:
    """A block of lines that are inert; `info` says what they are."""
    return "\n".join((f"{FENCE}{info}", *lines, FENCE))


def quoted(text: str) -> str:
    """A JSON string of an inert text, so that where it ends is plain whatever it says."""
    return json.dumps(text, ensure_ascii=False)


def _settled(texts: Sequence[str], most: int, defuse: Callable[[str], str]) -> list[str]:
    """Texts that a further round would not change; one that no round settles is given up."""
    before, after = list(texts), list(texts)
    for _ in range(_ROUNDS):
        seen = pl.Series([_seen(text) for text in after], dtype=pl.String)
        before, after = after, [_bounded(defuse(text), most) for text in redact(seen)]
        if after == before:
            break
    return [text if text == earlier else _GIVEN_UP for earlier, text in zip(before, after, strict=True)]


def _seen(text: str) -> str:
    """What a person would see of a text, in one line, each character in its plain form."""
    return _SPACES.sub(" ", _visible(unicodedata.normalize("NFKC", _visible(_SPACES.sub(" ", text))))).strip()


def _visible(text: str) -> str:
    return "".join(character for character in _BLANK.sub("", text) if unicodedata.category(character) not in _UNSEEN)


def _defused(text: str) -> str:
    return _LINK.sub(r"\1 ", text.translate(_LOOKALIKES))


def _without_references(text: str) -> str:
    line = _defused(text)
    for pattern, replacement in _REFERENCES:
        line = pattern.sub(replacement, line)
    return line


def _bounded(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(_CUT)].rstrip() + _CUT
