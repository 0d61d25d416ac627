"""Upkeep on a real home."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import func, select

from retrace_assets.upkeep import runs as retention
from retrace_assets.upkeep.assets import dagster_runs, lake_files
from retrace_resources.dagster_history import delete_runs, latest_runs
from retrace_resources.dagster_instance import open_instance
from retrace_resources.lake import Lake

DAYS = dg.StaticPartitionsDefinition(["monday", "tuesday"])


@dg.asset(partitions_def=DAYS, check_specs=[dg.AssetCheckSpec("fine", asset="thing")])
def thing() -> dg.MaterializeResult:  # type: ignore[type-arg]
    """An asset with a check."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance of a home."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(home) as instance:
        yield instance


def run_on(instance: dg.DagsterInstance, day: str) -> str:
    """Materialise a day; returns the run."""
    return dg.materialize([thing], instance=instance, partition_key=day).run_id


def test_latest_runs_hold_the_latest_word_on_each_partition_and_check(instance: dg.DagsterInstance) -> None:
    _, tuesday, monday = run_on(instance, "monday"), run_on(instance, "tuesday"), run_on(instance, "monday")

    assert latest_runs(instance) == {monday, tuesday}


def test_nothing_of_a_deleted_run_is_left(instance: dg.DagsterInstance, home: Path) -> None:
    old, new = run_on(instance, "monday"), run_on(instance, "monday")

    freed = delete_runs(instance, [old])

    assert freed > 50_000
    assert [run.run_id for run in instance.get_runs()] == [new]
    assert list((home / "dagster").rglob(f"*{old}*")) == []
    assert len(instance.fetch_materializations(dg.AssetKey("thing"), limit=10).records) == 1
    with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        assert connection.execute(select(func.count()).select_from(AssetCheckExecutionsTable)).scalar() == 1


def test_purging_keeps_what_the_ui_needs_to_call_a_partition_there(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "OTHER_RUNS_KEPT", 0)
    tuesday = run_on(instance, "tuesday")
    for _ in range(3):
        run_on(instance, "monday")

    result = dg.materialize([dagster_runs], instance=instance)

    (told,) = result.asset_materializations_for_node("upkeep__dagster_runs")
    assert told.metadata["runs deleted"].value == 2
    assert instance.get_run_by_id(tuesday) is not None
    assert instance.get_materialized_partitions(dg.AssetKey("thing")) == {"monday", "tuesday"}


def test_lake_files_says_what_it_did(instance: dg.DagsterInstance, lake: Lake) -> None:
    result = dg.materialize([lake_files], instance=instance, resources={"lake": lake})

    (told,) = result.asset_materializations_for_node("upkeep__lake_files")
    assert told.metadata["changes forgotten"].value == 0
    assert "→" in str(told.metadata["files"].value)
