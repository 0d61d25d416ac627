"""Bringing a home's state store to the shape this program knows: forward only, once, whoever comes first.

Belongs here: the list of revisions and how they are applied. Does not: the tables themselves (`state_schema.py`).
`env.py` and `versions/` have the layout Alembic expects; Alembic is imported only when there is something to do, since
it costs more than everything else a command loads.

A new revision: `versions/r000N_<what>.py` with the change, its id appended to `REVISIONS`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from retrace_core.errors import ErrorCode, RetraceError

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision ever released, oldest first."""


def migrate(engine: Engine, lock_path: Path) -> None:
    """Apply what is missing; raises `home_too_new` when the home has a revision this program has never heard of."""
    with engine.connect() as connection:
        if _is_current(connection):
            return
    with _exclusive(lock_path):
        _use_write_ahead_log(engine)
        # Checked again inside the lock and the transaction: another process may have been faster.
        with engine.execution_options(immediate=True).begin() as connection:
            if not _is_current(connection):
                _upgrade(connection)


def _use_write_ahead_log(engine: Engine) -> None:
    """Let readers and a writer pass each other; kept in the file, so once is enough, but nobody else may be in it."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    if revision not in REVISIONS:
        raise RetraceError(
            ErrorCode.HOME_TOO_NEW,
            f"its state store is at revision {revision}, this program knows up to {REVISIONS[-1]}",
            hint="upgrade Retrace, or set RETRACE_HOME to another folder",
        )
    return bool(revision == REVISIONS[-1])


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - a fifth of a second that only a change of shape should cost
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, REVISIONS[-1])


@contextmanager
def _exclusive(lock_path: Path) -> Iterator[None]:
    """Hold the lock file; it falls free with the process that held it."""
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
