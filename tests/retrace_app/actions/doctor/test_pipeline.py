"""What stands between the door and the lake: waiting segments, dead runs, a broken Dagster home."""

import fcntl
import subprocess
import sys
from pathlib import Path

from dagster import DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from retrace_resources.dagster_instance import open_instance
from retrace_resources.landing import Landing, Segment
from retrace_resources.run_processes import note_process
from tests.landing_rows import RECEIVED_MS, land, post
from tests.retrace_app.actions.doctor.examined import findings, statuses


def test_segments_that_wait_for_long_or_were_set_aside_are_counted(installed: Path) -> None:
    landing = Landing(installed)
    land(installed, [post([{"type": 4, "timestamp": RECEIVED_MS}])])
    assert findings()["pending segments"].found == "1 segments wait, the oldest for seconds"

    [segment] = landing.pending()
    old = segment.path.rename(segment.path.with_name(f"{10**18:020}-1-0.arrow"))
    found = findings()["pending segments"]
    assert found.status == "warn"
    assert found.found.startswith("1 segments wait, the oldest for ")
    assert found.found.endswith(" days")

    old.write_bytes(b"no Arrow at all")
    assert statuses()["pending segments"] == "fail"

    landing.poison(Segment(old.name, old, 0))
    found = findings()["unreadable segments"]
    assert found.status == "fail"
    assert "retrace sql" in found.next_step


def test_segment_of_a_dead_door_is_closed_and_of_a_living_one_left_alone(installed: Path) -> None:
    folder = installed / "landing" / "replay"
    folder.mkdir(parents=True)
    dead, living = (folder / f"{10**18:020}-1-{number}.arrow.open" for number in range(2))
    dead.touch(0o600)
    with living.open("w") as held:
        living.chmod(0o600)
        fcntl.flock(held, fcntl.LOCK_EX)

        assert findings()["open segments"].found == "1 left open by a door that is gone"
        finding = findings(fix=True)["open segments"]

    assert (finding.status, finding.repaired) == ("ok", "closed 1, for the pipeline to take in")
    assert living.exists()
    assert not dead.exists()


def test_run_of_a_dead_process_is_named_and_counted_as_failed(installed: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with open_instance(installed) as instance:
        run = create_run_for_test(instance, job_name="hot_job", status=DagsterRunStatus.STARTED)
        note_process(instance, run, process.pid)

    assert statuses()["runs"] == "fail"
    finding = findings(fix=True)["runs"]

    assert (finding.status, finding.repaired) == ("ok", f"counted as failed: {run.run_id}")
    with open_instance(installed) as instance:
        stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    assert stored.status is DagsterRunStatus.FAILURE


def test_dagster_home_without_its_configuration_gets_it_again(installed: Path) -> None:
    (installed / "dagster").mkdir()
    assert findings()["Dagster"].status == "fail"

    finding = findings(fix=True)["Dagster"]

    assert finding.status == "ok"
    assert finding.repaired.startswith("wrote ")


def test_dagster_home_that_does_not_open_is_set_aside_and_made_anew(installed: Path) -> None:
    with open_instance(installed):
        pass
    for database in (installed / "dagster" / "history").rglob("*.db"):
        database.write_bytes(b"garbage" * 1000)
    assert findings()["Dagster"].status == "fail"

    finding = findings(fix=True)["Dagster"]

    assert finding.status == "ok"
    assert "made" in finding.repaired
    [aside] = installed.glob("dagster.broken-*")
    assert next((aside / "history").rglob("*.db")).read_bytes().startswith(b"garbage")
