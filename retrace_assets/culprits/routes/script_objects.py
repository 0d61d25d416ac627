"""Routes that are written as objects: `{ path, component, children }`, as the routers of Vue, React and Angular have.

Belongs here: that form. Does not: JSX, or files that are routes by their place (the frameworks' files).
"""

import re
from dataclasses import dataclass
from typing import Final

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Lines

_READ: Final = 200_000
_TOKEN = re.compile(
    r"(?P<open>\{)|(?P<close>\})|\bpath\s*:\s*[\"'`](?P<path>[^\"'`\n]{0,200})[\"'`]|(?P<index>\bindex\s*:\s*true)"
    r"|\b(?:component|Component|element|lazy|loadComponent|loadChildren|components|default)\s*:\s*"
    r"(?:<\s*(?P<element>[A-Z][\w.$]*)|(?P<name>[A-Z][\w$]*)\b"
    r"|[^,{}\n]{0,120}?\bimport\(\s*(?:/\*[^*]*\*/\s*)?[\"'`](?P<module>[^\"'`\n]{1,200}))"
)


@dataclass(slots=True)
class _Object:
    path: str | None = None
    line: int = 0
    handler: str = ""


def object_routes(text: str) -> list[Entry]:
    """The routes of objects in a script; those of children below their parents' paths."""
    text = text[:_READ]
    lines = Lines(text)
    around: list[_Object] = []
    found: list[Entry] = []
    for token in _TOKEN.finditer(text):
        if token["open"]:
            around.append(_Object())
        elif not around:
            continue
        elif token["close"]:
            found += _closed(around)
        elif token["path"] is not None or token["index"]:
            if around[-1].path is None:
                around[-1].path, around[-1].line = token["path"] or "", lines.at(token.start())
        else:
            # `components: { default: X }` is about the object around it.
            nearest = next((each for each in reversed(around) if each.path is not None), around[-1])
            nearest.handler = nearest.handler or token["element"] or token["name"] or token["module"] or ""
    return found


def _closed(around: list[_Object]) -> list[Entry]:
    """The route of the object that ends here, if it is one."""
    closed = around.pop()
    if closed.path is None or not closed.handler:
        return []
    parents = [each.path for each in around if each.path]
    path = joined(closed.path) if closed.path.startswith("/") else joined(*parents, closed.path)
    return [Entry(path, closed.line, handler=closed.handler, is_page=True)]
