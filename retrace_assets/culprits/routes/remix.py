"""Remix, and React Router with routes by file: `app/routes/users.$id_.edit.tsx`.

Belongs here: what such a name means. Does not: routes that are written in code (react_router).
"""

import re

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Table

_FILE = re.compile(r"(?:^|.*/)app/routes/(?P<name>[^/]+)(?:/route)?\.(?:tsx?|jsx?)")
# `[.]` is a dot that parts nothing.
_PARTS = re.compile(r"(?:\[[^\]]*\]|[^.\[])+")


def table(path: str, _text: str) -> Table:
    """The route a file is by its name."""
    found = _FILE.fullmatch(path)
    if not found:
        return Table()
    shown = []
    for part in _PARTS.findall(found["name"]):
        # A leading underscore is a layout without a path, a trailing one leaves the layout.
        if part.startswith("_"):
            continue
        bare = part.rstrip("_").strip("()").replace("[", "").replace("]", "")
        shown.append("*" if bare == "$" else bare)
    return Table((Entry(joined(*shown), 1, is_page=True),))
