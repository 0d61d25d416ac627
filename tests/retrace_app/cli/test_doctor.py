"""`retrace doctor` as a person and a program see it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_fresh_installation_is_well(retrace: Run) -> None:
    retrace("quickstart")

    done = retrace("doctor", "--json")

    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["healthy"]) == (0, "", True)
    assert {finding["status"] for finding in said["findings"]} <= {"ok", "warn"}
    shown = retrace("doctor")
    assert shown.returncode == 0
    assert all(finding["name"] in shown.stdout for finding in said["findings"])


def test_broken_part_is_named_and_ends_with_one(retrace: Run, tmp_path: Path) -> None:
    retrace("quickstart")
    (tmp_path / "data" / "retrace.db").write_bytes(b"not a database" * 1000)

    done = retrace("doctor", "--fix")

    assert done.returncode == 1
    assert done.stderr.startswith("Broken: state store")
    assert "Traceback" not in done.stdout + done.stderr


def test_missing_configuration_is_a_finding_when_it_was_named(retrace: Run) -> None:
    done = retrace("doctor", "--config", "nope.yaml")

    assert done.returncode == 1
    assert "nope.yaml does not exist" in done.stdout
    assert "retrace quickstart --config nope.yaml" in done.stdout
