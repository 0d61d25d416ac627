"""Files that answer the incident's pages and requests.

Belongs here: which routes answer, and what that is worth. Does not: reading route tables (routes).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.lookup import Lookup
from retrace_assets.culprits.marks import Mark
from retrace_assets.culprits.routes.route import Route, match, segments

_REQUEST: Final = 1.0
_PAGE: Final = 0.6
# What an incident's start page says of where it went wrong, when it is the page everybody comes by.
_START_PAGE: Final = 0.2
# The table that names a route, when another file answers it; and what only that file uses.
_TABLE: Final = 0.2
_PART: Final = 0.6
_PARTS_USERS: Final = 2
# Answers that fit worse than this fit by their parameters only.
_FITS: Final = 0.5
# More files than that answer anything.
_ANSWERING: Final = 6


class _Asked(NamedTuple):
    method: str
    path: str
    is_page: bool


def route_marks(lookup: Lookup, clues: Clues) -> Iterator[Mark]:
    """Marks for the files that answer the pages and requests of some clues."""
    asked = [_Asked(request.method, request.path, is_page=False) for request in clues.requests]
    asked += [_Asked("", page, is_page=True) for page in clues.pages]
    seen: set[tuple[int, str]] = set()
    for each in asked:
        for mark in _marks(lookup, each):
            # A file that answers several of them is one place still.
            if (mark.file, mark.reason) not in seen:
                seen.add((mark.file, mark.reason))
                yield mark


def _marks(lookup: Lookup, asked: _Asked) -> Iterator[Mark]:
    fits, routes = _best(lookup, asked)
    files = list(dict.fromkeys(route.file for route in routes))
    if not files or len(files) > _ANSWERING:
        return
    most = _PAGE if asked.is_page else _REQUEST
    points = (_START_PAGE if not segments(asked.path) else most * fits) / len(files) ** 0.5
    for route in routes:
        named = f"{route.method} {route.path}".strip()
        kind = "shows the page" if route.is_page and asked.is_page else "answers"
        own = route.file == route.table
        yield Mark(route.file, points, f"it {kind} {named}", route.line if own else None)
        if not own:
            yield Mark(route.table, points * _TABLE, f"it routes {named}", route.line)
        for part in lookup.index.imports[route.file]:
            if len(lookup.importers[part]) <= _PARTS_USERS:
                yield Mark(part, points * _PART, f"it is a part of what {kind} {named}")


def _best(lookup: Lookup, asked: _Asked) -> tuple[float, list[Route]]:
    """The routes that fit best, and how well."""
    path = segments(asked.path)
    fitting: list[tuple[float, Route]] = []
    for template, route in lookup.routes:
        fits = match(template, path)
        if fits >= _FITS or (fits > 0 and not path):
            fitting.append((fits * _method_fits(route, asked), route))
    best = max((fits for fits, _ in fitting), default=0.0)
    return best, [route for fits, route in fitting if fits == best > 0]


def _method_fits(route: Route, asked: _Asked) -> float:
    if asked.is_page:
        return 1.0 if route.is_page else 0.8
    if not asked.method or not route.method:
        return 0.9 if route.is_page else 1.0
    return 1.0 if route.method == asked.method else 0.5
