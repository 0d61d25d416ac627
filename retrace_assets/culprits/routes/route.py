"""A route and when it answers a path: parameters are parameters, whatever a framework writes them like.

Belongs here: the shape of a route and matching. Does not: where routes are written (the frameworks' files).
"""

import re
from typing import Final

import msgspec

ONE: Final = ":"
REST: Final = "*"

_SEGMENTS: Final = 40
_SEGMENT_CHARS: Final = 200
# `[...x]`, `[[...x]]`, `*`, `*x`, `{x:path}`, `<path:x>`, `{*x}`, `:x*`, `$` of Remix.
_REST = re.compile(
    r"\[\[?\.\.\.[^\]]*\]?\]|\*{1,2}\w*|\{\*\w*\}|\{\w+:(?:path|\.\*)\}|<path:\w+>|:\w+[*+]|\$|:path\*|\{\w+\.\.\.\}"
)
# `:x`, `[x]`, `{x}`, `<x>`, `<int:x>`, `$x`, `(?P<x>…)`, `(\d+)`, and any of them within a segment.
_PARAMETER = re.compile(r":\w+|\[[^\]]+\]|\{[^}]+\}|<[^>]+>|\$\w+|\(\?P?<|\(\\|\(\[|\(\.")


class Route(msgspec.Struct, frozen=True, array_like=True):
    """A path that `file` answers, as `table` says on `line`; both are places of files.

    `method` is empty for every method, and for pages.
    """

    method: str
    path: str
    file: int
    table: int
    line: int
    is_page: bool


def segments(path: str) -> tuple[str, ...]:
    """A template as segments: `:` for a parameter, `*` for any number of them, else the literal in lower case."""
    bare = path.partition("#/")[2] or path
    # `(?P<id>…)` is no query.
    parts = [
        part for part in re.split(r"(?<!\()\?", bare, maxsplit=1)[0].replace("\\/", "/").split("/") if part.strip("^$ ")
    ]
    return tuple(_segment(part) for part in parts[:_SEGMENTS])


def match(template: tuple[str, ...], asked: tuple[str, ...]) -> float:
    """How well a route answers a path: 0 for not at all, 1 for a path that is written in the route word for word.

    A parameter of the route is worth half a literal, and what a rest takes in nothing.
    """
    worth = 0.0
    for place, part in enumerate(template):
        if part == REST:
            return _share(worth + 0.1, max(len(asked), len(template)))
        if place >= len(asked):
            return 0.0
        if part == asked[place]:
            worth += 1.0
        elif ONE in (part, asked[place]):
            worth += 0.5
        else:
            return 0.0
    return _share(worth, len(asked)) if len(template) == len(asked) else 0.0


def joined(*paths: str) -> str:
    """Paths one after the other, with one slash between."""
    parts = [part for path in paths for part in path.lstrip("^").rstrip("$").split("/") if part]
    return "/" + "/".join(parts)


def _share(worth: float, count: int) -> float:
    return worth / count if count else 1.0


def _segment(part: str) -> str:
    part = part[:_SEGMENT_CHARS]
    if _REST.fullmatch(part):
        return REST
    return ONE if _PARAMETER.search(part) else part.strip("^$").lower()
