"""Django: `urlpatterns`, `include`, routers of its REST framework, and the admin.

Belongs here: its URL configurations. Does not: any other framework.
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.python_names import python_names
from retrace_assets.culprits.routes.table import Entry, Lines, Mount, Table, arguments, balanced

HINTS = (b"urlpatterns", b"DefaultRouter", b"SimpleRouter", b"admin.site", b"ModelAdmin")

_PATH = re.compile(r"\b(?P<call>path|re_path|url)\(")
_LITERAL = re.compile(r"(?P<raw>r)?[\"'](?P<text>[^\"'\n]{0,200})[\"']")
_REGISTER = re.compile(
    r"\b(?P<router>\w+)\.register\(\s*r?[\"'](?P<path>[^\"'\n]{0,200})[\"']\s*,\s*(?P<handler>[\w.]+)"
)
_ADMIN = re.compile(r"(?:^|.*/)(?P<app>[^/]+)/admin(?:/[^/]+)?\.py")
# `(?P<id>[0-9]+)`, `([^/]+)`: parameters of expressions.
_GROUP = re.compile(r"\((?:\?P<\w+>)?(?:[^()]|\([^()]*\))*\)\??")


def table(path: str, text: str) -> Table:
    """The routes and includes of a URL configuration; the admin answers for the models of its app."""
    if admin := _ADMIN.fullmatch(path):
        return Table((Entry(f"/admin/{admin['app']}/*", 1, is_page=True),))
    entries: list[Entry] = []
    mounts: list[Mount] = []
    for entry in _paths(text):
        (mounts if isinstance(entry, Mount) else entries).append(entry)  # type: ignore[arg-type]
    return Table((*entries, *_registered(text)), tuple(mounts), names=python_names(text))


def _paths(text: str) -> Iterator[Entry | Mount]:
    lines = Lines(text)
    for match in _PATH.finditer(text):
        given = list(arguments(balanced(text, match.end() - 1, 2_000)))
        literal = _LITERAL.match(given[0])
        if literal is None or len(given) < 2:
            continue
        route = _plain(literal["text"]) if literal["raw"] or match["call"] != "path" else literal["text"]
        if given[1].startswith("include("):
            target = _included(given[1])
            if target:
                yield Mount(route, target)
        else:
            handler = re.match(r"[\w.]+?(?=\.as_view|\.site|\(|$)", given[1])
            yield Entry(route, lines.at(match.start()), handler=handler[0] if handler else "", is_page=True)


def _included(call: str) -> str:
    inner = re.sub(r"^include\(\s*\(?", "", call)
    found = re.match(r"[\"'](?P<module>[\w.]+)[\"']|(?P<name>\w+)(?:\.(?:urls|urlpatterns))?", inner)
    return (found["module"] or found["name"]) if found else ""


def _registered(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _REGISTER.finditer(text):
        for ending in ("", "/<pk>", "/<pk>/<action>"):
            path, line = f"{match['path']}{ending}", lines.at(match.start())
            yield Entry(path, line, router=match["router"], handler=match["handler"])


def _plain(expression: str) -> str:
    return _GROUP.sub(":x", expression).replace("\\", "").strip("^$").replace("/?", "/")
