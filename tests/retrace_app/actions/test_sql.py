"""Questions in SQL: that they read the lake as it is now, and nothing else, and write nothing at all."""

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrace_app.actions.sql import Value, answer, ask, plain
from retrace_assets.models.model import load_models
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import PROGRESS, REPLAYS, SCHEMA_VERSION
from retrace_resources.lake import INLINED_ROWS, Lake

SESSION = "Checkout 'A' é/1"


def replays(count: int) -> pl.DataFrame:
    """Sessions; the first is called as an SDK might."""
    schema = pl.Schema(REPLAYS.arrow_schema)
    at = datetime.fromisoformat("2026-11-20T12:00")
    rows = [
        {"project_id": "p", "environment_id": "e", "day": date(2026, 11, 20), "started_at": at, "received_last_at": at}
        | {"session_id": f"s{number}" if number else SESSION, "events": number}
        for number in range(count)
    ]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with sessions in a file and progress in the catalog, held open by a writer."""
    home = tmp_path_factory.mktemp("it's [a] home")
    with Lake(home) as lake:
        with lake.transaction() as tx:
            tx.append(REPLAYS, replays(INLINED_ROWS + 20))
            tx.append(PROGRESS, pl.DataFrame({"stage": ["replays"], "commit_no": [7]}))
        yield home


@pytest.fixture(scope="module")
def sealed(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The lake of that home as questions see it."""
    with Lake(home).sealed() as connection:
        yield connection


def rows(sealed: duckdb.DuckDBPyConnection, sql: str) -> list[list[Value]]:
    """Every row of an answer."""
    return list(answer(sealed, sql).rows)


def refusal(sealed: duckdb.DuckDBPyConnection, sql: str) -> RetraceError:
    """What a query that cannot be answered is told."""
    with pytest.raises(RetraceError) as refused:
        rows(sealed, sql)
    return refused.value


def files(home: Path) -> list[Path]:
    """Every file of a home but the journal of the catalog."""
    return sorted(path for path in home.rglob("*") if "catalog.sqlite-" not in path.name)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT count(*) FROM replays", [[INLINED_ROWS + 20]]),
        ("FROM progress", [["replays", 7]]),
        ("SELECT commit_no FROM lake.main.progress WHERE stage = 'replays';", [[7]]),
        ("WITH p AS (FROM progress) SELECT stage FROM p", [["replays"]]),
        ("VALUES (1), (2)", [[1], [2]]),
        (f"SELECT events FROM replays WHERE session_id = '{SESSION.replace(chr(39), chr(39) * 2)}'", [[0]]),
        ("SELECT count(*) > 1 FROM lake.snapshots()", [[True]]),
        ("SELECT count(*) FROM replays AT (VERSION => 1)", [[0]]),
    ],
)
def test_tables_go_by_their_names(sealed: duckdb.DuckDBPyConnection, sql: str, expected: list[list[Value]]) -> None:
    assert rows(sealed, sql) == expected


@pytest.mark.parametrize(
    "sql", ["DESCRIBE replays", "SHOW TABLES", "SUMMARIZE progress", "EXPLAIN FROM replays", "explain analyze select 1"]
)
def test_what_describes_answers_too(sealed: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert rows(sealed, sql)


def test_the_answer_is_of_the_latest_commit_and_waits_for_no_writer(home: Path) -> None:
    question = "FROM progress WHERE stage = 'open'"
    with Lake(home) as lake, lake.transaction() as tx:
        tx.append(PROGRESS, pl.DataFrame({"stage": ["open"], "commit_no": [8]}))
        seen: list[list[list[Value]]] = []

        def look() -> None:
            with ask(home, question) as found:
                seen.append(list(found.rows))

        asking = threading.Thread(target=look)
        asking.start()
        asking.join(timeout=20)
        assert seen == [[]]
    with ask(home, question) as found:
        assert list(found.rows) == [["open", 8]]


def test_models_answer_before_they_were_ever_built(sealed: duckdb.DuckDBPyConnection) -> None:
    for model in load_models():
        assert answer(sealed, f"FROM {model.name}").columns == tuple(model.columns)


def test_a_model_answers_with_what_was_built_as_soon_as_it_was(tmp_path: Path) -> None:
    name = load_models()[0].name
    with Lake(tmp_path) as lake:
        lake.snapshot_id()
        with lake.sealed() as sealed:
            assert rows(sealed, f"SELECT count(*) FROM {name}") == [[0]]
            with lake.transaction() as tx:
                tx.execute(f"CREATE TABLE {name} AS SELECT 42 AS built")
            assert rows(sealed, f"FROM {name}") == [[42]]


# What a statement's kind gives away is refused by its syntax (test_syntax); these hide what they do.
ATTACKS = [
    "COPY (SELECT 1) TO '{data}/stolen.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{data}/stolen.csv'",
    "/* EXPLAIN */ COPY (SELECT 1) TO '{data}/stolen.csv'",
    "EXPLAIN /* /* SELECT 1 */ */ COPY (SELECT 1) TO '{data}/stolen.csv'",
    "EXPLAIN -- SELECT 1\n COPY (SELECT 1) TO '{data}/stolen.csv'",
    "EXPLAIN EXPLAIN ANALYZE COPY (SELECT 1) TO '{data}/stolen.csv'",
    "EXPLAIN ANALYZE DELETE FROM replays",
    "EXPLAIN SELECT 1; COPY (SELECT 1) TO '{data}/stolen.csv'",
    "SELECT 1; COPY (SELECT 1) TO '{data}/stolen.csv'",
    "FROM read_blob('{data}/**')",
    "FROM read_blob('{data}/../catalog.sqlite')",
    "EXPLAIN ANALYZE FROM sqlite_scan('{secrets}', 'keys')",
    "SELECT (FROM sqlite_scan('{secrets}', 'keys'))",
    "WITH range AS (FROM sqlite_scan('{secrets}', 'keys')) FROM range",
    "DESCRIBE SELECT * FROM sqlite_scan('{secrets}', 'keys')",
    "FROM query('FROM sqlite_scan(''{secrets}'', ''keys'')')",
    "FROM '{data}/main/replays/**'",
    "FROM lake.merge_adjacent_files()",
]


def test_nothing_but_the_lake_is_read_and_nothing_is_written(
    home: Path, sealed: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    secrets = tmp_path / "retrace.db"
    with closing(sqlite3.connect(secrets)) as database:
        database.execute("CREATE TABLE keys AS SELECT 'rtpk_secret' AS secret")
    before = files(home)

    for attack in ATTACKS:
        error = refusal(sealed, attack.format(data=home / "lake" / "data", secrets=secrets))
        assert error.code in {ErrorCode.SQL_NOT_READ_ONLY, ErrorCode.INVALID_SQL}, attack
        assert "rtpk_secret" not in error.detail

    assert files(home) == before
    assert rows(sealed, "SELECT count(*) FROM replays") == [[INLINED_ROWS + 20]]


@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        ("FROM replay", "Table with name replay does not exist", "did you mean replays?"),
        ("FROM incident_impac", "incident_impac", "did you mean incident_impact?"),
        ("FROM nothing_like_it_at_all", "nothing_like_it_at_all", "tables: changes, clusters"),
        ("SELECT sesion_id FROM replays", "sesion_id", "did you mean session_id"),
        ("SELECT cuont(*) FROM replays", "cuont", "did you mean count"),
        ("SELECT stage::INT FROM progress", "Could not convert string", ""),
        ("SELECT * FRM replays", "line 1, column", ""),
    ],
)
def test_an_error_says_what_was_found_and_what_was_meant(
    sealed: duckdb.DuckDBPyConnection, sql: str, message: str, hint: str
) -> None:
    error = refusal(sealed, sql)
    assert error.code is ErrorCode.INVALID_SQL
    assert message in error.detail
    assert hint in error.hint
    assert "Did you mean" not in error.detail


def test_an_error_in_a_late_row_is_told_as_well(sealed: duckdb.DuckDBPyConnection) -> None:
    late = "SELECT CASE WHEN i = 99000 THEN 'x' ELSE '1' END::INT FROM range(100000) AS r(i)"
    assert "Could not convert" in refusal(sealed, late).detail


def test_a_home_without_a_lake_is_told_so_and_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(RetraceError) as refused, ask(tmp_path / "typo", "SELECT 1"):
        pass
    assert refused.value.code is ErrorCode.LAKE_NOT_FOUND
    assert not (tmp_path / "typo").exists()


def test_a_newer_lake_is_refused(tmp_path: Path) -> None:
    with Lake(tmp_path) as lake, lake.transaction() as tx:
        tx.execute("UPDATE meta SET schema_version = ?", [SCHEMA_VERSION + 1])
    with pytest.raises(RetraceError) as refused, ask(tmp_path, "SELECT 1"):
        pass
    assert refused.value.code is ErrorCode.HOME_TOO_NEW


def test_values_are_as_json_has_them(sealed: duckdb.DuckDBPyConnection) -> None:
    sql = """
        SELECT 1 AS id, 2 AS id, [1, NULL] AS list, {'a': TIMESTAMP '2026-11-20 12:00:00.5'} AS struct,
               MAP {'k': 1.5} AS map, '{"a": [1, {"b": null}]}'::JSON AS json, 'not {json' AS text,
               DATE '2026-11-20' AS day,
               'nan'::DOUBLE AS nan, 12345678901234567890::HUGEINT AS huge, 2.50 AS dec, NULL AS none,
               TIMESTAMPTZ '2026-11-20 12:00:00+02' AS zoned, INTERVAL 90 SECOND AS span, 'ab'::BLOB AS blob
    """
    found = answer(sealed, sql)
    [row] = list(found.rows)
    values = dict(zip(found.columns, row, strict=True))

    assert (
        json.loads(json.dumps(values))
        == values
        == {
            "id": 1,
            "id_1": 2,
            "list": [1, None],
            "struct": {"a": "2026-11-20T12:00:00.500000Z"},
            "map": {"k": 1.5},
            "json": {"a": [1, {"b": None}]},
            "text": "not {json",
            "day": "2026-11-20",
            "nan": None,
            "huge": 12345678901234567890,
            "dec": 2.5,
            "none": None,
            "zoned": "2026-11-20T10:00:00Z",
            "span": "PT90S",
            "blob": "YWI=",
        }
    )


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals(allow_nan=False)
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.times()
    | st.timedeltas()
    | st.uuids()
)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_SCALARS, inner), max_leaves=10)


@settings(max_examples=150)
@given(_VALUES)
def test_whatever_duckdb_gives_becomes_json(value: object) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_rows_are_fetched_as_they_are_asked_for(sealed: duckdb.DuckDBPyConnection) -> None:
    """A billion rows would take minutes and all memory."""
    numbers = answer(sealed, "SELECT i FROM range(1_000_000_000) AS r(i)").rows
    assert [next(numbers), next(numbers)] == [[0], [1]]


@pytest.mark.slow
def test_a_question_imports_neither_dagster_nor_sqlglot(home: Path) -> None:
    """What a question imports is what a person waits for."""
    script = (
        "import sys, pathlib\n"
        "from retrace_app.actions.sql import ask\n"
        f"with ask(pathlib.Path({str(home)!r}), 'FROM incident_impact') as answer: list(answer.rows)\n"
        "print({'dagster', 'sqlglot', 'sqlalchemy', 'playwright'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "set()"
