"""Flask, Quart and Sanic: `@app.route`, blueprints and their prefixes.

Belongs here: their forms. Does not: FastAPI's, which look alike (fastapi).
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.python_names import python_names
from retrace_assets.culprits.routes.table import Entry, Lines, Mount, Table, arguments, balanced

HINTS = (b"flask", b"Blueprint", b"quart", b"sanic")

_DECORATOR = re.compile(
    r"^[ \t]*@(?P<router>\w+)\.(?P<verb>route|get|post|put|patch|delete)\(\s*[rf]?[\"'](?P<path>[^\"'\n]{0,200})[\"']"
    r"(?P<rest>[^\n]{0,300})",
    re.MULTILINE,
)
_BLUEPRINT = re.compile(r"^[ \t]*(?P<name>\w+)\s*=\s*(?:\w+\.)?Blueprint\(", re.MULTILINE)
_PREFIX = re.compile(r"\burl_prefix\s*=\s*f?[\"'](?P<prefix>[^\"'\n]{0,200})")
_REGISTER = re.compile(r"\b(?P<router>\w+)\.register_blueprint\(")
_RULE = re.compile(r"\b(?P<router>\w+)\.add_url_rule\(\s*[\"'](?P<path>/[^\"'\n]{0,200})[\"'](?P<rest>[^\n]{0,300})")
_VIEW = re.compile(r"\bview_func\s*=\s*(?P<handler>[\w.]+?)(?:\.as_view\b|[,)\s]|$)")
_METHODS = re.compile(r"\bmethods\s*=\s*[\[({](?P<methods>[^\])}]{0,100})")


def table(_path: str, text: str) -> Table:
    """The routes and mounts of a file."""
    prefixes = {}
    for blueprint in _BLUEPRINT.finditer(text):
        if prefix := _PREFIX.search(balanced(text, blueprint.end() - 1, 2_000)):
            prefixes[blueprint["name"]] = prefix["prefix"]
    return Table((*_decorated(text), *_ruled(text)), tuple(_mounts(text)), prefixes, python_names(text))


def _decorated(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _DECORATOR.finditer(text):
        given = _METHODS.search(match["rest"])
        methods = re.findall(r"[A-Za-z]+", given["methods"]) if given else ["GET"]
        for method in [match["verb"]] if match["verb"] != "route" else methods:
            yield Entry(match["path"], lines.at(match.start("router")), method.upper(), match["router"])


def _ruled(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _RULE.finditer(text):
        view = _VIEW.search(match["rest"])
        handler = view["handler"] if view else ""
        yield Entry(match["path"], lines.at(match.start()), router=match["router"], handler=handler)


def _mounts(text: str) -> Iterator[Mount]:
    for match in _REGISTER.finditer(text):
        given = list(arguments(balanced(text, match.end() - 1, 2_000)))
        prefix = _PREFIX.search(",".join(given))
        yield Mount(prefix["prefix"] if prefix else "", given[0], match["router"])
