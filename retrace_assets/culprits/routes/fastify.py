"""Fastify: plugins registered with a prefix, and routes as objects.

Belongs here: both. Does not: its `fastify.get(path, handler)`, which is Express's form (express).
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.script_names import script_names
from retrace_assets.culprits.routes.table import Entry, Lines, Mount, Table, balanced

HINTS = (b"astify", b".register(")

_REGISTER = re.compile(r"\b(?P<router>[\w$]+)\s*\.\s*register\(")
_TARGET = re.compile(r"\s*(?:(?:await\s+)?(?:require|import)\(\s*[\"'`](?P<module>[^\"'`\n]{1,200})|(?P<name>[\w$]+))")
_PREFIX = re.compile(r"\bprefix\s*:\s*[\"'`](?P<prefix>[^\"'`\n]{0,200})")
_ROUTE = re.compile(r"\b(?P<router>[\w$]+)\s*\.\s*route\(\s*\{")
_URL = re.compile(r"\b(?:url|path)\s*:\s*[\"'`](?P<url>/[^\"'`\n]{0,200})")
_METHOD = re.compile(r"\bmethod\s*:\s*(?P<methods>\[[^\]]{0,200}\]|[\"'`]\w+)")


def table(_path: str, text: str) -> Table:
    """The routes and plugins of a script."""
    return Table(tuple(_routes(text)), tuple(_mounts(text)), names=script_names(text))


def _routes(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _ROUTE.finditer(text):
        described = balanced(text, match.end() - 1)
        url, method = _URL.search(described), _METHOD.search(described)
        for verb in re.findall(r"\w+", method["methods"]) if method else [""]:
            if url:
                yield Entry(url["url"], lines.at(match.start()), verb.upper(), match["router"])


def _mounts(text: str) -> Iterator[Mount]:
    for match in _REGISTER.finditer(text):
        given = balanced(text, match.end() - 1, 4_000)
        target, prefix = _TARGET.match(given), _PREFIX.search(given)
        if target:
            yield Mount(prefix["prefix"] if prefix else "", target["module"] or target["name"], match["router"])
