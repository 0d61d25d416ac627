"""Specs: each incident asked for gets its test, beside which a person's edit stays.

Belongs here: which candidate is taken, when a file is written, when a version is only proposed, and the rows of
`specs`. Does not: making a spec of a recording (generate), or reading one (reading).
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import polars as pl

from retrace_assets.follow import replace_changed
from retrace_assets.report import StageReport
from retrace_assets.specs.generate import CODE_VERSION, generate
from retrace_assets.specs.reading import candidates, read_incident
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import SPECS
from retrace_core.spec import Spec
from retrace_core.spec_file import spec_hash
from retrace_resources.lake import Lake
from retrace_resources.spec_files import SpecFiles

STAGE = "specs"
UI = "ui"

GENERATED = "generated"
EDITED = "edited"
NOT_TESTABLE = "not_testable"

_KEY = ("project_id", "environment_id", "spec_id")
_SCHEMA = pl.DataFrame(SPECS.arrow_schema.empty_table()).schema


def spec_id_of(incident_id: str) -> str:
    """The name of an incident's UI test."""
    return f"{incident_id.lower()}-ui"


def rebuild(lake: Lake, files: SpecFiles[Spec], incident_id: str, *, app_url: str = "") -> StageReport:
    """Make the UI test of an incident anew; `app_url` is where it runs unless a run says otherwise.

    What a person edited stays as it is, and the new version is laid beside it. An incident of which no test can be made
    has a row that says why. Raises `incident_not_found`.
    """
    started = time.monotonic()
    incident = read_incident(lake, incident_id)
    spec_id = spec_id_of(incident["incident_id"])
    before = _row_before(lake, incident, spec_id)
    generated, reason = _generate(lake, incident, spec_id, app_url)
    if generated is None:
        row = {**_base(incident, spec_id), "status": NOT_TESTABLE, "has_proposal": False, "reason": reason}
    else:
        current = _keep(files, generated, generated_before=before.get("generated_sha256"))
        row = {**_base(incident, spec_id), **_described(files, current, generated)}
    frame = pl.DataFrame([{name: row.get(name) for name in SPECS.column_names}], schema=_SCHEMA, orient="row")
    with lake.transaction() as transaction:
        changed = replace_changed(transaction, SPECS, frame.select(_KEY), frame)
    notes = {"status": str(row["status"]), "changed": changed.height, "steps": row.get("steps") or 0}
    return StageReport(STAGE, rows_in=1, rows_out=frame.height, seconds=time.monotonic() - started, notes=notes)


def _generate(lake: Lake, incident: Mapping[str, Any], spec_id: str, app_url: str) -> tuple[Spec | None, str]:
    """The test of the first candidate of which one can be made; else why none can be made of the first."""
    if not incident["issue_ids"]:
        command = "api-run" if incident["source_kind"] == "api_test" else "run"
        return None, f"no recording shows it, a test does (retrace tester {command} {incident['repro_spec_id']})"
    reasons: list[str] = []
    for candidate in candidates(lake, incident):
        try:
            spec = generate(candidate.recording, candidate.signal, candidate.session_signals, app_url=app_url)
        except RetraceError as error:
            if error.code is not ErrorCode.NOT_TESTABLE:
                raise
            reasons.append(f"{error.detail} ({error.hint})" if error.hint else error.detail)
            continue
        source = msgspec.structs.replace(spec.source, incident_id=incident["incident_id"])
        return msgspec.structs.replace(spec, spec_id=spec_id, source=source), ""
    return None, reasons[0] if reasons else "its recordings are gone"


def _keep(files: SpecFiles[Spec], generated: Spec, *, generated_before: str | None) -> Spec:
    """Write or propose a spec; gives the one that is in force then."""
    current = files.find(generated.spec_id)
    if current is None or spec_hash(current) == generated_before:
        if current is None or spec_hash(current) != spec_hash(generated):
            files.write(generated)
        return generated
    # A person's edit stays. What was generated before was proposed then, if at all: an answer to that stays too.
    if spec_hash(generated) == spec_hash(current):
        files.withdraw(generated.spec_id)
    elif spec_hash(generated) != generated_before:
        files.propose(generated)
    return current


def _row_before(lake: Lake, incident: Mapping[str, Any], spec_id: str) -> dict[str, Any]:
    rows = lake.query(
        "SELECT generated_sha256 FROM specs WHERE project_id = ? AND environment_id = ? AND spec_id = ?",
        [incident["project_id"], incident["environment_id"], spec_id],
    )
    return rows.row(0, named=True) if rows.height else {}


def _base(incident: Mapping[str, Any], spec_id: str) -> dict[str, Any]:
    same = {name: incident[name] for name in ("project_id", "environment_id", "incident_id")}
    return {**same, "spec_id": spec_id, "kind": UI, "code_version": CODE_VERSION}


def _described(files: SpecFiles[Spec], current: Spec, generated: Spec) -> dict[str, Any]:
    digest, generated_digest = spec_hash(current), spec_hash(generated)
    return {
        "status": GENERATED if digest == generated_digest else EDITED,
        "has_proposal": files.proposal(current.spec_id) is not None,
        "detector": generated.source.detector,
        "signal_id": generated.source.signal_id,
        "session_id": generated.source.session_id,
        "steps": len(current.exact_steps),
        "recorded_steps": generated.source.recorded_steps,
        "assertions": _distinct(type(assertion).__struct_config__.tag for assertion in current.assertions),
        "sha256": digest,
        "generated_sha256": generated_digest,
        "path": f"ui-tests/specs/{current.spec_id}.json",
    }


def _distinct(names: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(map(str, names)))
