"""Express, Koa and Hono: `router.get(path, handler)`, mounted with `app.use(prefix, router)`.

Belongs here: that form. Does not: plugins of Fastify (fastify).
"""

import re
from collections.abc import Iterator
from typing import Final

from retrace_assets.culprits.routes.script_names import script_names
from retrace_assets.culprits.routes.table import Entry, Lines, Mount, Table, arguments, balanced

HINTS = (b"outer", b"app.use(", b"app.get(", b"koa", b"hono", b"Hono", b"astify")

_VERB = re.compile(
    r"\b(?P<router>[\w$]+)\s*\.\s*(?P<method>get|post|put|patch|delete|del|all|head|options)\s*(?:<[^>\n]{0,200}>)?\("
    r"\s*(?P<path>[\"'`](?P<literal>/[^\"'`\n]{0,200}|\*)[\"'`])\s*,"
)
_CHAIN = re.compile(r"\b(?P<router>[\w$]+)\s*\.\s*route\(\s*[\"'`](?P<path>/[^\"'`\n]{0,200})[\"'`]\s*\)")
_CHAINED = re.compile(r"\s*\.\s*(?P<method>get|post|put|patch|delete|all|head|options)\(")
_USE = re.compile(r"\b(?P<router>[\w$]+)\s*\.\s*(?:use|route|mount)\(\s*[\"'`](?P<prefix>/[^\"'`\n]{0,200})[\"'`]\s*,")
_REQUIRE = re.compile(r"""\b(?:require|import)\(\s*["'`]([^"'`\n]{1,200})["'`]\s*\)""")
_NEW = re.compile(
    r"\b(?P<name>[\w$]+)\s*=\s*new\s+\w*Router\(\s*\{[^}]{0,200}?\bprefix\s*:\s*[\"'`](?P<prefix>/[^\"'`\n]{0,200})"
)
# Whoever asks a server with the same words.
_CLIENTS: Final = frozenset(
    (
        "axios",
        "http",
        "$http",
        "api",
        "client",
        "request",
        "ky",
        "got",
        "superagent",
        "agent",
        "fetcher",
        "$fetch",
        "msw",
    )
)


def table(_path: str, text: str) -> Table:
    """The routes and mounts of a script."""
    return Table(
        (*_verbs(text), *_chains(text)),
        tuple(_mounts(text)),
        prefixes={match["name"]: match["prefix"] for match in _NEW.finditer(text)},
        names=script_names(text),
    )


def _verbs(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _VERB.finditer(text):
        if match["router"] in _CLIENTS:
            continue
        *_, last = arguments(text[match.end() :][: _call_length(text, match.end())])
        yield Entry(match["literal"], lines.at(match.start()), _method(match["method"]), match["router"], _name(last))


def _chains(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _CHAIN.finditer(text):
        position = match.end()
        while chained := _CHAINED.match(text, position):
            inner = balanced(text, chained.end() - 1)
            *_, last = arguments(inner)
            method = _method(chained["method"])
            yield Entry(match["path"], lines.at(chained.start("method")), method, match["router"], _name(last))
            position = chained.end() + len(inner) + 1


def _mounts(text: str) -> Iterator[Mount]:
    for match in _USE.finditer(text):
        given = text[match.end() :][: _call_length(text, match.end())]
        modules = _REQUIRE.findall(given)
        *_, last = arguments(given)
        target = modules[-1] if modules else re.sub(r"(?:\.routes)?\(.*", "", last, flags=re.DOTALL)
        if re.fullmatch(r"[\w$./@~-]{1,200}", target):
            yield Mount(match["prefix"], target, match["router"])


def _call_length(text: str, start: int) -> int:
    """How far a call goes whose first argument ends at `start`."""
    return len(balanced("(" + text[start : start + 4_000], 0))


def _name(handler: str) -> str:
    """The name of a handler that is written elsewhere."""
    found = re.fullmatch(r"([\w$]+(?:\.[\w$]+)?)(?:\.bind\(.*\)|\(.*\))?", handler, re.DOTALL)
    return found[1] if found else ""


def _method(verb: str) -> str:
    return {"all": "", "del": "DELETE"}.get(verb, verb.upper())
