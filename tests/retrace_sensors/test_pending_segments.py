"""The sensor, over a real landing, lake and instance."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import RUN_KEY_TAG
from dagster._core.test_utils import create_run_for_test

from retrace_assets.intake.update import drain
from retrace_assets.replays.update import update
from retrace_resources.dagster_names import HOT_JOB, PENDING_SEGMENTS
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_sensors.pending_segments import last_look, pending_segments
from tests.landing_rows import land, meta, post


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance in memory."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(
    instance: dg.DagsterInstance, home: Path, lake: Lake, cursor: str | None = None
) -> tuple[dg.SensorResult | dg.SkipReason, str | None]:
    """One tick of the sensor, and the cursor it leaves."""
    context = dg.build_sensor_context(
        instance=instance,
        sensor_name=PENDING_SEGMENTS,
        cursor=cursor,
        resources={"landing": Landing(home), "lake": lake},
    )
    result = pending_segments(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result, context.cursor


def test_sensor_skips_and_says_why_when_nothing_landed(instance: dg.DagsterInstance, home: Path, lake: Lake) -> None:
    result, _ = tick(instance, home, lake)

    assert result == dg.SkipReason("no closed segments")


def test_sensor_asks_for_one_run_over_all_that_landed(instance: dg.DagsterInstance, home: Path, lake: Lake) -> None:
    land(home, [post([meta(0)])])
    land(home, [post([meta(1)], session="s2")])
    names = [segment.name for segment in Landing(home).pending()]

    result, _ = tick(instance, home, lake)

    assert isinstance(result, dg.SensorResult)
    assert result.run_requests is not None
    assert [request.run_key for request in result.run_requests] == [f"{names[0]}..{names[1]}#0"]
    assert result.run_requests[0].partition_key == datetime.now(UTC).date().isoformat()


def test_sensor_names_the_run_it_waits_for(instance: dg.DagsterInstance, home: Path, lake: Lake) -> None:
    land(home, [post([meta(0)])])
    busy = create_run_for_test(instance, job_name=HOT_JOB, status=dg.DagsterRunStatus.STARTED)

    result, _ = tick(instance, home, lake)

    assert result == dg.SkipReason(f"run {busy.run_id} is queued or running")


def test_sensor_gives_a_failed_range_another_key(instance: dg.DagsterInstance, home: Path, lake: Lake) -> None:
    land(home, [post([meta(0)])])
    key = f"{Landing(home).pending()[0].name}..{Landing(home).pending()[0].name}#0"
    create_run_for_test(instance, job_name=HOT_JOB, status=dg.DagsterRunStatus.FAILURE, tags={RUN_KEY_TAG: key})

    result, _ = tick(instance, home, lake)

    assert isinstance(result, dg.SensorResult)
    assert result.run_requests is not None
    assert result.run_requests[0].run_key == key.replace("#0", "#1")


def test_sensor_wakes_the_hot_job_when_a_session_has_gone_idle(
    instance: dg.DagsterInstance, home: Path, lake: Lake
) -> None:
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=6)
    now_ms = before.replace(tzinfo=UTC).timestamp() * 1000
    land(home, [post([meta(0) | {"timestamp": now_ms}], received_at=before)])
    drain(lake, Landing(home))
    update(lake, before + timedelta(seconds=1))

    result, cursor = tick(instance, home, lake)

    assert isinstance(result, dg.SensorResult)
    assert last_look(cursor) is not None


def test_sensor_looks_for_idle_sessions_once_a_minute(instance: dg.DagsterInstance, home: Path, lake: Lake) -> None:
    lake.snapshot_id()
    just_now = (datetime.now(UTC) - timedelta(seconds=20)).isoformat()
    long_ago = (datetime.now(UTC) - timedelta(seconds=90)).isoformat()

    _, kept = tick(instance, home, lake, just_now)
    _, moved = tick(instance, home, lake, long_ago)

    assert kept == just_now
    assert moved != long_ago


def test_sensor_makes_no_home_where_there_is_none(instance: dg.DagsterInstance, home: Path, lake: Lake) -> None:
    """A bare `dagster dev` in an empty folder only looks."""
    tick(instance, home, lake)

    assert list(home.iterdir()) == []


@pytest.mark.parametrize("cursor", [None, "", "rubbish", "2026-99-01"])
def test_a_cursor_that_cannot_be_read_counts_as_never(cursor: str | None) -> None:
    assert last_look(cursor) is None
