"""How the state store's file is opened: modes, locks, and what its faults are called.

Belongs here: everything that knows the file is SQLite and shared by processes. Does not: what is in it (`state.py`).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.migrations import migrate

DATABASE_NAME = "retrace.db"

# A writer holds the lock for milliseconds; whoever waits this long waits for a stopped process.
_BUSY_SECONDS = 10.0


def open_engine(home: Path) -> Engine:
    """Connect to a home's store, made or brought up to date where needed.

    Connections with the execution option `immediate` take the write lock when they begin. Raises `home_too_new`, or
    `home_unusable` when the folder cannot be written or the file is not a store.
    """
    with refusing(home):
        home.mkdir(parents=True, exist_ok=True)
        # Made before SQLite would, for its mode; the files SQLite puts beside it get the same.
        os.close(os.open(home / DATABASE_NAME, os.O_RDWR | os.O_CREAT, 0o600))
        engine = _connect(home / DATABASE_NAME)
        try:
            migrate(engine, home / f"{DATABASE_NAME}.lock")
        except BaseException:
            engine.dispose()
            raise
    return engine


def _connect(path: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        # Python's driver would begin transactions by itself, and late; `_begin` does it instead.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # Some builds sync less in WAL mode; a recorded decision must survive a power cut.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextmanager
def refusing(home: Path) -> Iterator[None]:
    """Name what the disk or the file did wrong: `disk_full` or `home_unusable`."""
    try:
        yield
    except OSError as error:
        raise _refusal(home, f"{error.strerror}: {error.filename}") from error
    except sqlite3.DatabaseError as error:
        raise _refusal(home, str(error)) from error
    except DatabaseError as error:
        # Only these two speak of the file; its siblings (a broken constraint, a wrong statement) are our own faults.
        if type(error) not in {DatabaseError, OperationalError}:
            raise
        raise _refusal(home, str(error.orig)) from error


def _refusal(home: Path, fault: str) -> RetraceError:
    if "disk is full" in fault:
        return RetraceError(ErrorCode.DISK_FULL, f"{home / DATABASE_NAME}: {fault}")
    hint = "make the folder writable, or set RETRACE_HOME to another"
    return RetraceError(ErrorCode.HOME_UNUSABLE, f"{home / DATABASE_NAME}: {fault}", hint=hint)
