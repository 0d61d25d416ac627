"""SQL models in Dagster: what a run leaves behind, what it never shows, and when models run by themselves."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from retrace_assets.models.assets import GROUP, MODELS, check_specs, model_specs, models
from retrace_assets.signals.assets import SIGNAL_KEYS
from retrace_core.table import Table
from retrace_core.tables import INCIDENTS, REPLAY_EVENTS, TABLES
from retrace_resources.lake import Lake

NOON = datetime.fromisoformat("2026-11-20T12:00")
# Nothing of this may reach Dagster, whose UI has no login.
PRIVATE = ("Pay now for Ann", "https://shop.example/secret-path", "secret-path", "ann@example.com", "session-of-ann")


def rows(table: Table, **values: Any) -> pl.DataFrame:
    """One row of a table."""
    schema = pl.Schema(table.arrow_schema)
    row = {"project_id": "p", "environment_id": "e", "day": date(2026, 11, 20), **values}
    return pl.DataFrame([{name: row.get(name) for name in schema}], schema=schema)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an incident and an event that hold what is private."""
    home = tmp_path_factory.mktemp("template")
    with Lake(home) as lake, lake.transaction() as tx:
        seen = {"first_seen_at": NOON, "last_seen_at": NOON, "affected_count": 1, "affected_users": 1}
        named = {"incident_id": "INC-ABC234", "title": PRIVATE[0], "status": "new", "severity": "high", "issue_ids": []}
        tx.append(INCIDENTS, rows(INCIDENTS, **seen, **named))
        event = {"session_id": PRIVATE[4], "url": PRIVATE[1], "kind": "click", "message": PRIVATE[3]}
        tx.append(REPLAY_EVENTS, rows(REPLAY_EVENTS, **event))
    return home


@pytest.fixture
def lake(template: Path, tmp_path: Path) -> Iterator[Lake]:
    """A lake of the test's own."""
    with Lake(Path(shutil.copytree(template, tmp_path / "home"))) as lake:
        yield lake


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster that forgets."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(lake: Lake, **options: Any) -> dg.ExecuteInProcessResult:
    """Materialise models."""
    return dg.materialize([models], resources={"lake": lake}, **options)


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Metadata of what was materialised, by model."""
    return {
        event.materialization.asset_key.path[-1]: {
            key: value.value for key, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.step_key
    }


def test_a_run_builds_every_model_and_says_what_a_person_wants_to_see(lake: Lake) -> None:
    result = run(lake)

    shown = metadata(result)
    assert set(shown) == {model.name for model in MODELS}
    impact = shown["incident_impact"]
    assert impact["dagster/row_count"] == 1
    assert impact["snapshot"] > 0
    assert impact["sql"].startswith("```sql\nWITH")
    assert "INC-ABC234" in impact["preview"]
    assert "| `detectors` | `signals.detector` |" in impact["column lineage"]
    columns = {column.name: column for column in impact["dagster/column_schema"].columns}
    assert columns["sessions"].type == "BIGINT"
    assert columns["sessions"].description.startswith("Sessions it happened in")
    lineage = impact["dagster/column_lineage"].deps_by_column
    assert {dep.asset_key for dep in lineage["detectors"]} == set(SIGNAL_KEYS)
    assert [dep.asset_key.path for dep in lineage["title"]] == [["incidents"]]
    assert lineage["signals"] == []
    assert lake.query("SELECT incident_id FROM incident_impact").item() == "INC-ABC234"


def test_nothing_of_a_page_and_no_user_reaches_dagster(lake: Lake, instance: dg.DagsterInstance) -> None:
    result = run(lake, instance=instance)

    told = " ".join(dg.serialize_value(entry) for entry in instance.all_logs(result.run_id))
    assert not [text for text in PRIVATE if text in told]
    assert PRIVATE[0] in lake.query("SELECT title FROM incident_impact").item()


def test_every_test_of_a_model_becomes_a_check_with_the_query_that_finds_the_rows(lake: Lake) -> None:
    with lake.transaction() as tx:
        tx.append(INCIDENTS, rows(INCIDENTS, incident_id="INC-ABC234", status="gone", severity="high"))

    results = {
        (each.asset_key.path[-1], each.check_name): each
        for each in run(lake, raise_on_error=False).get_asset_check_evaluations()
    }

    assert len(results) == sum(len(model.checks) for model in MODELS)
    broken = {name for name, each in results.items() if not each.passed}
    assert broken == {
        ("incident_impact", "unique_incident_id"),
        ("incident_impact", "accepted_status"),
        ("incident_impact", "not_null_incident_id_status_sessions_users"),
    }
    found = results["incident_impact", "unique_incident_id"]
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.metadata["rows"].value == 1
    assert "HAVING count(*) > 1" in str(found.metadata["find them"].value)
    assert results["ingest_lag", "clocks_are_right"].severity is dg.AssetCheckSeverity.WARN


def test_a_part_of_the_models_can_be_run_alone(lake: Lake) -> None:
    assert set(metadata(run(lake, selection=["ingest_lag"]))) == {"ingest_lag"}
    assert lake.query("SELECT 1 FROM duckdb_tables() WHERE table_name = 'incident_impact'").is_empty()


def test_a_model_that_fails_is_named_and_the_others_are_built(lake: Lake) -> None:
    with lake.transaction() as tx:
        tx.execute("ALTER TABLE incidents DROP COLUMN severity")

    result = run(lake, raise_on_error=False)

    assert not result.success
    assert set(metadata(result)) == {"friction_by_route", "ingest_lag"}
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "incident_impact: " in str(failure.step_failure_data.user_failure_data)
    assert "severity" in str(failure.step_failure_data.user_failure_data)


def test_models_run_every_hour_and_not_twice_in_one(instance: dg.DagsterInstance) -> None:
    start = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    definitions = dg.Definitions(assets=[models], resources={"lake": None})

    cursor, requested = None, []
    for minutes in (0, 6, 8, 30, 66, 68):
        result = dg.evaluate_automation_conditions(
            definitions,
            instance,
            asset_selection=dg.AssetSelection.groups(GROUP),
            cursor=cursor,
            evaluation_time=start + timedelta(minutes=minutes),
        )
        cursor = result.cursor
        requested.append(result.total_requested)

    assert requested == [0, 0, len(MODELS), 0, 0, len(MODELS)]


def test_specs_say_who_owns_a_model_what_it_reads_and_when_it_is_stale() -> None:
    known = {dg.AssetKey(name) for name in TABLES} | set(SIGNAL_KEYS) | {dg.AssetKey(model.name) for model in MODELS}
    for spec, model in zip(model_specs(), MODELS, strict=True):
        assert spec.key == dg.AssetKey(model.name)
        assert {dep.asset_key for dep in spec.deps} <= known
        assert spec.owners == ["team:analysts"]
        assert spec.kinds == {"sql", "duckdb"}
        assert spec.code_version == model.code_version
        assert spec.freshness_policy is not None
        assert model.grain in (spec.description or "")
    assert len({(spec.asset_key, spec.name) for spec in check_specs()}) == len(check_specs())
