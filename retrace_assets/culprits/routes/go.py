"""Go: net/http, gin, echo, chi, gorilla and fiber.

Belongs here: their forms, which are alike. Does not: any other language.
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Lines, Table, balanced

HINTS = (b"HandleFunc", b".Group(", b".GET(", b".POST(", b".Get(", b".Post(", b".Handle(", b".Route(")

_VERB = re.compile(
    r"\b(?P<router>\w+)\.(?P<verb>GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|Any|All|Handle|HandleFunc|Method)\("
    r"\s*\"(?:(?P<method>[A-Z]+) )?(?P<path>/[^\"\n]{0,200}|)\"\s*,(?P<rest>[^\n]{0,200})"
)
_GROUP = re.compile(r"\b(?P<name>\w+)\s*:?=\s*(?P<router>\w+)\.(?:Group|PathPrefix)\(\s*\"(?P<prefix>[^\"\n]{0,200})\"")
_BLOCK = re.compile(r"\.(?:Route|Group)\(\s*\"(?P<prefix>/[^\"\n]{0,200})\"\s*,\s*func\([^)]{0,80}\)\s*\{")
_METHODS = re.compile(r"\.Methods\(\s*\"(\w+)\"")


def table(_path: str, text: str) -> Table:
    """The routes of a file, below the groups they are written in."""
    return Table(tuple(_entries(text)))


def _entries(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    prefixes: dict[str, str] = {}
    for group in _GROUP.finditer(text):
        prefixes[group["name"]] = joined(prefixes.get(group["router"], ""), group["prefix"])
    blocks = [
        (block.end(), block.end() + len(balanced(text, block.end() - 1, 100_000)), block["prefix"])
        for block in _BLOCK.finditer(text)
    ]
    for match in _VERB.finditer(text):
        around = [prefix for start, end, prefix in blocks if start <= match.start() < end]
        route = joined(*around, prefixes.get(match["router"], ""), match["path"])
        yield Entry(route, lines.at(match.start()), _method(match))


def _method(match: re.Match[str]) -> str:
    verb = match["verb"].upper()
    if verb in {"ANY", "ALL", "HANDLE", "HANDLEFUNC", "METHOD"}:
        given = _METHODS.search(match["rest"])
        return match["method"] or (given[1] if given else "")
    return verb
