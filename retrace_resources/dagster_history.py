"""What Dagster keeps of past runs, and taking it away: rows, and the files its own deletion leaves.

Belongs here: Dagster's tables and folders. Does not: which runs may go (retrace_assets.upkeep).
"""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dagster import DagsterEventType, DagsterInstance
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetEventTagsTable
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as EventLogs
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import delete, func, select


def latest_runs(instance: DagsterInstance) -> set[str]:
    """Runs that hold the latest materialisation of an asset's partition, or the latest result of a check.

    Without them the UI would call a partition missing that is there.
    """
    materialised = (
        select(func.max(EventLogs.c.id))
        .where(EventLogs.c.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION.value)
        .group_by(EventLogs.c.asset_key, EventLogs.c.partition)
    )
    checked = select(func.max(AssetCheckExecutionsTable.c.id)).group_by(
        AssetCheckExecutionsTable.c.asset_key, AssetCheckExecutionsTable.c.check_name
    )
    with _events(instance).index_connection() as connection:
        runs = connection.execute(select(EventLogs.c.run_id).where(EventLogs.c.id.in_(materialised)).distinct())
        checks = connection.execute(
            select(AssetCheckExecutionsTable.c.run_id).where(AssetCheckExecutionsTable.c.id.in_(checked)).distinct()
        )
        return {run_id for (run_id,) in (*runs, *checks) if run_id}


def delete_runs(instance: DagsterInstance, run_ids: Sequence[str]) -> int:
    """Delete runs with all that Dagster kept of them; returns the bytes of the files."""
    events = _events(instance)
    with events.index_connection() as connection:
        doomed = select(EventLogs.c.id).where(EventLogs.c.run_id.in_(run_ids))
        connection.execute(delete(AssetEventTagsTable).where(AssetEventTagsTable.c.event_id.in_(doomed)))
        connection.execute(delete(EventLogs).where(EventLogs.c.run_id.in_(run_ids)))
        connection.execute(delete(AssetCheckExecutionsTable).where(AssetCheckExecutionsTable.c.run_id.in_(run_ids)))
    freed = 0
    for run_id in run_ids:
        instance.run_storage.delete_run(run_id)
        freed += sum(_remove(path) for path in _files(instance, events, run_id))
    return freed


def size_on_disk(instance: DagsterInstance) -> int:
    """Bytes of DAGSTER_HOME."""
    return sum(path.stat().st_size for path in Path(instance.root_directory).rglob("*") if path.is_file())


def _events(instance: DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"{type(storage).__name__} is no SQL storage")
    return storage


def _files(instance: DagsterInstance, events: SqlEventLogStorage, run_id: str) -> list[Path]:
    """Files and folders of one run: its own event database, and what it stored."""
    stored = Path(instance.root_directory) / "storage" / run_id
    if not isinstance(events, SqliteEventLogStorage):
        return [stored]
    database = Path(events.path_for_shard(run_id))
    return [stored, database, *(database.with_name(database.name + suffix) for suffix in ("-wal", "-shm"))]


def _remove(path: Path) -> int:
    if path.is_dir():
        size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        shutil.rmtree(path, ignore_errors=True)
        return size
    with suppress(FileNotFoundError):
        size = path.stat().st_size
        path.unlink()
        return size
    return 0
