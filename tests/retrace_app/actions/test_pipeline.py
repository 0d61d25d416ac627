"""The pipeline from a landed segment to an incident, as Dagster runs on a real home."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from dagster._core.storage.tags import RUN_KEY_TAG
from dagster._core.test_utils import create_run_for_test

from retrace_app.actions.pipeline import Processed, process_pending, report_decision
from retrace_app.supervisor import lease
from retrace_core.errors import ErrorCode, RetraceError
from retrace_definitions import build_defs
from retrace_resources.dagster_instance import open_instance
from retrace_resources.dagster_names import HOT_JOB
from retrace_resources.dagster_resources import default_resources
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing, Segment
from retrace_resources.settings import Settings, load_settings
from tests.landing_rows import land, post

NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty home."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    return load_settings()


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of that home."""
    with open_instance(settings.home) as instance:
        yield instance


def visit(session: str = "s1", message: str = "basket is undefined", received_at: datetime = NOW) -> LandedRow:
    """A visit of one batch in which the page printed an error."""
    now_ms = received_at.replace(tzinfo=UTC).timestamp() * 1000
    url = "https://shop.test/cart"
    error = {"plugin": "retrace/console@1", "payload": {"level": "error", "payload": [message], "url": url}}
    events = [
        {"type": 4, "timestamp": now_ms, "data": {"href": url, "width": 800, "height": 600}},
        {"type": 6, "timestamp": now_ms + 10, "data": error},
    ]
    return post(events, session=session, received_at=received_at, flushType="final", sentAt=now_ms + 20)


def incident_count(home: Path) -> int:
    """Incidents in the lake."""
    with Lake(home) as lake:
        return int(lake.query("SELECT count(*) FROM incidents").item())


def materializations(instance: dg.DagsterInstance, key: str, run_id: str) -> dict[str | None, dg.AssetMaterialization]:
    """What a run materialised of an asset, by partition."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    found = [entry.asset_materialization for entry in events if entry.asset_materialization]
    return {each.partition: each for each in found if each.asset_key == dg.AssetKey.from_user_string(key)}


def test_what_landed_becomes_incidents_in_one_run(settings: Settings) -> None:
    land(settings.home, [visit("s1"), visit("s2"), visit("s3", "total is not a number")])

    done = process_pending(settings)

    assert (len(done.run_ids), done.batches, done.events, done.sessions, done.pending) == (1, 3, 6, 3, 0)
    assert incident_count(settings.home) == 2
    assert Landing(settings.home).pending() == []


def test_a_second_call_changes_nothing(settings: Settings) -> None:
    land(settings.home, [visit()])
    process_pending(settings)

    done = process_pending(settings)

    assert (done.batches, done.events, done.sessions, done.incidents) == (0, 0, 0, 0)
    assert incident_count(settings.home) == 1


def test_progress_is_told_after_each_run(settings: Settings) -> None:
    land(settings.home, [visit()])
    told: list[Processed] = []

    done = process_pending(settings, on_progress=told.append)

    assert told == [done]


def test_no_more_runs_begin_when_the_limit_of_sessions_is_reached(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("sensors.decide.RUN_BYTES", "sensors.hot_runs.RUN_BYTES", "assets.intake.update.COMMIT_BYTES"):
        monkeypatch.setattr(f"retrace_{limit}", 1)
    for session in ("s1", "s2", "s3"):
        land(settings.home, [visit(session)])

    done = process_pending(settings, limit_sessions=2)

    assert (done.sessions, done.pending) == (2, 1)


def test_metadata_of_a_run_holds_neither_page_text_nor_users(settings: Settings, instance: dg.DagsterInstance) -> None:
    """DESIGN §4.5: Dagster's UI has no login."""
    row = visit(message="the secret word is xylophone")
    body = row.body.replace(b'"flushType"', b'"distinctId": "user-zebra", "flushType"')
    land(settings.home, [row._replace(body=body)])

    run_id = process_pending(settings).run_ids[0]

    told = "".join(str(entry.dagster_event) for entry in instance.all_logs(run_id) if entry.dagster_event)
    assert incident_count(settings.home) == 1
    assert "INC-" in told
    assert [word for word in ("xylophone", "user-zebra", "shop.test") if word in told] == []


def test_a_hot_run_tells_of_every_other_day_it_touched(settings: Settings, instance: dg.DagsterInstance) -> None:
    yesterday = NOW - timedelta(days=1)
    land(settings.home, [visit("old", received_at=yesterday), visit("new")])

    run_id = process_pending(settings).run_ids[0]

    days = {NOW.date().isoformat(), yesterday.date().isoformat()}
    for key in ("replay_batches", "replays", "signals/console_error", "clusters"):
        assert set(materializations(instance, key, run_id)) == days, key
    assert set(materializations(instance, "incidents", run_id)) == {NOW.date().isoformat()}


def test_a_run_with_nothing_to_do_says_so(settings: Settings, instance: dg.DagsterInstance) -> None:
    run_id = process_pending(settings).run_ids[0]

    for key in ("replay_events", "replays", "clusters", "issues", "incidents"):
        (told,) = materializations(instance, key, run_id).values()
        assert told.metadata["status"].value == "nothing to do", key


def test_rematerialising_a_day_gives_the_same_rows(settings: Settings, instance: dg.DagsterInstance) -> None:
    """DESIGN §4.2, from the button in Dagster's UI."""
    land(settings.home, [visit("s1"), visit("s2")])
    process_pending(settings)
    tables = ("replay_batches", "replay_events", "replays", "signals", "clusters", "issues", "incidents")
    with Lake(settings.home) as lake:
        before = [lake.query(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]

    result = dg.materialize(
        list(build_defs().assets or ())[1:7],  # type: ignore[arg-type]
        instance=instance,
        partition_key=NOW.date().isoformat(),
        resources=default_resources(settings),
    )

    assert result.success
    (told,) = materializations(instance, "replay_batches", result.run_id).values()
    assert told.metadata["status"].value == "facts: kept as they are"
    (told,) = materializations(instance, "replays", result.run_id).values()
    assert told.metadata["rows out"].value == 2
    with Lake(settings.home) as lake:
        assert all(
            rows.equals(lake.query(f"SELECT * FROM {table} ORDER BY ALL"))
            for table, rows in zip(tables, before, strict=True)
        )


def test_a_segment_that_always_fails_is_set_aside_and_a_check_turns_red(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(settings.home, [visit("good")])
    land(settings.home, [visit("bad")])
    good, bad = Landing(settings.home).pending()
    _break_reading_of(bad.name, monkeypatch)
    monkeypatch.setattr("retrace_sensors.decide.WAITS", (timedelta(),))

    done = process_pending(settings)

    assert (done.batches, done.rejected, done.pending) == (1, 1, 0)
    assert [path.name for path in Landing(settings.home).poison_directory.iterdir()] == [bad.name]
    with Lake(settings.home) as lake:
        rows = lake.query("SELECT reason, segment FROM rejected").rows()
    assert rows == [(ErrorCode.UNREADABLE_SEGMENT.value, bad.name)]
    assert _check(instance, done.run_ids[-1], "no_segment_set_aside") is False
    keys = [run.tags[RUN_KEY_TAG] for run in instance.get_runs()]
    assert len(set(keys)) == len(keys)
    assert not good.path.exists()


def test_runs_that_keep_failing_are_a_refusal_that_names_why(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(settings.home, [visit()])

    def broken(*_: object, **__: object) -> None:
        raise ValueError("the sky fell")

    with monkeypatch.context() as sky:
        sky.setattr("retrace_assets.replays.assets.update", broken)
        with pytest.raises(RetraceError, match="the sky fell") as refusal:
            process_pending(settings)

    assert refusal.value.code is ErrorCode.RUN_FAILED
    assert incident_count(settings.home) == 0


def test_what_failed_runs_left_is_finished_at_once_when_somebody_asks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule would wait minutes by now; a person who mended the cause does not."""
    land(settings.home, [visit()])

    def broken(*_: object, **__: object) -> None:
        raise ValueError("the sky fell")

    with monkeypatch.context() as sky:
        sky.setattr("retrace_assets.replays.assets.update", broken)
        for _ in range(2):
            with pytest.raises(RetraceError):
                process_pending(settings)

    process_pending(settings)

    assert incident_count(settings.home) == 1


def test_a_full_disk_casts_no_suspicion_on_segments(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(settings.home, [visit()])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("retrace_assets.intake.assets.drain", full)
        with pytest.raises(RetraceError, match="No space left"):
            process_pending(settings)
    monkeypatch.setattr("retrace_sensors.decide.WAITS", (timedelta(),))

    assert process_pending(settings).batches == 1
    assert not Landing(settings.home).poison_directory.exists()


def test_a_run_is_executed_here_when_the_dagster_of_retrace_up_does_not_answer(settings: Settings) -> None:
    land(settings.home, [visit()])
    starting = lease.Lease(pid=1, door_url="http://127.0.0.1:1", dagster_url="http://127.0.0.1:1")

    with lease.held(settings.home, starting):
        assert process_pending(settings).batches == 1


def test_a_decision_is_reported_without_a_run(settings: Settings, instance: dg.DagsterInstance) -> None:
    report_decision(settings, ["issues", "incidents"], {"decision": "resolve"})

    for key in ("issues", "incidents"):
        event = instance.get_latest_materialization_event(dg.AssetKey(key))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.partition == NOW.date().isoformat()
    assert instance.get_runs_count() == 0


def _break_reading_of(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reading a segment fail in a way nobody foresaw."""
    read = Segment.read

    def broken(segment: Segment) -> Iterator[pa.RecordBatch]:
        if segment.name == name:
            raise MemoryError
        return read(segment)

    monkeypatch.setattr(Segment, "read", broken)


def _check(instance: dg.DagsterInstance, run_id: str, name: str) -> bool | None:
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.dagster_event.asset_check_evaluation_data for entry in events if entry.dagster_event]
    return next((each.passed for each in found if each.check_name == name), None)


def test_a_run_that_goes_on_is_waited_for_though_a_newer_one_failed(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of these race; the one that failed must not make the other's run look like the end."""
    monkeypatch.setattr("retrace_resources.run_processes.START_SECONDS", 3.0)
    land(settings.home, [visit()])
    older, newer = (create_run_for_test(instance, job_name=HOT_JOB, status=dg.DagsterRunStatus.STARTED) for _ in "ab")
    instance.report_run_failed(newer, "The process of this run is gone.")
    assert instance.get_run_by_id(older.run_id) == older

    process_pending(settings)

    assert incident_count(settings.home) == 1
