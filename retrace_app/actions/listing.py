"""Reading lists page by page: a page begins behind the last row of the one before, however many rows came since.

Belongs here: whose rows are read, in which order, and where a page ends. Does not: which rows there are (one module a
noun), or how a client is told where to go on (the faces).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from retrace_core.table import Table
from retrace_resources.lake import Lake, Reading

Row = dict[str, Any]
"""A row by the table's column names; times are UTC without a zone, as in the lake."""

Place = tuple[int | str, ...]
"""Where a page ends: the keys of its last row."""

Condition = tuple[str, Mapping[str, object]]
"""What rows must meet, as SQL, with the values of its parameters."""

DEFAULT_LIMIT = 100
MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose rows: every query names both."""

    project_id: str
    environment_id: str

    @property
    def condition(self) -> Condition:
        """The rows of this tenant.

        Compared as one row, so that the lake does not look for files by it: files hold all tenants of their time, and
        each column by which files are looked for costs a part of the catalog's query, 3 ms of processor.
        """
        return "(project_id, environment_id) = ($project_id, $environment_id)", self.params

    @property
    def params(self) -> Mapping[str, object]:
        """The values of its parameters."""
        return {"project_id": self.project_id, "environment_id": self.environment_id}


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are sorted by: SQL expressions with the types of their values, null in none of them.

    Together they tell any two rows of a tenant apart. Plain columns, all in one direction, let the lake skip what
    cannot be on the page. Times are microseconds in places.
    """

    keys: tuple[tuple[str, type], ...]
    descending: bool = False

    def fits(self, place: Sequence[object]) -> bool:
        """Whether a place can be one of this order; places come back from clients."""
        types = [int if kind is datetime else kind for _, kind in self.keys]
        return [type(value) for value in place] == types

    @property
    def marks(self) -> str:
        """The keys of a row as its place has them, named `key_0` and so on."""
        values = (f"epoch_us({sql})" if kind is datetime else sql for sql, kind in self.keys)
        return ", ".join(f"{value} AS key_{number}" for number, value in enumerate(values))

    @property
    def clause(self) -> str:
        """The ORDER BY."""
        direction = " DESC" if self.descending else ""
        return "ORDER BY " + ", ".join(f"{sql}{direction}" for sql, _ in self.keys)

    def behind(self, place: Place) -> Condition:
        """The rows behind a place."""
        values = {f"after_{number}": value for number, value in enumerate(place)}
        known = ", ".join(
            f"make_timestamp(${name}::BIGINT)" if kind is datetime else f"${name}"
            for name, (_, kind) in zip(values, self.keys, strict=True)
        )
        compared = ", ".join(sql for sql, _ in self.keys)
        return f"({compared}) {'<' if self.descending else '>'} ({known})", values


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: the one behind a place, the first by default, and how many rows it may have."""

    after: Place | None = None
    limit: int = DEFAULT_LIMIT


FIRST_PAGE = PageRequest()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and where the next page begins; None behind the last row."""

    rows: list[Row]
    end: Place | None = None


def exists(lake: Lake) -> bool:
    """Whether anything was ever taken in: looking must not make a lake."""
    return lake.catalog_path.exists()


def one_commit(lake: Lake) -> AbstractContextManager[Lake | Reading]:
    """What reads one commit with several queries; the lake itself where there is none yet, of which nothing is read."""
    return lake.reading() if exists(lake) else nullcontext(lake)


def read_rows(
    reader: Lake | Reading, columns: str, source: str, conditions: Sequence[Condition], rest: str = ""
) -> list[Row]:
    """Read rows that meet all conditions; none where there is no lake yet."""
    if isinstance(reader, Lake) and not exists(reader):
        return []
    where = " AND ".join(sql for sql, _ in conditions)
    params = {name: value for _, values in conditions for name, value in values.items()}
    return reader.query(f"SELECT {columns} FROM {source} WHERE {where} {rest}", params).to_dicts()


def read_page(
    reader: Lake | Reading,
    *,
    table: Table,
    columns: Sequence[str],
    order: Order,
    conditions: Sequence[Condition],
    page: PageRequest,
) -> Page:
    """Read one page of a table's rows that meet all conditions."""
    behind = [order.behind(page.after)] if page.after is not None else []
    rows = read_rows(
        reader,
        f"{', '.join(columns)}, {order.marks}",
        table.name,
        [*conditions, *behind],
        f"{order.clause} LIMIT {page.limit + 1}",
    )
    places = [tuple(row.pop(f"key_{number}") for number in range(len(order.keys))) for row in rows]
    return Page(rows[: page.limit], places[page.limit - 1] if len(rows) > page.limit else None)


def between(column: str, since: object | None, until: object | None) -> list[Condition]:
    """Rows whose time is in a span, its end not included; either side may be open."""
    conditions: list[Condition] = []
    if since is not None:
        conditions.append((f"{column} >= $since", {"since": since}))
    if until is not None:
        conditions.append((f"{column} < $until", {"until": until}))
    return conditions


def equal(**values: object | None) -> list[Condition]:
    """Rows whose columns have these values; None does not narrow."""
    return [(f"{name} = ${name}", {name: value}) for name, value in values.items() if value is not None]
