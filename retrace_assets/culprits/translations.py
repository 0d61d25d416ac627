"""Keys of translations: what the code says for a text that people saw.

Belongs here: finding a text's keys in files of translations. Does not: which files those are (source_files), or what a
key is worth (literals).
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

MOST_FILES: Final = 60
_DEEP: Final = 12
_KEYS: Final = 20

_LINE = re.compile(r"""^\s*["']?(?P<key>[\w.-]{1,200})["']?\s*[:=]\s*["']?(?P<text>.{1,500}?)["']?,?\s*$""")
_PO = re.compile(r'msgid "(?P<key>[^"\n]{1,300})"\nmsgstr "(?P<text>[^"\n]{1,300})"')


def translation_keys(files: Iterable[tuple[str, bytes]], shown: Sequence[str]) -> list[str]:
    """The keys under which files of translations have one of some texts, each once."""
    wanted = {_plain(text) for text in shown if len(text) > 1}
    needles = [text.encode()[:40] for text in shown if len(text) > 1]
    found: dict[str, None] = {}
    for path, content in files:
        # Most files have none of the texts, and need not be parsed.
        if any(needle in content for needle in needles):
            pairs = _pairs(path, content.decode("utf-8", "replace"))
            found |= dict.fromkeys(key for key, text in pairs if _plain(text) in wanted)
    return list(found)[:_KEYS]


def _pairs(path: str, text: str) -> Iterator[tuple[str, str]]:
    if path.endswith(".json"):
        try:
            yield from _json(json.loads(text), "", 0)
        except (ValueError, RecursionError):
            return
    elif path.endswith(".po"):
        yield from ((match["key"], match["text"]) for match in _PO.finditer(text))
    else:
        matches = (_LINE.match(line[:1_000]) for line in text.splitlines())
        yield from ((match["key"], match["text"]) for match in matches if match)


def _json(value: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict) and depth < _DEEP:
        for name, inner in value.items():
            yield from _json(inner, f"{key}.{name}" if key else str(name), depth + 1)


def _plain(text: str) -> str:
    """A text without what is put in: `Save {count} items` and `Save 3 items` differ, their outside does not."""
    return " ".join(text.split()).strip(" .:…!?").lower()
