"""Sensors ask Dagster for runs of incidents: a few at once, each look once, none where nothing waits."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
import pytest

from retrace_core.tables import INCIDENTS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.settings_schema import Fix
from retrace_sensors.autopilot import autopilot
from retrace_sensors.due import MOST_AT_ONCE
from retrace_sensors.requests import read_queue
from retrace_sensors.resolved_incidents import resolved_incidents


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def add(lake: Lake, *rows: dict[str, object]) -> None:
    known = {
        "project_id": "p",
        "environment_id": "e",
        "status": "ongoing",
        "severity": "high",
        "affected_users": 1,
        "repro_status": "not_attempted",
        "repro_spec_id": "",
        "fix_status": "not_started",
    }
    schema = pl.DataFrame(INCIDENTS.arrow_schema.empty_table()).schema
    frame = pl.DataFrame([{**dict.fromkeys(schema), **known, **row} for row in rows], schema=schema, orient="row")
    with lake.transaction() as transaction:
        transaction.append(INCIDENTS, frame)


def asked(result: object) -> list[str | None]:
    assert isinstance(result, dg.SensorResult)
    return [request.partition_key for request in result.run_requests or ()]


def look(lake: Lake, instance: dg.DagsterInstance) -> dg.SensorResult:
    with dg.build_sensor_context(instance=instance) as context:
        result = resolved_incidents(context, lake=lake)
    assert isinstance(result, dg.SensorResult)
    return result


def fly(lake: Lake, instance: dg.DagsterInstance, *, on: bool) -> dg.SensorResult:
    with dg.build_sensor_context(instance=instance) as context:
        result = autopilot(context, lake=lake, settings=Settings(fix=Fix(autopilot=on)))
    assert isinstance(result, dg.SensorResult)
    return result


def test_queue_of_no_lake_is_empty(lake: Lake) -> None:
    assert read_queue(lake) == []
    assert not lake.catalog_path.exists()


def test_incident_with_an_open_request_gets_a_run_of_its_own_partition(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    add(
        lake,
        {"incident_id": "INC-A", "fix_status": "fix_proposed", "repro_spec_id": "inc-a-ui"},
        {"incident_id": "INC-B"},
    )

    result = look(lake, instance)

    assert asked(result) == ["INC-A"]
    [added] = result.dynamic_partitions_requests or ()
    assert added.partition_keys == ["INC-A"]


def test_nothing_to_verify_says_so(lake: Lake, instance: dg.DagsterInstance) -> None:
    add(lake, {"incident_id": "INC-B"})

    result = look(lake, instance)

    assert asked(result) == []
    assert result.skip_reason is not None


def test_look_that_was_asked_for_is_not_asked_for_again(lake: Lake, instance: dg.DagsterInstance) -> None:
    add(lake, {"incident_id": "INC-A", "status": "resolved", "repro_spec_id": "inc-a-ui"})
    [request] = look(lake, instance).run_requests or ()
    instance.create_run_for_job(dg.job(name="done")(lambda: None), tags={"dagster/run_key": request.run_key or ""})

    assert asked(look(lake, instance)) == []


def test_few_are_started_at_once(lake: Lake, instance: dg.DagsterInstance) -> None:
    add(lake, *({"incident_id": f"INC-{number}"} for number in range(MOST_AT_ONCE + 3)))

    assert len(asked(fly(lake, instance, on=True))) == MOST_AT_ONCE


def test_autopilot_waits_for_a_person_to_switch_it_on(lake: Lake, instance: dg.DagsterInstance) -> None:
    add(lake, {"incident_id": "INC-A"})

    assert asked(fly(lake, instance, on=False)) == []
    assert asked(fly(lake, instance, on=True)) == ["INC-A"]


def test_most_urgent_comes_first(lake: Lake, instance: dg.DagsterInstance) -> None:
    add(
        lake,
        {"incident_id": "INC-A", "severity": "low", "affected_users": 9},
        {"incident_id": "INC-B", "severity": "critical"},
        {"incident_id": "INC-C", "severity": "critical", "affected_users": 5},
    )

    assert asked(fly(lake, instance, on=True)) == ["INC-C", "INC-B", "INC-A"]
