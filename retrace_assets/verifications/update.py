"""Verifications: what became of a fix, and whether its bug is gone from what was merged.

Belongs here: following a pull request, running the test on the merged commit, and what is decided of it. Does not:
how a build is started (retrace_resources.builds) or a test is run (test_runs).
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

import polars as pl

from retrace_assets.fix_prs.update import fixes_of
from retrace_assets.incidents.deciding import BY_ITSELF, decision_of, take
from retrace_assets.incidents.update import requeue_incident
from retrace_assets.issues.lifecycle import OPEN
from retrace_assets.report import StageReport
from retrace_assets.specs.reading import read_incident
from retrace_assets.test_runs.proving import issue_certificate
from retrace_assets.test_runs.update import run_spec, testable
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import VERIFICATIONS
from retrace_core.ids import public_id
from retrace_core.spec import Spec
from retrace_core.test_run import TestRun
from retrace_resources.fix_branch import latest_of
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.repository import Repository
from retrace_resources.spec_files import ui_specs
from retrace_resources.state import ConnectedRepository, DecisionKind, StateStore
from retrace_resources.tester import Asked, Tester

STAGE: Final = "verifications"

Outcome = Literal["verified", "regressed", "unknown"]

_SCHEMA: Final = pl.DataFrame(VERIFICATIONS.arrow_schema.empty_table()).schema
# A test that lost its way, or an app that did not start, says nothing of the bug.
_SAYS_NOTHING: Final = (ErrorCode.APP_NOT_STARTED, ErrorCode.MISSING_INPUT, ErrorCode.SANDBOX_UNAVAILABLE)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a fix needs; without a command that starts the app, what runs at `app_url` is tested."""

    lake: Lake
    state: StateStore
    fixer: Fixer
    tester: Tester
    times: int
    app_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a look came to."""

    outcome: Outcome = "unknown"
    reason: str = ""
    detail: str = ""
    fix_id: str = ""
    repo: str = ""
    base: str = ""
    commit: str = ""
    pr_state: str = ""
    runs: Sequence[TestRun] = ()
    certificate_sha256: str = ""


def verify(look: Look, incident: Row) -> StageReport:
    """Follow an incident's pull request, and run its test on what was merged. Leaves one row.

    Merged: the incident is `resolved`. Green there: `verified`, with a certificate where the test was red elsewhere.
    Red there: `regressed`. What cannot be told is `unknown` and changes nothing. Raises `not_testable`,
    `spec_not_found`, `repository_unusable`, `code_host_refused`.
    """
    checked_at, began = datetime.now(UTC), time.monotonic()
    spec = testable(look.lake, ui_specs(look.fixer.home), incident)
    found = _followed(look, incident)
    if found.pr_state == "merged":
        incident = _resolved(look, incident, found)
    if not found.reason:
        found = _tested(look, incident, spec, found)
    row = _row(incident, spec, found, checked_at)
    with look.lake.transaction() as transaction:
        transaction.append(VERIFICATIONS, pl.DataFrame([row], schema=_SCHEMA, orient="row"))
    notes = {"outcome": found.outcome, "reason": found.reason or "none"}
    return StageReport(STAGE, rows_in=1, rows_out=1, seconds=time.monotonic() - began, notes=notes)


def verifications_of(lake: Lake, incident: Row) -> list[dict[str, Any]]:
    """The looks at an incident, the latest first."""
    query = (
        f"SELECT {', '.join(VERIFICATIONS.column_names)} FROM verifications WHERE project_id = ? "
        "AND environment_id = ? AND incident_id = ? ORDER BY checked_at DESC, verification_id DESC"
    )
    tenant = [incident["project_id"], incident["environment_id"], incident["incident_id"]]
    return list(lake.query(query, tenant).iter_rows(named=True))


def _followed(look: Look, incident: Row) -> _Found:
    """What became of the incident's fix; a bug that a person resolved need not have one."""
    is_closed = incident["status"] in ("resolved", "verified")
    fix = next((each for each in fixes_of(look.lake, incident) if each["branch"]), None)
    if fix is None:
        return _Found() if is_closed else _Found(reason="not_resolved", detail="nobody said that it is fixed")
    repository = _repository(look, fix["repo"])
    host = look.fixer.code_host(repository, Repository(repository.path))
    request = host.find(fix["branch"]) if host else None
    known = _Found(
        fix_id=fix["fix_id"],
        repo=fix["repo"],
        base=fix["base_branch"],
        pr_state=request.state if request else "",
    )
    if request is not None and request.state == "merged":
        return replace(known, commit=request.merge_sha)
    if is_closed:
        return known
    if request is None:
        return replace(known, reason="no_pull_request", detail=f"{fix['branch']} has no pull request")
    return replace(known, reason=f"pull_request_{request.state}", detail=request.url)


def _resolved(look: Look, incident: Row, found: _Found) -> Row:
    """A merged fix resolves the incident, as a person would have; once, whatever happens to it later."""
    if incident["fix_status"] == "merged":
        return incident
    tenant = incident["project_id"], incident["environment_id"], incident["incident_id"]
    look.state.save_pipeline_state(*tenant, fix_status="merged")
    with look.lake.transaction() as transaction:
        if incident["status"] in OPEN:
            reason = f"{found.fix_id} was merged as {found.commit[:12]}"
            take(transaction, look.state, decision_of("resolve", incident, actor=BY_ITSELF, reason=reason))
        else:
            requeue_incident(transaction, incident, look.state)
    return read_incident(look.lake, incident["incident_id"])


def _tested(look: Look, incident: Row, spec: Spec, found: _Found) -> _Found:
    """Run the test on the merged commit, and decide by what it shows."""
    runs: list[TestRun] = []
    try:
        commit, served = _served(look, spec, found, is_verified=incident["status"] == "verified")
        with served as url:
            asked = Asked(times=look.times, app_url=url or look.app_url, build=commit)
            tester = replace(look.tester, app_runs=bool(url), on_run=runs.append)
            run_spec(look.lake, look.state, tester, spec, asked, incident=incident)
    except RetraceError as error:
        if error.code not in _SAYS_NOTHING:
            raise
        return replace(found, reason=error.code.value, detail=error.detail, runs=tuple(runs))
    found = replace(found, commit=commit or runs[0].build, runs=tuple(runs))
    odd = next((run for run in runs if run.verdict == "inconclusive"), None)
    if any(run.verdict == "reproduced" for run in runs):
        return _regressed(look, incident, found)
    if odd is not None:
        return replace(found, reason=str(odd.reason), detail=odd.detail)
    return _verified(look, incident, spec, found)


def _served(look: Look, spec: Spec, found: _Found, *, is_verified: bool) -> tuple[str, AbstractContextManager[str]]:
    """The commit to test and how it is served; both empty where what runs already is tested.

    A fix is verified on the commit it was merged as, and looked at again on the latest.
    """
    fixer = look.fixer
    if not fixer.start_command_of(spec) or not (found.repo or fixer.repository or fixer.repository_path):
        return "", nullcontext("")
    repository = _repository(look, found.repo)
    git = Repository(repository.path)
    # Fetched first: what was merged elsewhere is not in the checkout yet.
    latest = latest_of(git, repository.remote, fixer.base or found.base or repository.base or git.default_branch())
    commit = latest if is_verified or not found.commit else found.commit
    return commit, fixer.builds(repository, git, spec).serve(commit)


def _repository(look: Look, name: str) -> ConnectedRepository:
    return replace(look.fixer, repository=name or look.fixer.repository).repository_of(look.state)


def _verified(look: Look, incident: Row, spec: Spec, found: _Found) -> _Found:
    said = f"green in {len(found.runs)} of {len(found.runs)} runs on {found.commit[:12]}"
    _decide(look, incident, "verify", ("resolved",), said)
    found = replace(found, outcome="verified", detail=said)
    try:
        issued = issue_certificate(look.lake, look.fixer.home, spec, incident["incident_id"], times=len(found.runs))
    except RetraceError as error:
        # Nobody saw it red often enough: it is gone, and nothing proves that it was this that went.
        return replace(found, detail=f"{said}; no certificate: {error.detail}")
    return replace(found, certificate_sha256=issued.sha256)


def _regressed(look: Look, incident: Row, found: _Found) -> _Found:
    said = f"the test is red on {found.commit[:12]}"
    _decide(look, incident, "regress", ("resolved", "verified"), said)
    return replace(found, outcome="regressed", reason="red", detail=said)


def _decide(look: Look, incident: Row, kind: DecisionKind, possible_from: Sequence[str], reason: str) -> None:
    """Decide about an incident as it is now: one that was seen again meanwhile stays what that made it."""
    current = read_incident(look.lake, incident["incident_id"])
    if current["status"] in possible_from:
        with look.lake.transaction() as transaction:
            take(transaction, look.state, decision_of(kind, current, actor=BY_ITSELF, reason=reason))


def _row(incident: Row, spec: Spec, found: _Found, checked_at: datetime) -> dict[str, Any]:
    tenant = incident["project_id"], incident["environment_id"]
    return {
        "project_id": tenant[0],
        "environment_id": tenant[1],
        "verification_id": public_id("ver_", *tenant, incident["incident_id"], checked_at.isoformat()),
        "incident_id": incident["incident_id"],
        "fix_id": found.fix_id,
        "repo": found.repo,
        "commit_sha": found.commit,
        "pr_state": found.pr_state,
        "outcome": found.outcome,
        "reason": found.reason,
        "detail": found.detail,
        "spec_id": spec.spec_id,
        "run_ids": [run.run_id for run in found.runs],
        "certificate_sha256": found.certificate_sha256,
        "checked_at": checked_at.replace(tzinfo=None),
    }
