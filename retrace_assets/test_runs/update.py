"""Test runs: a spec is run, each run is a row, and its incident says what they came to.

Belongs here: the rows of `test_runs`, and what the queue is told. Does not: running (retrace_resources.tester), proof
(certify).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from retrace_assets.incidents.update import requeue_incident
from retrace_assets.report import StageReport
from retrace_assets.specs.update import NOT_TESTABLE, spec_id_of
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import TEST_RUNS
from retrace_core.spec import Spec
from retrace_core.spec_file import spec_hash
from retrace_core.test_run import TestRun, Verdict
from retrace_resources.lake import Lake
from retrace_resources.run_records import record_hash, runs_folder
from retrace_resources.spec_files import SpecFiles
from retrace_resources.state import StateStore
from retrace_resources.tester import Asked, Tester

STAGE = "test_runs"
UI = "ui"
API = "api"

_SCHEMA: Final = pl.DataFrame(TEST_RUNS.arrow_schema.empty_table()).schema
_STATUSES: Final[Mapping[Verdict, str]] = {
    "reproduced": "confirmed",
    "not_reproduced": "not_confirmed",
    "inconclusive": "inconclusive",
}
# A hand-written test is of no workspace.
NOBODY: Final = ("", "")

Row = Mapping[str, Any]


def testable(lake: Lake, files: SpecFiles[Spec], incident: Row) -> Spec:
    """An incident's test as it is in force; raises `not_testable` with the reason, or `spec_not_found`."""
    spec_id = spec_id_of(incident["incident_id"])
    made = lake.query(
        "SELECT status, reason FROM specs WHERE project_id = ? AND environment_id = ? AND spec_id = ?",
        [incident["project_id"], incident["environment_id"], spec_id],
    )
    # One that a person wrote stands, whatever can be made of the recording.
    if made.height and made["status"][0] == NOT_TESTABLE and files.find(spec_id) is None:
        raise RetraceError(ErrorCode.NOT_TESTABLE, made["reason"][0], hint="retrace tester create --steps-file …")
    return files.read(spec_id)


def run_spec(
    lake: Lake, state: StateStore, tester: Tester, spec: Spec, asked: Asked, *, incident: Row | None = None
) -> StageReport:
    """Run a spec as asked and keep what it showed; `incident` is the row of `incidents` it tests, if it tests one.

    Each run is kept when it has ended, so that what follows a crash is not lost with it. Raises what the tester does.
    """
    started = time.monotonic()
    tenant = (incident["project_id"], incident["environment_id"]) if incident else NOBODY
    asked = tester.resolve(spec, asked)
    asked = replace(asked, red_elsewhere=_is_red_elsewhere(lake, spec, asked))
    rows: list[Row] = []
    for run in tester.run(spec, asked):
        rows.append(keep_run(lake, run, tenant, tester.home))
    if incident is not None:
        _tell(lake, state, incident, spec)
    verdicts = [row["verdict"] for row in rows]
    notes: dict[str, int | float | str] = {verdict: verdicts.count(verdict) for verdict in _STATUSES}
    seconds = time.monotonic() - started
    return StageReport(STAGE, rows_in=asked.times, rows_out=len(rows), seconds=seconds, notes=notes)


def keep_run(lake: Lake, run: TestRun, tenant: tuple[str, str], home: Path, *, kind: str = UI) -> Row:
    """Write the row of a run that has ended; returns it."""
    row = _row(run, tenant, home, kind)
    with lake.transaction() as transaction:
        transaction.append(TEST_RUNS, pl.DataFrame([row], schema=_SCHEMA, orient="row"))
    return row


def runs_of(lake: Lake, spec_id: str, *, limit: int | None = None) -> list[dict[str, Any]]:
    """The rows of `test_runs` of a spec, the latest first."""
    clause = "" if limit is None else f" LIMIT {limit}"
    columns = ", ".join(TEST_RUNS.column_names)
    query = f"SELECT {columns} FROM test_runs WHERE spec_id = ? ORDER BY started_at DESC, run_id DESC{clause}"
    return list(lake.query(query, [spec_id]).iter_rows(named=True))


def outcome(runs: Sequence[Row]) -> tuple[str, str]:
    """What the runs of one spec, the latest first, come to: a status of the incident, and a line.

    A test that was red once has shown the bug, whatever it is on later builds.
    """
    verdict: Verdict = "reproduced" if any(run["verdict"] == "reproduced" for run in runs) else runs[0]["verdict"]
    builds: dict[str, list[str]] = {}
    for run in reversed(runs):
        builds.setdefault(run["build"], []).append(run["verdict"])
    return _STATUSES[verdict], "; ".join(_in_words(build, verdicts) for build, verdicts in builds.items())


def _in_words(build: str, verdicts: Sequence[str]) -> str:
    words = {"reproduced": "red", "not_reproduced": "green", "inconclusive": "inconclusive"}
    counts = [f"{words[name]} {verdicts.count(name)}/{len(verdicts)}" for name in words if name in verdicts]
    return f"{', '.join(counts)} on {build}"


def _is_red_elsewhere(lake: Lake, spec: Spec, asked: Asked) -> bool:
    found = lake.query(
        "SELECT count(*) AS runs FROM test_runs WHERE spec_sha256 = ? AND verdict = 'reproduced' AND build != ?",
        [spec_hash(spec), asked.build],
    )
    return bool(found["runs"][0])


def _row(run: TestRun, tenant: tuple[str, str], home: Path, kind: str) -> Row:
    folder = runs_folder(home) / run.run_id
    own = {
        "project_id": tenant[0],
        "environment_id": tenant[1],
        "kind": kind,
        "healed": len(run.healed),
        "started_at": datetime.fromisoformat(run.started_at).replace(tzinfo=None),
        "run_dir": str(folder.relative_to(home)),
        "run_sha256": record_hash(folder),
    }
    return {name: own[name] if name in own else getattr(run, name) for name in TEST_RUNS.column_names}


def _tell(lake: Lake, state: StateStore, incident: Row, spec: Spec) -> None:
    digest = spec_hash(spec)
    runs = [run for run in runs_of(lake, spec.spec_id) if run["spec_sha256"] == digest]
    if not runs:
        raise RetraceError(ErrorCode.RUN_NOT_FOUND, f"{spec.spec_id!r} was not run")
    status, summary = outcome(runs)
    tenant = incident["project_id"], incident["environment_id"]
    state.save_pipeline_state(
        *tenant,
        incident["incident_id"],
        repro_status=status,
        repro_spec_id=spec.spec_id,
        repro_run_id=runs[0]["run_id"],
        repro_summary=summary,
    )
    with lake.transaction() as transaction:
        requeue_incident(transaction, incident, state)
