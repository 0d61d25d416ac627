"""NestJS: controllers with a path, methods with a verb.

Belongs here: its decorators. Does not: any other framework.
"""

import re

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Lines, Table

HINTS = (b"@Controller",)

_DECORATOR = re.compile(
    r"@(?P<name>Controller|Get|Post|Put|Patch|Delete|Head|Options|All)\(\s*"
    r"(?:\{[^}]{0,200}?\bpath\s*:\s*)?(?:[\"'`](?P<path>[^\"'`\n]{0,200})[\"'`])?"
)


def table(_path: str, text: str) -> Table:
    """The routes of the controllers of a file."""
    lines = Lines(text)
    prefix = ""
    entries = []
    for match in _DECORATOR.finditer(text):
        path = match["path"] or ""
        if match["name"] == "Controller":
            prefix = path
            continue
        method = "" if match["name"] == "All" else match["name"].upper()
        entries.append(Entry(joined(prefix, path), lines.at(match.start()), method))
    return Table(tuple(entries))
