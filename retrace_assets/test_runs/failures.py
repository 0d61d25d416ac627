"""A failing test in the queue: as a source of the incident that is the same bug, or as an incident of its own kind.

A test that was made of an incident's recording is about that incident. Any other one is about the incident whose
signals say what it says: the same request failed, or the same error came; where there is none, the failure itself is an
incident, `ui_test` or `api_test`, one a test, counted by its red runs.

Belongs here: which incident, and the row. Does not: running tests (update), or incidents of recordings
(retrace_assets.incidents).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import polars as pl

from retrace_assets.follow import replace_changed
from retrace_assets.issues.lifecycle import standing
from retrace_assets.test_runs.update import outcome, runs_of
from retrace_core.api_spec import ApiSpec
from retrace_core.errors import RetraceError
from retrace_core.parametrise import route_template
from retrace_core.spec import Spec
from retrace_core.spec_assertions import NoError, RequestSucceeds
from retrace_core.tables import INCIDENTS
from retrace_core.test_run import AssertionResult, TestRun
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction
from retrace_resources.run_records import read_run
from retrace_resources.state import Decision, StateStore

UI_TEST: Final = "ui_test"
API_TEST: Final = "api_test"

_SCHEMA: Final = pl.DataFrame(INCIDENTS.arrow_schema.empty_table()).schema
_KEY: Final = ("project_id", "environment_id", "incident_id")
_STATUS: Final = re.compile(r"\b[1-5][0-9]{2}\b")
# The latest red runs say what there is to say.
_MOST_NAMED: Final = 20

Row = Mapping[str, Any]
Tenant = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a red run showed: the assertion that failed, and the request or the error it is about."""

    kind: str
    spec_id: str
    name: str
    incident_id: str
    steps: tuple[str, ...]
    app_url: str
    expected: str = ""
    observed: str = ""
    method: str = ""
    request: str = ""
    status: int = 0
    template: str = ""


def file_failures(lake: Lake, state: StateStore, home: Path, spec: Spec | ApiSpec) -> str | None:
    """Bring the queue up to the runs of a test; gives the incident's id, None for a test that never was red."""
    runs = runs_of(lake, spec.spec_id)
    latest = next(iter(_red(runs)), None)
    if latest is None:
        return None
    try:
        failure = failure_of(spec, read_run(home, latest["run_id"]))
    except RetraceError:
        # Its folder was cleared away since: what there is to say was said when it ran.
        return None
    with lake.transaction() as transaction:
        found = _same_bug(transaction, failure)
        if found is not None:
            row = {**found, "sources": _with_source(found["sources"], failure, runs)}
        else:
            row = _own_row(state, failure, runs, _tenant(state))
        _write(transaction, row)
    return str(row["incident_id"])


def failure_of(spec: Spec | ApiSpec, run: TestRun) -> Failure:
    """What a red run showed."""
    failed = next((result for result in run.assertions if result.ok is False), None)
    is_ui = isinstance(spec, Spec)
    words = spec.prompt.splitlines() if isinstance(spec, Spec) else [f"{step.method} {step.url}" for step in spec.steps]
    about: dict[str, Any] = {}
    if failed is not None:
        told = _of_ui(spec, failed) if isinstance(spec, Spec) else _of_api(run, failed)
        answered = _STATUS.search(failed.observed)
        about = {"expected": failed.expected, "observed": failed.observed, **told}
        about["status"] = int(answered[0]) if answered else 0
    return Failure(
        kind=UI_TEST if is_ui else API_TEST,
        spec_id=spec.spec_id,
        name=spec.name,
        incident_id=spec.source.incident_id,
        steps=tuple(words or [f"Run {spec.spec_id}"]),
        app_url=run.app_url,
        **about,
    )


def restate(transaction: Transaction, state: StateStore, decision: Decision) -> None:
    """Bring the incident of a test up to what was just decided about it."""
    columns = ", ".join(INCIDENTS.column_names)
    query = f"SELECT {columns} FROM incidents WHERE project_id = ? AND environment_id = ? AND fingerprint = ?"
    found = transaction.query(query, [decision.project_id, decision.environment_id, decision.fingerprint])
    for incident in found.iter_rows(named=True):
        status = _standing(state, incident, incident["affected_count"], incident["last_seen_at"])
        _write(transaction, {**incident, "status": status})


def _of_ui(spec: Spec, failed: AssertionResult) -> dict[str, str]:
    # The test may have been edited since.
    match next((each for each in spec.assertions if each.id == failed.assertion_id), None):
        case RequestSucceeds(method=method, path=path):
            return {"method": method, "request": path}
        case NoError(template=template):
            return {"template": template}
        case _:
            return {}


def _of_api(run: TestRun, failed: AssertionResult) -> dict[str, str]:
    step_id, _, what = failed.assertion_id.rpartition("-")
    sent = next((step for step in run.steps if step.step_id == step_id), None)
    # An answer that is there and says something wrong is no failed request.
    if sent is None or what != "status":
        return {}
    return {"method": sent.action, "request": route_template(urlsplit(sent.url).path)}


def _same_bug(transaction: Transaction, failure: Failure) -> Row | None:
    """The incident of a recording that is this bug, the one that was seen last."""
    columns = ", ".join(INCIDENTS.column_names)
    params: list[object]
    if failure.incident_id:
        said, params = "incident_id = ? OR list_contains(aliases, ?)", [failure.incident_id, failure.incident_id]
    elif failure.request or failure.template:
        signal = "method = ? AND request = ? AND signals.status // 100 = ?" if failure.request else "template = ?"
        params = [failure.method, failure.request, failure.status // 100] if failure.request else [failure.template]
        said = (
            "list_has_any(issue_ids, (SELECT coalesce(list(DISTINCT issue_id), []) FROM issues JOIN signals ON "
            "issues.project_id = signals.project_id AND issues.environment_id = signals.environment_id AND "
            f"list_contains(fingerprints, signals.fingerprint) WHERE {signal})) AND status != 'withdrawn'"
        )
    else:
        return None
    query = f"SELECT {columns} FROM incidents WHERE {said} ORDER BY last_seen_at DESC, incident_id LIMIT 1"
    rows = transaction.query(query, params)
    return rows.row(0, named=True) if rows.height else None


def _with_source(sources: str, failure: Failure, runs: Sequence[Row]) -> str:
    others = [each for each in json.loads(sources) if each["ref_id"] != failure.spec_id]
    return json.dumps([*others, _source(failure, runs)], ensure_ascii=False)


def _source(failure: Failure, runs: Sequence[Row]) -> dict[str, Any]:
    first = _red(runs)[-1]["started_at"].isoformat(timespec="milliseconds")
    summary = outcome(runs)[1]
    return {
        "kind": failure.kind,
        "ref_id": failure.spec_id,
        "score": 1.0,
        "note": summary,
        "created_at": f"{first}Z",
    }


def _own_row(state: StateStore, failure: Failure, runs: Sequence[Row], tenant: Tenant) -> dict[str, Any]:
    fingerprint = f"{failure.kind}:{failure.spec_id}"
    incident_id = state.assign_incident_ids(*tenant, [fingerprint])[fingerprint]
    status, summary = outcome(runs)
    state.save_pipeline_state(
        *tenant,
        incident_id,
        repro_status=status,
        repro_spec_id=failure.spec_id,
        repro_run_id=runs[0]["run_id"],
        repro_summary=summary,
    )
    pipeline = {name: value or None for name, value in asdict(state.pipeline_states(*tenant)[incident_id]).items()}
    red = _red(runs)
    own = {"project_id": tenant[0], "environment_id": tenant[1], "fingerprint": fingerprint}
    steps = [{"index": number, "description": said} for number, said in enumerate(failure.steps, 1)]
    row = {
        **own,
        "incident_id": incident_id,
        "aliases": [],
        "issue_ids": [],
        "source_kind": failure.kind,
        "sources": json.dumps([_source(failure, runs)], ensure_ascii=False),
        "status": _standing(state, own, len(red), red[0]["started_at"]),
        "severity": "medium",
        # What failed twice is no accident.
        "confidence": "high" if len(red) > 1 else "medium",
        "title": failure.name,
        "summary": f"Its test is {summary}.",
        "suspected_cause": None,
        "reproduction": json.dumps(steps, ensure_ascii=False),
        "expected_outcome": failure.expected,
        "actual_outcome": failure.observed,
        "app_url": failure.app_url,
        # What an incident of a test stands on are its red runs.
        "evidence": json.dumps({"signal_ids": [run["run_id"] for run in red[:_MOST_NAMED]], "detector": failure.kind}),
        "affected_count": len(red),
        "affected_users": 0,
        "first_seen_at": red[-1]["started_at"],
        "last_seen_at": red[0]["started_at"],
        **pipeline,
        "fix_status": pipeline["fix_status"] or "not_started",
    }
    return {name: row[name] for name in INCIDENTS.column_names}


def _red(runs: Sequence[Row]) -> list[Row]:
    return [run for run in runs if run["verdict"] == "reproduced"]


def _standing(state: StateStore, incident: Row, red: int, last_at: datetime) -> str:
    def is_about(decision: Decision) -> bool:
        named = (decision.project_id, decision.environment_id, decision.fingerprint)
        return named == (incident["project_id"], incident["environment_id"], incident["fingerprint"])

    return standing(red, last_at, filter(is_about, state.decisions())).status


def _tenant(state: StateStore) -> Tenant:
    """Whose a test is that names nobody: the only workspace's, where there is one."""
    places = state.places()
    return (places[0].project_id, places[0].environment_id) if len(places) == 1 else ("", "")


def _write(transaction: Transaction, row: Row) -> None:
    frame = pl.DataFrame([row], schema=_SCHEMA, orient="row")
    changed = replace_changed(transaction, INCIDENTS, frame.select(_KEY), frame)
    whenever = {"day": pl.lit(None, pl.Date), "started_at": pl.lit(None, pl.Datetime("us"))}
    note_changes(transaction, INCIDENTS.name, changed.with_columns(key="incident_id", **whenever))
