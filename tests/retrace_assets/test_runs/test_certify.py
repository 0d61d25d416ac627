"""A certificate holds when every run of both sides is what it says, and stops holding when anything is touched."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retrace_assets.test_runs.certify import certify
from retrace_core.certificate import Certificate, problems, sealed
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Source, Spec
from retrace_core.spec_assertions import NoError
from retrace_core.spec_file import spec_hash
from retrace_core.spec_steps import Navigate
from retrace_core.test_run import Artifact, Reason, TestRun, Verdict

SPEC = Spec(
    spec_id="inc-1",
    name="Checkout",
    exact_steps=(Navigate(id="open", url="/"),),
    assertions=(NoError(id="quiet"),),
    source=Source(session_id="s-1"),
)
NOW = datetime(2026, 11, 24, 12)


class Runs:
    """Runs on disk and the rows of `test_runs` that stand for them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.rows: list[dict[str, Any]] = []

    def add(self, build: str, *verdicts: Verdict, spec: Spec = SPEC, reason: Reason | None = None) -> None:
        for verdict in verdicts:
            run_id = f"run-{len(self.rows)}"
            folder = self.home / "ui-tests" / "runs" / run_id
            folder.mkdir(parents=True)
            picture = os.urandom(64)
            (folder / "final.png").write_bytes(picture)
            run = TestRun(
                run_id=run_id,
                spec_id=spec.spec_id,
                spec_sha256=spec_hash(spec),
                build=build,
                app_url="http://127.0.0.1:1",
                browser="chromium",
                verdict=verdict,
                reason=reason,
                started_at="2026-11-24T12:00:00Z",
                duration_ms=1.0,
                artifacts=(Artifact("screenshot", "final.png", 64, hashlib.sha256(picture).hexdigest()),),
            )
            record = msgspec.json.encode(run)
            (folder / "run.json").write_bytes(record)
            self.rows.append(
                {
                    "run_id": run_id,
                    "spec_sha256": run.spec_sha256,
                    "build": build,
                    "verdict": verdict,
                    "started_at": NOW + timedelta(seconds=len(self.rows)),
                    "run_dir": f"ui-tests/runs/{run_id}",
                    "run_sha256": hashlib.sha256(record).hexdigest(),
                }
            )

    def certify(self, times: int = 3) -> Certificate:
        return certify(SPEC, "INC-1", self.rows, times=times, issued_at=NOW.replace(tzinfo=UTC))

    def refusal(self, times: int = 3) -> str:
        with pytest.raises(RetraceError) as refused:
            self.certify(times)
        assert refused.value.code is ErrorCode.CERTIFICATE_INVALID
        return refused.value.detail

    def read(self, path: str) -> bytes | None:
        file = self.home / path
        return file.read_bytes() if file.exists() else None

    def problems(self, certificate: Certificate) -> list[str]:
        return problems(certificate, self.read)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_certificate_of_both_sides_holds_after_a_round_trip(runs: Runs) -> None:
    runs.add("bad", *["reproduced"] * 4)
    runs.add("good", *["not_reproduced"] * 3)

    certificate = runs.certify()
    again = msgspec.json.decode(msgspec.json.encode(certificate), type=Certificate)

    assert runs.problems(again) == []
    assert (again.red.build, again.green.build) == ("bad", "good")
    assert [len(side.runs) for side in (again.red, again.green)] == [3, 3]
    assert (again.session_id, again.incident_id, again.spec) == ("s-1", "INC-1", SPEC)


def test_runs_of_the_build_that_was_tried_last_are_taken(runs: Runs) -> None:
    for build in ("old fix", "new fix"):
        runs.add(build, *["not_reproduced"] * 3)
    runs.add("bad", *["reproduced"] * 3)

    assert runs.certify().green.build == "new fix"


def test_too_few_runs_in_a_row_prove_nothing(runs: Runs) -> None:
    runs.add("bad", "reproduced", "reproduced", "not_reproduced", "reproduced")
    runs.add("good", "not_reproduced")

    assert runs.refusal(2) == "red 1 of 2 times in a row on one build; green 1 of 2 times in a row on one build"


def test_inconclusive_runs_are_no_proof_and_end_a_row(runs: Runs) -> None:
    runs.add("bad", *["reproduced"] * 3)
    runs.add("good", *["not_reproduced"] * 3)
    runs.add("good", "inconclusive", reason="app_down")

    assert runs.refusal() == "green 0 of 3 times in a row on one build"


def test_runs_of_an_earlier_version_of_the_test_do_not_count(runs: Runs) -> None:
    before = msgspec.structs.replace(SPEC, exact_steps=(Navigate(id="open", url="/old"),))
    runs.add("bad", *["reproduced"] * 3, spec=before)
    runs.add("good", *["not_reproduced"] * 3)

    assert runs.refusal() == "red 0 of 3 times in a row on one build"


def test_one_build_cannot_be_both_sides(runs: Runs) -> None:
    runs.add("same", *["reproduced"] * 3)
    runs.add("same", *["not_reproduced"] * 3)

    assert runs.refusal() == "red 0 of 3 times in a row on one build"


@pytest.fixture
def proven(runs: Runs) -> Certificate:
    runs.add("bad", *["reproduced"] * 3)
    runs.add("good", *["not_reproduced"] * 3)
    return runs.certify()


def test_changed_record_is_found(runs: Runs, proven: Certificate) -> None:
    record = runs.home / "ui-tests/runs/run-1/run.json"
    record.write_bytes(record.read_bytes().replace(b'"reproduced"', b'"not_reproduced"'))

    assert runs.problems(proven) == ["run-1: its record was changed"]


def test_changed_and_missing_artifacts_are_found(runs: Runs, proven: Certificate) -> None:
    (runs.home / "ui-tests/runs/run-0/final.png").write_bytes(b"another picture")
    (runs.home / "ui-tests/runs/run-4/final.png").unlink()

    assert runs.problems(proven) == ["run-0: final.png was changed", "run-4: final.png is gone"]


def test_missing_record_is_found(runs: Runs, proven: Certificate) -> None:
    (runs.home / "ui-tests/runs/run-5/run.json").unlink()

    assert runs.problems(proven) == ["run-5: its record is gone"]


def test_changed_certificate_is_found(runs: Runs, proven: Certificate) -> None:
    other = msgspec.structs.replace(proven, incident_id="INC-2")

    assert runs.problems(other) == ["the certificate was changed after it was issued"]


def test_certificate_that_was_sealed_again_must_still_be_proof(runs: Runs, proven: Certificate) -> None:
    another = msgspec.structs.replace(SPEC, assertions=(NoError(id="quiet", template="x"),))
    swapped = sealed(msgspec.structs.replace(proven, spec=another))
    twice = msgspec.structs.replace(proven.red, runs=(proven.red.runs[0],) * 3)
    counted_twice = sealed(msgspec.structs.replace(proven, red=twice))
    same = sealed(msgspec.structs.replace(proven, green=msgspec.structs.replace(proven.red, verdict="not_reproduced")))

    assert runs.problems(swapped) == ["the test in it is not the one that was run"]
    assert runs.problems(counted_twice) == ["a run of build 'bad' is counted twice"]
    assert "red and green are of the same build, 'bad'" in runs.problems(same)
    assert "run-0: its record is of another run, test, build or verdict" in runs.problems(same)
