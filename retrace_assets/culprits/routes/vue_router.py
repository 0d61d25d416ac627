"""Vue Router: objects with `path` and `component`.

Belongs here: telling its tables. Does not: the objects (script_objects).
"""

from retrace_assets.culprits.routes.script_names import script_names
from retrace_assets.culprits.routes.script_objects import object_routes
from retrace_assets.culprits.routes.table import Table

HINTS = (b"vue-router", b"VueRouter", b"RouteRecordRaw", b"createRouter(", b"new Router(")


def table(_path: str, text: str) -> Table:
    """The routes of a table of Vue Router."""
    return Table(tuple(object_routes(text)), names=script_names(text))
