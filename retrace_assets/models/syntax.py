"""What a query says, by DuckDB's own parser: that it only reads, which tables it names, and a hash of its meaning.

Belongs here: looking at SQL without running it. Does not: running it, or lineage of columns (`lineage`, which needs
sqlglot and a tenth of a second).
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from retrace_core.errors import ErrorCode, RetraceError

# Table functions that make rows of their arguments or describe the lake. All others read files, start programs or
# write: DuckDB's settings stop most of them, but not those of its SQLite extension.
READING_TABLE_FUNCTIONS = frozenset(
    {
        *("generate_series", "json_each", "json_tree", "range", "repeat", "unnest"),
        *("current_snapshot", "last_committed_snapshot", "snapshots", "table_info"),
        *("table_changes", "table_deletions", "table_insertions"),
        *("duckdb_columns", "duckdb_functions", "duckdb_keywords", "duckdb_schemas", "duckdb_tables", "duckdb_types"),
        *("histogram", "histogram_values", "pragma_table_info"),
    }
)
# Scalar functions that write, or plan a query that was not looked at.
REFUSED_FUNCTIONS = frozenset({"json_serialize_plan", "nextval", "write_log"})

_TREE = "SELECT json_serialize_sql(?::VARCHAR, skip_default := true, skip_empty := true, skip_null := true)"
_NOT_A_SELECT = "not implemented"


@dataclass(frozen=True, slots=True)
class Query:
    """A query that only reads: its text, the tables it names, and a hash that layout and comments do not change."""

    sql: str
    tables: frozenset[str]
    code_version: str


def parse(connection: duckdb.DuckDBPyConnection, sql: str) -> Query:
    """Parse one SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW or SUMMARIZE; nothing is bound or run.

    Raises `invalid_sql` for what does not parse, `sql_not_read_only` for what does more than read the lake.
    """
    try:
        tree = _tree(connection, sql)
        nodes = list(_nodes(tree))
        tables = frozenset(_tables(tree, frozenset()))
    except RecursionError as error:
        raise RetraceError(ErrorCode.INVALID_SQL, "the query is nested too deeply") from error
    for node in nodes:
        _refuse_function(node)
    for name in tables:
        _refuse_file(name)
    return Query(sql, tables, _hash(tree))


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    try:
        sql.encode()
        row = connection.execute(_TREE, [sql]).fetchone()
    except (duckdb.Error, UnicodeError) as error:
        raise RetraceError(ErrorCode.INVALID_SQL, str(error)) from error
    answer = json.loads(row[0]) if row else {}
    if answer["error"]:
        raise _refusal(sql, answer)
    statements = answer["statements"]
    if len(statements) != 1:
        raise RetraceError(ErrorCode.INVALID_SQL, f"expected one statement, found {len(statements)}")
    tree: dict[str, Any] = statements[0]
    return tree


def _refusal(sql: str, answer: dict[str, Any]) -> RetraceError:
    if answer["error_type"] == _NOT_A_SELECT:
        hint = (
            "start with SELECT, WITH, FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN; PIVOT needs its values: ON x IN (…)"
        )
        return RetraceError(ErrorCode.SQL_NOT_READ_ONLY, "this statement does more than read", hint)
    message = str(answer["error_message"])
    if not str(answer.get("position", "")).isdigit():
        return RetraceError(ErrorCode.INVALID_SQL, message)
    before = sql[: int(answer["position"])]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return RetraceError(ErrorCode.INVALID_SQL, f"line {line}, column {column}: {message}")


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree."""
    todo = [value]
    while todo:
        match todo.pop():
            case dict() as node:
                yield node
                todo += node.values()
            case list() as items:
                todo += items


def _tables(value: Any, hidden: frozenset[str]) -> Iterator[str]:
    """Names of tables that are not CTEs where they stand; a CTE hides a table from those after it and from the body."""
    match value:
        case {"type": "BASE_TABLE", "table_name": str(name), **rest}:
            if rest.get("schema_name") or name.lower() not in hidden:
                yield name.lower()
        case {"cte_map": {"map": [*entries]}, **rest}:
            for entry in entries:
                itself = {entry["key"].lower()} if _is_recursive(entry) else set()
                yield from _tables(entry["value"], hidden | itself)
                hidden |= {entry["key"].lower()}
            yield from _tables(rest, hidden)
        case dict() as node:
            for item in node.values():
                yield from _tables(item, hidden)
        case list() as items:
            for item in items:
                yield from _tables(item, hidden)


def _is_recursive(entry: dict[str, Any]) -> bool:
    return bool(entry["value"]["query"]["node"]["type"] == "RECURSIVE_CTE_NODE")


def _refuse_function(node: dict[str, Any]) -> None:
    name = str(node.get("function_name", "")).lower()
    if name in REFUSED_FUNCTIONS:
        raise RetraceError(ErrorCode.SQL_NOT_READ_ONLY, f"{name}() does more than read")
    if node.get("type") == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in READING_TABLE_FUNCTIONS:
            raise RetraceError(
                ErrorCode.SQL_NOT_READ_ONLY,
                f"{name}() reads or writes beyond the lake's tables",
                hint="tables are read by their names; SHOW TABLES lists them",
            )


def _refuse_file(name: str) -> None:
    """DuckDB would read a file of that name; no table has such a name."""
    if any(character in name for character in "./\\:*"):
        raise RetraceError(ErrorCode.SQL_NOT_READ_ONLY, f"'{name}' is a file, not a table")


def _hash(tree: dict[str, Any]) -> str:
    """Hash a tree without the positions of its words."""
    for node in _nodes(tree):
        node.pop("query_location", None)
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]
