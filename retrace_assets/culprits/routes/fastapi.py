"""FastAPI and Starlette: decorators, `APIRouter(prefix=…)`, `include_router`, `Route` and `Mount`.

Belongs here: their forms. Does not: Flask's, which look alike (flask).
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.python_names import python_names
from retrace_assets.culprits.routes.table import Entry, Lines, Mount, Table, arguments, balanced

HINTS = (b"fastapi", b"APIRouter", b"FastAPI", b"starlette")

_DECORATOR = re.compile(
    r"^[ \t]*@(?P<router>\w+)\.(?P<verb>get|post|put|patch|delete|head|options|websocket|api_route|route)\("
    r"\s*(?:path\s*=\s*)?[rf]?[\"'](?P<path>[^\"'\n]{0,200})[\"'](?P<rest>[^\n]{0,200})",
    re.MULTILINE,
)
_ROUTER = re.compile(r"^[ \t]*(?P<name>\w+)\s*(?::[^=\n]{1,60})?=\s*(?:\w+\.)?(?:APIRouter|FastAPI)\(", re.MULTILINE)
_PREFIX = re.compile(r"\bprefix\s*=\s*f?[\"'](?P<prefix>[^\"'\n]{0,200})")
_INCLUDE = re.compile(r"\b(?P<router>\w+)\.(?P<call>include_router|mount)\(")
_ROUTE = re.compile(r"\bRoute\(\s*[\"'](?P<path>/[^\"'\n]{0,200})[\"']\s*,\s*(?:endpoint\s*=\s*)?(?P<handler>[\w.]+)")
_METHODS = re.compile(r"\bmethods\s*=\s*[\[({](?P<methods>[^\])}]{0,100})")


def table(_path: str, text: str) -> Table:
    """The routes and mounts of a file."""
    prefixes = {}
    for router in _ROUTER.finditer(text):
        if prefix := _PREFIX.search(balanced(text, router.end() - 1, 2_000)):
            prefixes[router["name"]] = prefix["prefix"]
    return Table((*_decorated(text), *_listed(text)), tuple(_mounts(text)), prefixes, python_names(text))


def _decorated(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _DECORATOR.finditer(text):
        methods = [match["verb"].upper()]
        if match["verb"] in {"api_route", "route", "websocket"}:
            given = _METHODS.search(match["rest"])
            methods = re.findall(r"[A-Za-z]+", given["methods"]) if given else [""]
        for method in methods:
            yield Entry(match["path"], lines.at(match.start("router")), method.upper(), match["router"])


def _listed(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _ROUTE.finditer(text):
        yield Entry(match["path"], lines.at(match.start()), handler=match["handler"])


def _mounts(text: str) -> Iterator[Mount]:
    for match in _INCLUDE.finditer(text):
        given = list(arguments(balanced(text, match.end() - 1, 2_000)))
        if match["call"] == "mount" and len(given) > 1:
            yield Mount(given[0].strip("\"'"), given[1].rpartition("=")[2].strip(), match["router"])
        elif match["call"] == "include_router":
            prefix = _PREFIX.search(",".join(given))
            target = given[0].rpartition("=")[2].strip()
            yield Mount(prefix["prefix"] if prefix else "", target, match["router"])
