"""Routes of a whole repository: what each file says, under the prefixes its routers are mounted below elsewhere.

Belongs here: following mounts from file to file. Does not: reading tables (the frameworks' files).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from retrace_assets.culprits.imports import Modules
from retrace_assets.culprits.routes.route import Route, joined
from retrace_assets.culprits.routes.table import Table

# Deeper mounts are circles; more prefixes of one router are versions of an API.
_DEEP: Final = 8
_PREFIXES: Final = 12
_ROUTES: Final = 50_000


class _Router(NamedTuple):
    """A router by file and name; every router of the file where the name is empty."""

    file: int
    name: str


def compose(paths: Sequence[str], tables: Mapping[int, Table], modules: Modules) -> list[Route]:
    """The routes of all tables, by place of their file in `paths`."""
    return _Composer(paths, tables, modules).routes()


class _Composer:
    def __init__(self, paths: Sequence[str], tables: Mapping[int, Table], modules: Modules) -> None:
        self._paths, self._tables, self._modules = paths, tables, modules
        self._below: defaultdict[_Router, list[tuple[_Router, str]]] = defaultdict(list)
        for file, table in tables.items():
            for mount in table.mounts:
                target = self._router(file, mount.target)
                if target is not None:
                    self._below[target].append((_Router(file, mount.router), mount.prefix))

    def routes(self) -> list[Route]:
        found: dict[Route, None] = {}
        for file, table in self._tables.items():
            for entry in table.entries:
                handler = self._file(file, entry.handler) if entry.handler else None
                answering = file if handler is None else handler
                for prefix in self._prefixes(_Router(file, entry.router), 0):
                    path = joined(prefix, entry.path)
                    found[Route(entry.method, path, answering, file, entry.line, entry.is_page)] = None
            if len(found) > _ROUTES:
                break
        return list(found)

    def _prefixes(self, router: _Router, depth: int) -> list[str]:
        """Everything a router answers below, its own prefix included."""
        own = self._tables[router.file].prefixes.get(router.name, "") if router.file in self._tables else ""
        if depth >= _DEEP:
            return [own]
        mounted = [*self._below.get(router, ())]
        if router.name:
            mounted += self._below.get(_Router(router.file, ""), ())
        found = [
            joined(above, prefix, own)
            for parent, prefix in mounted
            if parent != router
            for above in self._prefixes(parent, depth + 1)
        ]
        return list(dict.fromkeys(found))[:_PREFIXES] or [own]

    def _router(self, file: int, target: str) -> _Router | None:
        """The router a name stands for: one of this file, or all of another's."""
        table = self._tables[file]
        name = target.partition(".")[0]
        if name not in table.names and _is_local(name, table):
            return _Router(file, name)
        found = self._file(file, target)
        if found is None or found == file:
            return None
        # `users.router`, or `from users import router`.
        last = target.rpartition(".")[2]
        known = {entry.router for entry in self._tables[found].entries} if found in self._tables else set()
        return _Router(found, last if last in known and len(known) > 1 else "")

    def _file(self, file: int, name: str) -> int | None:
        """The file that a name of a file, or a module, stands for."""
        table = self._tables[file]
        first, _, rest = name.partition(".")
        spellings = [name]
        if first in table.names:
            spellings = [f"{each}.{rest}" for each in table.names[first] if rest] + list(table.names[first])
            spellings += [each.rpartition(".")[0] for each in spellings[:1] if "." in each.strip(".")]
        found = (self._modules.resolve(self._paths[file], each) for each in spellings if each)
        return next((place for place in found if place is not None), None)


def _is_local(name: str, table: Table) -> bool:
    routers: set[str] = {entry.router for entry in table.entries} | {mount.router for mount in table.mounts}
    return name in routers or name in table.prefixes
