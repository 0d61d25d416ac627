"""SvelteKit: `src/routes/**/+page.svelte`, `+server.ts`.

Belongs here: what a file's place means. Does not: other frameworks with routes by place.
"""

import re

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Table

_FILE = re.compile(
    r"(?:^|.*/)routes/(?:(?P<folders>.*)/)?\+(?P<kind>page|server)(?:\.server)?(?:@\w*)?\.(?:svelte|ts|js)"
)


def table(path: str, _text: str) -> Table:
    """The route a file is by its place."""
    found = _FILE.fullmatch(path)
    if not found:
        return Table()
    folders = (found["folders"] or "").split("/")
    route = joined(*(folder for folder in folders if not folder.startswith("(")))
    return Table((Entry(route, 1, is_page=found["kind"] == "page"),))
