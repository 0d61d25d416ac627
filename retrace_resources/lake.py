"""The lake: DuckLake tables in DuckDB, with one writer at a time.

Belongs here: attaching, the writers' lock, transactions, reading and writing frames, schema version. Does not: what
any table means (retrace_core.tables) or upkeep of its files (lake_maintenance).

A DuckDB connection must never cross a fork: start processes by spawning them.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import cached_property
from importlib import resources
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.table import Table
from retrace_core.tables import SCHEMA_VERSION, TABLES

# DuckLake keeps commits of up to this many rows in the catalog instead of a file of their own; maintenance flushes.
INLINED_ROWS = 100
# Writing is on the way from the door to the incident; maintenance rewrites at a higher level when nobody waits.
ZSTD_LEVEL = 3
# Maintenance merges files up to this, while writers wait: 16 MB of recordings are 230 MB of JSON, packed anew in 1.5 s.
TARGET_FILE_SIZE = "16MB"
# A busy catalog is waited for this long; writers already exclude each other by the lock.
BUSY_TIMEOUT_MS = 10_000
# Stages hand DuckDB a few thousand rows at a time and have threads of their own (Polars, decoding): measured on two
# cores, a second thread made nothing faster and cost a third more processor time over the whole hot run.
THREADS = 1
# What DuckDB may hold before it spills to disk.
MEMORY_LIMIT = "1GB"

_EXTENSIONS = ("ducklake", "sqlite_scanner")
_SPILL_FOLDERS = count()
_Params = Sequence[object] | Mapping[str, object] | None


def extension_path(name: str) -> Path:
    """Path of DuckDB's own signed extension inside its wheel, so that nothing is downloaded."""
    root = resources.files(f"duckdb_extension_{name}")
    return Path(str(root)) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"


class Reading:
    """One commit of the lake, as often as it is asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Wrap a connection on which a transaction was begun."""
        self._connection = connection

    def query(self, sql: str, params: _Params = None, **frames: pl.DataFrame) -> pl.DataFrame:
        """Read as of this transaction; `frames` are visible to the query under their names."""
        return _query(self._connection, sql, params, frames)


class Transaction(Reading):
    """One writer's turn: everything in it is committed together or not at all."""

    @cached_property
    def commit_no(self) -> int:
        """Number of this commit: grows with every commit, also over processes."""
        [(latest,)] = self._connection.execute("FROM lake.current_snapshot()").fetchall()
        return int(latest) + 1

    def execute(self, sql: str, params: _Params = None, **frames: pl.DataFrame) -> None:
        """Run a statement; `frames` are visible to it under their names."""
        with _registered(self._connection, frames):
            self._connection.execute(sql, params)

    def append(self, table: Table, rows: pl.DataFrame) -> int:
        """Add rows, given in the table's columns (order is free); returns how many."""
        if rows.is_empty():
            return 0
        self._connection.register("appended", rows.select(table.column_names).to_arrow())
        try:
            self._connection.execute(f"INSERT INTO {table.name} BY NAME SELECT * FROM appended")
        finally:
            self._connection.unregister("appended")
        return rows.height

    def delete(self, table: Table, keys: pl.DataFrame) -> None:
        """Delete the rows that match `keys` on all its columns.

        Dates and times in `keys` also bound the scan, so that a deletion costs what it touches.
        """
        if keys.is_empty():
            return
        bounds: list[str] = []
        params: list[object] = []
        for name, dtype in keys.schema.items():
            if dtype.is_temporal():
                or_null = f" OR {name} IS NULL" if keys[name].has_nulls() else ""
                bounds.append(f"({name} BETWEEN ? AND ?{or_null})")
                params += [keys[name].min(), keys[name].max()]
        columns = ", ".join(keys.columns)
        condition = " AND ".join([*bounds, f"({columns}) IN (SELECT ({columns}) FROM doomed)"])
        self.execute(f"DELETE FROM {table.name} WHERE {condition}", params, doomed=keys)

    def replace(self, table: Table, keys: pl.DataFrame, rows: pl.DataFrame) -> int:
        """Put `rows` in the place of those that match `keys`; returns how many were added."""
        self.delete(table, keys)
        return self.append(table, rows)


class Lake:
    """The tables of one home, for many processes at once."""

    def __init__(self, home: Path) -> None:
        """Name the home; nothing is opened before the first use."""
        self._folder = home.absolute() / "lake"
        self._pid = os.getpid()
        self._opening = threading.Lock()
        self._idle: deque[duckdb.DuckDBPyConnection] = deque()

    @property
    def data_path(self) -> Path:
        """Folder of the Parquet files."""
        return self._folder / "data"

    @property
    def spill_path(self) -> Path:
        """Folder in which each process that runs out of memory has one of its own, `<pid>-<n>`."""
        return self._folder / "spill"

    @property
    def catalog_path(self) -> Path:
        """The SQLite file that says which files and rows belong to which table."""
        return self._folder / "catalog.sqlite"

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        with self._usable():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        ready = self._folder / f"schema-{SCHEMA_VERSION}"
        with _closed_on_failure(self._connect()) as connection:
            # The first attach creates the catalog, and two at once would both try. Later ones do not wait for writers.
            with nullcontext() if ready.exists() else self._writers_lock():
                self._attach(connection, "META_JOURNAL_MODE 'WAL'")
                _refuse_newer(connection)
                if not ready.exists():
                    _migrate(connection)
                    ready.touch()
            return connection

    def _seal(self) -> duckdb.DuckDBPyConnection:
        with _closed_on_failure(self._connect()) as connection:
            self._attach(connection, "READ_ONLY")
            _refuse_newer(connection)
            folders = ", ".join(f"'{_quoted(folder)}/'" for folder in (self.data_path, self.spill_path))
            connection.execute(f"SET allowed_directories = [{folders}]")
            # Questions of analysts read far more than a stage does.
            connection.execute("RESET threads")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            return connection

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """Start a DuckDB that works offline and in UTC, with the lake's extensions.

        Two DuckDBs that spill into one folder overwrite each other's files and crash, so each gets its own.
        """
        self.spill_path.mkdir(exist_ok=True)
        connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": MEMORY_LIMIT,
                # A misspelt table must be an error, not some Python variable of that name.
                "python_enable_replacements": "false",
                "temp_directory": str(self.spill_path / f"{os.getpid()}-{next(_SPILL_FOLDERS)}"),
                "threads": str(THREADS),
            }
        )
        for name in _EXTENSIONS:
            connection.execute(f"LOAD '{extension_path(name)}'")
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        return connection

    def _attach(self, connection: duckdb.DuckDBPyConnection, options: str) -> None:
        # The catalog remembers where it was made; a home may have been moved since.
        connection.execute(
            f"ATTACH 'ducklake:sqlite:{_quoted(self.catalog_path)}' AS lake (DATA_PATH '{_quoted(self.data_path)}/', "
            f"OVERRIDE_DATA_PATH true, META_BUSY_TIMEOUT {BUSY_TIMEOUT_MS}, {options})"
        )
        connection.execute("USE lake")

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, duckdb.Error) as error:
            raise RetraceError(
                ErrorCode.HOME_UNUSABLE, f"{self._folder}: {error}", hint="check that the folder can be written"
            ) from error

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        self._refuse_fork()
        with self._opening:
            database = self._database
        cursor = database.cursor()
        cursor.execute("USE lake")
        # It would draw on the terminal of whoever runs a command.
        cursor.execute("SET enable_progress_bar = false")
        # For the first few rows of an order DuckDB would scan a table twice, first for the order alone. To look for its
        # files once more costs more than the columns that this saves.
        cursor.execute("SET late_materialization_max_rows = 0")
        return cursor

    def _refuse_fork(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("a Lake must not be used after a fork; spawn the process instead")

    @contextmanager
    def _lent(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection whose settings nobody changes: it is used again, since USE asks the catalog anew."""
        self._refuse_fork()
        try:
            cursor = self._idle.pop()
        except IndexError:
            cursor = self._cursor()
        database = self.__dict__.get("_database")
        try:
            yield cursor
        except BaseException:
            cursor.close()
            raise
        if database is not None and self.__dict__.get("_database") is database:
            self._idle.append(cursor)
        else:
            cursor.close()

    @contextmanager
    def _writers_lock(self) -> Iterator[None]:
        with (self._folder / "writer.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Wait for the writers' turn, then write: committed at the end, rolled back on an exception."""
        with self._lent() as cursor, self._writers_lock():
            cursor.execute("BEGIN")
            try:
                yield Transaction(cursor)
                cursor.execute("COMMIT")
            except BaseException:
                _rollback(cursor)
                raise

    def query(self, sql: str, params: _Params = None, **frames: pl.DataFrame) -> pl.DataFrame:
        """Read the latest commit; `frames` are visible to the query under their names."""
        with self._lent() as cursor:
            return _query(cursor, sql, params, frames)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read one commit with several queries: their answers agree, and the catalog is opened once, not for each."""
        with self._lent() as cursor:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield Reading(cursor)
            cursor.execute("COMMIT")

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection on the lake, for what does not return a frame: upkeep, analysts' queries."""
        cursor = self._cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def sealed(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a DuckDB of its own that only reads this lake: no writing, no other file, no setting to change.

        The SQLite extension opens files past these settings, so SQL from outside is to be checked before it runs here.
        Raises `lake_not_found`, `home_too_new` or `home_unusable`.
        """
        if not self.catalog_path.exists():
            raise RetraceError(
                ErrorCode.LAKE_NOT_FOUND,
                f"nothing was taken in at {self._folder} yet",
                hint="run `retrace up`, or set RETRACE_HOME",
            )
        with self._usable():
            connection = self._seal()
        with closing(connection):
            yield connection

    @contextmanager
    def maintenance(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection outside a transaction, with the writers' turn held."""
        with self._writers_lock(), self.connection() as connection:
            yield connection

    def snapshot_id(self) -> int:
        """Id of the latest snapshot."""
        return int(self.query("FROM lake.current_snapshot()").item())

    def close(self) -> None:
        """Close what was opened; the next use opens again."""
        database = self.__dict__.pop("_database", None)
        while self._idle:
            self._idle.pop().close()
        if database is not None:
            database.close()

    def __enter__(self) -> Self:
        """Close at the end of a `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


@contextmanager
def _closed_on_failure(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.TransactionException:
        # A failed COMMIT has already ended the transaction.
        return


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, frames: Mapping[str, pl.DataFrame]) -> Iterator[None]:
    for name, frame in frames.items():
        connection.register(name, frame.to_arrow())
    try:
        yield
    finally:
        for name in frames:
            connection.unregister(name)


def _query(
    connection: duckdb.DuckDBPyConnection, sql: str, params: _Params, frames: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    with _registered(connection, frames):
        arrow: Any = connection.execute(sql, params).to_arrow_table()
    frame = pl.from_arrow(arrow)
    if isinstance(frame, pl.Series):
        raise TypeError("a query returns a frame")
    return frame


def _refuse_newer(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise HOME_TOO_NEW when a later program wrote the attached lake."""
    try:
        # Asking for the table itself: to list all tables takes a third of what opening a lake does.
        [(found,)] = connection.execute("SELECT max(schema_version) FROM lake.main.meta").fetchall()
    except duckdb.CatalogException:
        return
    if found > SCHEMA_VERSION:
        raise RetraceError(
            ErrorCode.HOME_TOO_NEW,
            f"the lake has schema {found}, this program knows {SCHEMA_VERSION}",
            hint="upgrade retrace, or use another RETRACE_HOME",
        )


def _migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of every table, once; under the writers' lock. A process that died in here is followed."""
    columns = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'lake'"
    known: dict[str, set[str]] = {}
    for table_name, column_name in connection.execute(columns).fetchall():
        known.setdefault(table_name, set()).add(column_name)
    if "meta" not in known:
        _set_options(connection)
    connection.execute("BEGIN")
    for table in TABLES.values():
        if table.name not in known:
            _create(connection, table)
        for column in table.columns:
            if column.name not in known.get(table.name, table.column_names):
                connection.execute(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {column.type}")
    connection.execute("CREATE TABLE IF NOT EXISTS meta (schema_version INTEGER)")
    connection.execute("INSERT INTO meta VALUES (?)", [SCHEMA_VERSION])
    connection.execute("COMMIT")


def _set_options(connection: duckdb.DuckDBPyConnection) -> None:
    options = {
        "parquet_compression": "zstd",
        "parquet_compression_level": ZSTD_LEVEL,
        "data_inlining_row_limit": INLINED_ROWS,
        "target_file_size": TARGET_FILE_SIZE,
    }
    for name, value in options.items():
        connection.execute(f"CALL lake.set_option('{name}', ?)", [value])


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute(table.ddl)
    if table.daily:
        connection.execute(f"ALTER TABLE {table.name} SET PARTITIONED BY (day)")
    if table.sorted_by:
        connection.execute(f"ALTER TABLE {table.name} SET SORTED BY ({', '.join(table.sorted_by)})")
    # Of a table that never had a row DuckLake knows no statistics, and asks the catalog for them again for every column
    # a query reads: ten times what the query takes.
    connection.execute(f"INSERT INTO {table.name} DEFAULT VALUES")
    connection.execute(f"DELETE FROM {table.name}")
