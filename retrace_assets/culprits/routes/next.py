"""Next.js: `app/**/page.tsx` and `route.ts`, `pages/**`.

Belongs here: what a file's place means. Does not: other frameworks with routes by place.
"""

import re
from typing import Final

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Lines, Table

_APP = re.compile(r"(?:^|.*/)app/(?:(?P<folders>.*)/)?(?P<kind>page|route)\.(?:tsx?|jsx?|mdx)")
_PAGES = re.compile(r"(?:^|.*/)pages/(?P<path>.+)\.(?:tsx?|jsx?|mdx)")
_EXPORTED = re.compile(
    r"\bexport\s+(?:async\s+)?(?:function|const)\s+(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b"
)
_NO_PAGES: Final = frozenset({"_app", "_document", "_error", "404", "500"})


def table(path: str, text: str) -> Table:
    """The route a file is by its place."""
    if app := _APP.fullmatch(path):
        folders = (app["folders"] or "").split("/")
        # Groups and slots are for people and layouts.
        route = joined(*(folder for folder in folders if not folder.startswith(("(", "@"))))
        if app["kind"] == "page":
            return Table((Entry(route, 1, is_page=True),))
        lines = Lines(text)
        return Table(tuple(Entry(route, lines.at(each.start()), each["method"]) for each in _EXPORTED.finditer(text)))
    if (pages := _PAGES.fullmatch(path)) and pages["path"].rpartition("/")[2] not in _NO_PAGES:
        route = joined(re.sub(r"(?:^|/)index$", "", pages["path"]))
        return Table((Entry(route, 1, is_page=not pages["path"].startswith("api/")),))
    return Table()
