"""Our SQLite storage keeps what Dagster's keeps."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sql import check_alembic_revision, get_alembic_config
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from retrace_resources.dagster_instance import open_instance


@dg.asset
def thing() -> dg.MaterializeResult[None]:
    """An asset."""
    return dg.MaterializeResult(metadata={"rows": 3})


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance of a fresh home."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(home) as instance:
        yield instance


def test_runs_and_events_are_read_back_by_dagsters_own_storage(instance: dg.DagsterInstance, home: Path) -> None:
    result = dg.materialize([thing], instance=instance)

    plain = DagsterSqliteStorage.from_local(str(home / "dagster"))
    runs = plain.run_storage.get_runs()
    events = plain.event_log_storage.get_logs_for_run(result.run_id)
    assert [(run.run_id, run.status) for run in runs] == [(result.run_id, dg.DagsterRunStatus.SUCCESS)]
    assert [event.dagster_event_type for event in events] == [
        entry.dagster_event_type for entry in instance.all_logs(result.run_id)
    ]
    assert plain.event_log_storage.alembic_version() == instance.event_log_storage.alembic_version()


def test_a_runs_database_is_taken_for_no_older_version(instance: dg.DagsterInstance, home: Path) -> None:
    """It is a copy of an empty one that is made once."""
    runs = [dg.materialize([thing], instance=instance).run_id for _ in range(2)]

    plain = SqliteEventLogStorage(str(home / "dagster" / "history" / "runs"))
    assert sorted(plain.get_all_run_ids()) == sorted(runs)
    for run_id in runs:
        with plain.run_connection(run_id) as connection:
            assert check_alembic_revision(get_alembic_config(sqlite_event_log.__file__), connection) == (
                instance.event_log_storage.alembic_version()
            )


def test_materialisations_of_many_runs_are_found(instance: dg.DagsterInstance) -> None:
    """More runs than engines are kept for."""
    for _ in range(20):
        dg.materialize([thing], instance=instance)

    assert len(instance.fetch_materializations(dg.AssetKey("thing"), limit=100).records) == 20
    assert all(instance.all_logs(run.run_id) for run in instance.get_runs())


def test_threads_report_and_read_through_one_storage(instance: dg.DagsterInstance) -> None:
    """The webserver answers many requests at once."""

    def report(number: int) -> int:
        instance.report_runless_asset_event(dg.AssetMaterialization("thing", partition=str(number)))
        return len(instance.fetch_materializations(dg.AssetKey("thing"), limit=100).records)

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(report, range(16)))

    assert max(seen) == 16
    assert min(seen) >= 1
