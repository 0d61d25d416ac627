"""Migrations: one list of revisions, one shape, applied whole or not at all."""

import fcntl
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import retrace_resources.migrations
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.migrations import REVISIONS
from retrace_resources.state import StateStore
from retrace_resources.state_schema import METADATA


def tables(home: Path) -> set[str]:
    connection = sqlite3.connect(home / "retrace.db")
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def test_list_of_revisions_is_the_chain_of_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(retrace_resources.migrations.__file__).parent))

    chain = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(chain)) == REVISIONS


def test_migrated_home_has_the_shape_the_program_knows(tmp_path: Path) -> None:
    StateStore.open(tmp_path).close()

    engine = create_engine(f"sqlite:///{tmp_path / 'retrace.db'}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()

    assert differences == []


def test_home_of_an_older_program_keeps_its_keys_and_gets_what_is_new(tmp_path: Path) -> None:
    with StateStore.open(tmp_path) as store:
        key, secret = store.create_sdk_key(store.ensure_workspace("Local", "Default", "production"), "Shop")
    with sqlite3.connect(tmp_path / "retrace.db") as connection:
        connection.execute("DROP TABLE service_tokens")
        connection.execute("DROP TABLE repositories")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.close()

    with StateStore.open(tmp_path) as store:
        token, _ = store.create_service_token(key.project_id, "CI", ["admin"])
        assert store.sdk_key(secret) == key
        assert [record.id for record in store.list_keys()] == [key.id, token.id]


def test_home_is_refused_when_a_newer_program_wrote_it(tmp_path: Path) -> None:
    StateStore.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "retrace.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(RetraceError) as refusal:
        StateStore.open(tmp_path)

    assert refusal.value.code is ErrorCode.HOME_TOO_NEW
    assert "9999" in refusal.value.detail


def test_migration_leaves_nothing_behind_when_it_fails_half_way(tmp_path: Path) -> None:
    # The table in the way is among the last ones the first revision makes.
    with sqlite3.connect(tmp_path / "retrace.db") as connection:
        connection.execute("CREATE TABLE decisions (something_else TEXT)")
    connection.close()

    with pytest.raises(RetraceError) as refusal:
        StateStore.open(tmp_path)

    assert refusal.value.code is ErrorCode.HOME_UNUSABLE
    assert tables(tmp_path) == {"decisions"}


def test_migration_waits_while_another_process_holds_the_lock_file(tmp_path: Path) -> None:
    with (tmp_path / "retrace.db.lock").open("w") as lock, ThreadPoolExecutor(1) as threads:
        fcntl.flock(lock, fcntl.LOCK_EX)
        opening = threads.submit(StateStore.open, tmp_path)
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.2)
        assert tables(tmp_path) == set()

        fcntl.flock(lock, fcntl.LOCK_UN)
        opening.result(timeout=10).close()

    assert "sdk_keys" in tables(tmp_path)


def test_home_of_this_shape_opens_without_the_lock(tmp_path: Path) -> None:
    StateStore.open(tmp_path).close()

    with (tmp_path / "retrace.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        StateStore.open(tmp_path).close()
