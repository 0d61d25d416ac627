"""Which framework's eyes a file is read with.

Belongs here: the list of frameworks. Does not: any of them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from retrace_assets.culprits.routes import (
    django,
    express,
    fastapi,
    fastify,
    flask,
    go,
    laravel,
    nest,
    next,  # noqa: A004 - the name of the framework
    nuxt,
    rails,
    react_router,
    remix,
    spring,
    sveltekit,
    vue_router,
)
from retrace_assets.culprits.routes.table import Table

# Longer tables are made by programs.
_READ: Final = 200_000

_Read = Callable[[str, str], Table]
_SCRIPTS: Final = ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "astro")
# What a file must hold for a framework's words to mean anything.
_BY_CONTENT: Final[Mapping[str, tuple[tuple[tuple[bytes, ...], _Read], ...]]] = {
    **dict.fromkeys(
        _SCRIPTS,
        (
            (vue_router.HINTS, vue_router.table),
            (react_router.HINTS, react_router.table),
            (express.HINTS, express.table),
            (fastify.HINTS, fastify.table),
            (nest.HINTS, nest.table),
        ),
    ),
    "py": ((fastapi.HINTS, fastapi.table), (flask.HINTS, flask.table), (django.HINTS, django.table)),
    "rb": ((rails.HINTS, rails.table),),
    "php": ((laravel.HINTS, laravel.table),),
    **dict.fromkeys(("java", "kt", "scala", "groovy"), ((spring.HINTS, spring.table),)),
    "go": ((go.HINTS, go.table),),
}
_BY_PLACE: Final[tuple[tuple[re.Pattern[str], _Read], ...]] = (
    (re.compile(r"(?:^|/)app/(?:.*/)?(?:page|route)\.|(?:^|/)pages/.*\.(?:tsx?|jsx?|mdx)$"), next.table),
    (re.compile(r"(?:^|/)app/routes/"), remix.table),
    (re.compile(r"(?:^|/)routes/(?:.*/)?\+"), sveltekit.table),
    (re.compile(r"(?:^|/)(?:pages/.*\.(?:vue|astro)$|server/(?:api|routes)/)"), nuxt.table),
)


def table_of(path: str, content: bytes) -> Table:
    """Everything a file says of routes, by all frameworks of its language."""
    readers = [read for hints, read in _BY_CONTENT.get(_extension(path), ()) if any(hint in content for hint in hints)]
    readers += [read for pattern, read in _BY_PLACE if pattern.search(path)]
    if not readers:
        return Table()
    text = content[:_READ].decode("utf-8", "replace")
    found = [table for read in readers if (table := read(path, text))]
    return Table(
        tuple(dict.fromkeys(entry for table in found for entry in table.entries)),
        tuple(dict.fromkeys(mount for table in found for mount in table.mounts)),
        {name: prefix for table in found for name, prefix in table.prefixes.items()},
        {name: modules for table in found for name, modules in table.names.items()},
    )


def _extension(path: str) -> str:
    return path.rpartition(".")[2].lower()
