"""The schemas agree with themselves, with DuckDB and with Arrow."""

import duckdb
import pyarrow as pa
import pytest

from retrace_core.table import Kind, Table
from retrace_core.tables import TABLES

every_table = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


@every_table
def test_columns_have_one_name_each_and_a_sentence(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.columns)
    for name, description in [(table.name, table.description), *((c.name, c.description) for c in table.columns)]:
        assert name == name.lower()
        assert description.endswith((".", "…")), name


@every_table
def test_sort_and_key_columns_exist(table: Table) -> None:
    assert set(table.sorted_by) <= set(table.column_names)
    assert set(table.key) <= set(table.column_names)


@every_table
def test_a_daily_table_has_its_day_and_rows_about_a_tenant_start_with_it(table: Table) -> None:
    if table.daily:
        assert "day" in table.column_names
    if table.kind is not Kind.LEDGER:
        assert table.column_names[:2] == ("project_id", "environment_id")
        assert table.key[:2] == ("project_id", "environment_id")


@every_table
def test_duckdb_makes_the_table_and_takes_rows_of_the_arrow_schema(table: Table) -> None:
    connection = duckdb.connect()
    connection.execute(table.ddl)
    connection.execute(table.ddl)  # a second opener finds it made

    described = connection.execute(f"DESCRIBE {table.name}").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [(c.name, c.type) for c in table.columns]

    none: pa.Table = table.arrow_schema.empty_table()
    connection.register("none", none)
    connection.execute(f"INSERT INTO {table.name} SELECT * FROM none")
    answer = connection.execute(f"FROM {table.name}").to_arrow_table()
    assert answer.schema.equals(table.arrow_schema)


def test_no_column_needs_quoting() -> None:
    connection = duckdb.connect()
    reserved = connection.execute(
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    ).fetchall()
    names = {column.name for table in TABLES.values() for column in table.columns} | set(TABLES)
    assert names.isdisjoint(word for (word,) in reserved)


def test_tables_are_found_by_their_names() -> None:
    assert all(name == table.name for name, table in TABLES.items())
