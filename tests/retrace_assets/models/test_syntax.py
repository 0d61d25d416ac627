"""Looking at SQL: what is a reading query, which tables it names, and when two queries are the same."""

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrace_assets.models.syntax import READING_TABLE_FUNCTIONS, parse
from retrace_core.errors import ErrorCode, RetraceError


@pytest.fixture(scope="module")
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB to parse with."""
    with closing(duckdb.connect()) as connection:
        yield connection


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", set()),
        ("FROM replays JOIN signals USING (session_id)", {"replays", "signals"}),
        ("SELECT (SELECT max(day) FROM clusters) FROM issues", {"clusters", "issues"}),
        ("SELECT * FROM replays WHERE day IN (SELECT day FROM rejected)", {"replays", "rejected"}),
        ("FROM Lake.Main.Replays AT (VERSION => 3)", {"replays"}),
        ("FROM replays UNION ALL FROM signals", {"replays", "signals"}),
        ("WITH bug AS (FROM issues) FROM bug", {"issues"}),
        ("WITH replays AS (FROM replays) FROM replays", {"replays"}),
        ("WITH a AS (FROM b), b AS (FROM a) FROM b", {"b"}),
        ("WITH a AS (FROM issues) FROM main.a", {"issues", "a"}),
        ("FROM b, (WITH b AS (FROM issues) FROM b)", {"b", "issues"}),
        ("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) FROM t", set()),
        ("DESCRIBE issues", {"issues"}),
        ("SUMMARIZE issues", {"issues"}),
        ("PIVOT issues ON status IN ('new') USING count(*)", {"issues"}),
        ("FROM range(3), unnest([1])", set()),
    ],
)
def test_the_tables_of_a_query_are_those_that_are_no_ctes_where_they_stand(
    parser: duckdb.DuckDBPyConnection, sql: str, tables: set[str]
) -> None:
    assert parse(parser, sql).tables == tables


@pytest.mark.parametrize(
    "same",
    [
        "select  title\nfrom issues -- by name\nwhere sessions > 3 /* or so */;",
        "SELECT title FROM issues WHERE (sessions > 3)",
    ],
)
def test_layout_and_comments_do_not_change_the_code_version(parser: duckdb.DuckDBPyConnection, same: str) -> None:
    assert parse(parser, same).code_version == parse(parser, "SELECT title FROM issues WHERE sessions > 3").code_version


@pytest.mark.parametrize("other", ["SELECT title FROM issues WHERE sessions > 4", "SELECT title FROM issues"])
def test_another_meaning_is_another_code_version(parser: duckdb.DuckDBPyConnection, other: str) -> None:
    assert (
        parse(parser, other).code_version != parse(parser, "SELECT title FROM issues WHERE sessions > 3").code_version
    )


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO issues SELECT 1",
        "UPDATE issues SET title = ''",
        "DELETE FROM issues",
        "CREATE TABLE t (n INT)",
        "CREATE TEMP TABLE t AS SELECT 1",
        "DROP TABLE issues",
        "COPY issues TO '/tmp/stolen.csv'",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.db'",
        "ATTACH 'retrace.db' AS s (TYPE sqlite)",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "RESET threads",
        "PRAGMA database_list",
        "CALL ducklake_expire_snapshots('lake', older_than => now())",
        "BEGIN",
        "USE memory",
        "EXPORT DATABASE '/tmp/all'",
        "IMPORT DATABASE '/tmp/all'",
        "CHECKPOINT",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "COMMENT ON TABLE issues IS 'x'",
        "MERGE INTO issues USING signals ON true WHEN MATCHED THEN DELETE",
        "PIVOT issues ON status",
        "FROM read_csv('/etc/passwd')",
        "FROM READ_TEXT('/etc/passwd')",
        "SELECT (SELECT max(content) FROM read_text('/etc/passwd'))",
        "WITH a AS (FROM glob('/etc/*')) SELECT 1",
        "FROM main.read_parquet('x.parquet')",
        "FROM sqlite_scan('retrace.db', 'sdk_keys')",
        "FROM ducklake_merge_adjacent_files('lake')",
        "FROM lake.merge_adjacent_files()",
        "FROM query('SELECT 1')",
        "FROM query_table('issues')",
        "FROM json_execute_serialized_sql('{}')",
        "FROM '/etc/passwd'",
        "FROM 'events.json'",
        'FROM "https://example.com/x.csv"',
        "SELECT write_log('x')",
        "SELECT nextval('s')",
        "SELECT json_serialize_plan('FROM read_csv(''/etc/passwd'')')",
    ],
)
def test_what_does_more_than_read_the_lake_is_refused(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(RetraceError) as refused:
        parse(parser, sql)
    assert refused.value.code is ErrorCode.SQL_NOT_READ_ONLY


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1; DELETE FROM issues", "SQL_NOT_READ_ONLY"),
        ("SELECT 1; SELECT 2", "found 2"),
        ("", "found 0"),
        ("-- nothing", "found 0"),
        ("SELEC 1", "line 1, column 1"),
        ("SELECT\n  title,\nFRM issues x y", "line 3, column 12"),
        ("SELECT 'é', FROM FROM", "line 1, column 18"),
        ("SELECT " + "-" * 5_000 + "1", ""),
        ("SELECT " + "(" * 5_000, ""),
        ("SELECT '\ud800'", ""),
    ],
)
def test_what_cannot_be_parsed_says_where(parser: duckdb.DuckDBPyConnection, sql: str, found: str) -> None:
    with pytest.raises(RetraceError) as refused:
        parse(parser, sql)
    assert found in refused.value.detail or found == refused.value.code.name


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_a_query_or_a_refusal(parser: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        outcome = parse(parser, text).sql
    except RetraceError as error:
        outcome = error.code.value
    assert outcome in {text, "invalid_sql", "sql_not_read_only"}


def test_no_allowed_function_reads_files(parser: duckdb.DuckDBPyConnection) -> None:
    """A file to read is a function's first argument, a text: none of the allowed ones of DuckDB itself takes one."""
    rows = parser.execute(
        "SELECT function_name FROM duckdb_functions() WHERE function_type = 'table' AND parameter_types[1] = 'VARCHAR'"
    ).fetchall()
    takes_a_text = {name for (name,) in rows} & READING_TABLE_FUNCTIONS
    assert takes_a_text <= {"json_each", "json_tree", "pragma_table_info"}
