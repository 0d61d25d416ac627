"""Nuxt and Astro: `pages/**/*.vue`, `src/pages/**/*.astro`, `server/api/users/[id].get.ts`.

Belongs here: what a file's place means. Does not: other frameworks with routes by place.
"""

import re

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Table

_PAGE = re.compile(r"(?:^|.*/)pages/(?P<path>.+)\.(?:vue|astro)")
_SERVER = re.compile(
    r"(?:^|.*/)server/(?P<path>(?:api|routes)/.+?)(?:\.(?P<method>get|post|put|patch|delete))?\.(?:ts|js|mjs)"
)


def table(path: str, _text: str) -> Table:
    """The route a file is by its place."""
    if page := _PAGE.fullmatch(path):
        return Table((Entry(joined(re.sub(r"(?:^|/)index$", "", page["path"])), 1, is_page=True),))
    server = _SERVER.fullmatch(path)
    if not server:
        return Table()
    route = re.sub(r"(?:^|/)index$", "", server["path"].removeprefix("routes/"))
    return Table((Entry(joined(route), 1, (server["method"] or "").upper()),))
