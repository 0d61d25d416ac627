"""What one file says of routes, before it is known what is mounted where.

Belongs here: entries, mounts and names. Does not: reading them (the frameworks' files) or putting them together
(compose).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """A path on a router; `handler` names what answers it: a name of this file, or a module, empty: this file."""

    path: str
    line: int
    method: str = ""
    router: str = ""
    handler: str = ""
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    """A router that answers below a prefix of another one; `target` is a name of this file, or a module."""

    prefix: str
    target: str
    router: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The routes of a file; `prefixes` are routers' own, `names` says which modules names of the file may stand for."""

    entries: tuple[Entry, ...] = ()
    mounts: tuple[Mount, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.entries or self.mounts)


class Lines:
    """Which line a place in a text is on."""

    def __init__(self, text: str) -> None:
        """Look at the text once."""
        self._text = text

    def at(self, position: int) -> int:
        """The line, counted from 1."""
        return self._text.count("\n", 0, position) + 1


def balanced(text: str, opening: int, most: int = 20_000) -> str:
    """What stands between the bracket at `opening` and its partner; the rest of the text where there is none."""
    depth = 0
    for position in range(opening, min(len(text), opening + most)):
        if text[position] in "([{":
            depth += 1
        elif text[position] in ")]}":
            depth -= 1
            if depth == 0:
                return text[opening + 1 : position]
    return text[opening + 1 : opening + most]


def arguments(text: str) -> Iterator[str]:
    """The arguments of a call, cut at commas that stand in no bracket or string."""
    depth, start, quote = 0, 0, ""
    for position, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[position - 1] != "\\" else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth == 0:
            yield text[start:position].strip()
            start = position + 1
    yield text[start:].strip()
