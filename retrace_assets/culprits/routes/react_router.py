"""React Router: objects, `<Route path>` one in another, `routes.ts`; and TanStack's `createFileRoute`.

Belongs here: its JSX and its functions. Does not: the objects (script_objects), or routes by file (remix).
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.script_names import script_names
from retrace_assets.culprits.routes.script_objects import object_routes
from retrace_assets.culprits.routes.table import Entry, Lines, Table, arguments, balanced

HINTS = (b"<Route", b"Route path", b"Route exact", b"react-router", b"@tanstack/", b"loadChildren")

_TAG = re.compile(r"<(?P<close>/)?(?P<tag>\w*Route)\b")
_PATH = re.compile(r"\bpath=\{?[\"'`](?P<path>[^\"'`]{0,200})[\"'`]")
_ELEMENT = re.compile(r"\b(?:element|component|Component|render)=\{[^<A-Z]{0,60}<?\s*(?P<name>[A-Z][\w$.]*)")
_CHILD = re.compile(r">\s*<(?P<name>[A-Z][\w$.]*)")
_FILE_ROUTE = re.compile(r"\bcreate(?:Lazy)?FileRoute\(\s*[\"'](?P<path>[^\"'\n]{1,200})")
_CALL = re.compile(r"\b(?P<call>route|index|layout|prefix)\(")


def table(path: str, text: str) -> Table:
    """The routes of a script that uses React Router."""
    entries = [*object_routes(text), *_jsx(text), *_file_routes(text)]
    if path.endswith(("/routes.ts", "/routes.js")) and "@react-router/dev/routes" in text:
        entries += _functions(text, "", Lines(text), 0)
    return Table(tuple(entries), names=script_names(text))


def _jsx(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    around: list[str] = []
    for tag in _TAG.finditer(text):
        if tag["close"]:
            around = around[:-1]
            continue
        attributes, closed = _attributes(text, tag.end())
        path = _PATH.search(attributes)
        element = _ELEMENT.search(attributes) or _CHILD.match(text, tag.end() + len(attributes))
        own = path["path"] if path else ""
        if (path or re.search(r"\bindex\b", attributes)) and element:
            full = joined(own) if own.startswith("/") else joined(*around, own)
            yield Entry(full, lines.at(tag.start()), handler=element["name"], is_page=True)
        if not closed:
            around.append(own)


def _attributes(text: str, start: int) -> tuple[str, bool]:
    """What stands in a tag, up to its end, and whether it closes itself."""
    depth = 0
    for position in range(start, min(len(text), start + 2_000)):
        sign = text[position]
        depth += (sign == "{") - (sign == "}")
        if sign == ">" and depth == 0 and text[position - 1] != "=":
            return text[start:position], text[position - 1] == "/"
    return "", True


def _file_routes(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    for match in _FILE_ROUTE.finditer(text):
        shown = "/".join(part for part in match["path"].split("/") if not part.startswith(("_", "(")))
        yield Entry(joined(shown), lines.at(match.start()), is_page=True)


def _functions(text: str, prefix: str, lines: Lines, offset: int) -> list[Entry]:
    """`route("path", "file.tsx", [...])`, `index("file.tsx")`, `layout("file.tsx", [...])`, `prefix("path", [...])`."""
    found: list[Entry] = []
    position = 0
    while match := _CALL.search(text, position):
        inner = balanced(text, match.end() - 1)
        start = match.end()
        position = start + len(inner)
        given = list(arguments(inner))
        words = [each.strip("\"'`") for each in given if each[:1] in "\"'`" and each]
        below = prefix
        if match["call"] in {"route", "prefix"} and words:
            below = joined(prefix, words[0])
        if match["call"] in {"route", "index"} and words:
            handler = f"./{words[-1].removeprefix('./')}"
            found.append(Entry(below or "/", lines.at(offset + match.start()), handler=handler, is_page=True))
        if "[" in inner:
            nested = inner.index("[")
            found += _functions(inner[nested:], below, lines, offset + start + nested)
    return found
