"""Questions in SQL: one reading query over the lake's tables and models, while everything else runs.

Belongs here: what may be asked, running it, and its values as plain data. Does not: how an answer is shown (the faces).

Three things keep a query from doing more than read, each enough for nearly all: its syntax tree (one SELECT, tables
and known functions only), a database of its own that is attached read-only with files and settings locked, and no
network extension in it.
"""

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from retrace_assets.models.model import load_models, with_upstream
from retrace_assets.models.syntax import Query, parse
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import TABLES
from retrace_resources.lake import Lake

Value = None | bool | int | float | str | list[Any] | dict[str, Any]
"""A value as JSON has it; times are ISO 8601 in UTC, ending in Z."""

_FETCHED_AT_ONCE = 1_000
_COMMENT = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)"
_EXPLAIN = re.compile(rf"{_COMMENT}*EXPLAIN\b({_COMMENT}*ANALYZE\b)?", re.IGNORECASE | re.DOTALL)
_CANDIDATES = re.compile(r'Did you mean "([^"]+)"|Candidate bindings: ([^\n]+)|Candidate functions?:\s*([^\n]+)')


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns with their DuckDB types, and rows that are fetched as they are asked for."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[list[Value]]


@contextmanager
def ask(home: Path, sql: str) -> Iterator[Answer]:
    """Ask one question of a home's lake; the answer holds while the context is open.

    Raises what `answer` does, `lake_not_found` and `home_too_new`.
    """
    with Lake(home).sealed() as connection:
        yield answer(connection, sql)


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """Run one reading query on a sealed lake, on a cursor of its own; opening one costs more than most questions.

    Raises `invalid_sql` with DuckDB's message and what it may have meant, or `sql_not_read_only`.
    """
    query = _checked(connection, sql)
    cursor = connection.cursor()
    cursor.execute("USE lake")
    tables = _tables(cursor)
    with _explained(query, tables):
        _show_models(cursor, query.tables - tables)
        cursor.execute(query.sql)
    columns = _distinct([str(name) for name, *_ in cursor.description])
    types = tuple(str(kind) for _, kind, *_ in cursor.description)
    return Answer(columns, types, _rows(cursor, types, query, tables))


def _checked(connection: duckdb.DuckDBPyConnection, sql: str) -> Query:
    """Check a query, under EXPLAIN the one that is explained; EXPLAIN ANALYZE runs it."""
    if explain := _EXPLAIN.match(sql):
        query = parse(connection, sql[explain.end() :])
        return replace(query, sql=f"EXPLAIN {'ANALYZE ' if explain[1] else ''}{query.sql}")
    return parse(connection, sql)


def _tables(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    rows = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'").fetchall()
    return frozenset(name for (name,) in rows)


def _show_models(connection: duckdb.DuckDBPyConnection, missing: frozenset[str]) -> None:
    """Answer for models that were never built from their SQL, so that a new home has them too."""
    for model in with_upstream(load_models(), missing) if missing else ():
        connection.execute(f"CREATE TEMP VIEW {model.name} AS {model.sql}")


def _rows(
    cursor: duckdb.DuckDBPyConnection, types: tuple[str, ...], query: Query, tables: frozenset[str]
) -> Iterator[list[Value]]:
    while True:
        with _explained(query, tables):
            rows = cursor.fetchmany(_FETCHED_AT_ONCE)
        if not rows:
            return
        for row in rows:
            yield [_parsed(value) if kind == "JSON" else plain(value) for value, kind in zip(row, types, strict=True)]


@contextmanager
def _explained(query: Query, tables: frozenset[str]) -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.PermissionException as error:
        raise RetraceError(ErrorCode.SQL_NOT_READ_ONLY, _message(error)) from error
    except duckdb.Error as error:
        raise RetraceError(ErrorCode.INVALID_SQL, _message(error), _hint(str(error), query, tables)) from error


def _message(error: duckdb.Error) -> str:
    """DuckDB's message with the line it points into, without what it would suggest of its own tables."""
    return re.sub(r"\nDid you mean [^\n]*", "", str(error)).strip()


def _hint(message: str, query: Query, tables: frozenset[str]) -> str:
    known = sorted({*TABLES, *tables, *(model.name for model in load_models())} - {"meta"})
    for name in sorted(query.tables - set(known)):
        near = get_close_matches(name, known, n=1)
        return f"did you mean {near[0]}?" if near else f"tables: {', '.join(known)}"
    found = _CANDIDATES.search(message)
    names = next(filter(None, found.groups())).replace('"', "") if found else ""
    return f"did you mean {', '.join(names.split(', ')[:3])}?" if names else ""


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Column names that can be keys: the second `id` is `id_1`, as DuckDB itself calls it elsewhere."""
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        distinct.append(f"{name}_{count}" if count else name)
    return tuple(distinct)


def plain(value: object) -> Value:
    """A value of DuckDB as JSON has it; what JSON has no word for becomes text, NaN and infinity null."""
    result: Value
    match value:
        case None | bool() | str() | int():
            result = value
        case float() | Decimal():
            number = float(value)
            result = number if math.isfinite(number) else None
        case datetime():
            in_utc = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
            result = in_utc.isoformat().replace("+00:00", "Z")
        case date() | time() | timedelta() | bytes():
            result = str(msgspec.to_builtins(value))
        case list() | tuple():
            result = [plain(item) for item in value]
        case dict():
            result = {str(key): plain(item) for key, item in value.items()}
        case _:
            result = str(value)
    return result


def _parsed(value: object) -> Value:
    """A value of the type JSON as what it says."""
    try:
        return plain(json.loads(str(value))) if value is not None else None
    except (ValueError, RecursionError):
        return str(value)
