"""Fixes: every try leaves a row, its patch, and what the queue says of it.

Belongs here: the rows of `fix_prs`, and what the incident is told. Does not: the try itself (attempt).
"""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from retrace_assets.fix_prs.attempt import Attempt, Tried, begin, carry_out
from retrace_assets.incidents.update import requeue_incident
from retrace_assets.report import StageReport
from retrace_core.fix_loop_tables import FIX_PRS
from retrace_core.ids import public_id
from retrace_core.spec_file import spec_hash
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from retrace_resources.tester import Tester
from retrace_resources.whole_file import write_whole

STAGE: Final = "fix_prs"

_SCHEMA: Final = pl.DataFrame(FIX_PRS.arrow_schema.empty_table()).schema

Row = Mapping[str, Any]


def propose(lake: Lake, state: StateStore, fixer: Fixer, tester: Tester, incident: Row) -> StageReport:
    """Try to fix an incident; what the gate refuses is no error, its row says why.

    Raises what `begin` does, `agent_failed` never: that, too, is a row. What was pushed stays pushed whatever follows.
    """
    started_at, began = datetime.now(UTC), time.monotonic()
    attempt = begin(lake, state, fixer, tester, incident)
    tried = carry_out(attempt)
    seconds = time.monotonic() - began
    row = _row(attempt, tried, started_at, seconds)
    with lake.transaction() as transaction:
        transaction.append(FIX_PRS, pl.DataFrame([row], schema=_SCHEMA, orient="row"))
        _tell(attempt, tried)
        requeue_incident(transaction, incident, state)
    notes = {"outcome": row["outcome"], "reason": row["reason"] or "none", "files": len(row["files"])}
    return StageReport(STAGE, rows_in=1, rows_out=1, seconds=seconds, notes=notes)


def fixes_of(lake: Lake, incident: Row) -> list[dict[str, Any]]:
    """The tries at a fix of an incident, the latest first."""
    query = (
        f"SELECT {', '.join(FIX_PRS.column_names)} FROM fix_prs WHERE project_id = ? AND environment_id = ? "
        "AND incident_id = ? ORDER BY started_at DESC, fix_id DESC"
    )
    tenant = [incident["project_id"], incident["environment_id"], incident["incident_id"]]
    return list(lake.query(query, tenant).iter_rows(named=True))


def _row(attempt: Attempt, tried: Tried, started_at: datetime, seconds: float) -> dict[str, Any]:
    incident, fixer = attempt.incident, attempt.fixer
    tenant = incident["project_id"], incident["environment_id"]
    fix_id = public_id("fix_", *tenant, incident["incident_id"], started_at.isoformat())
    path = _kept(fixer.home, fix_id, tried.patch)
    request = tried.request or attempt.known
    return {
        "project_id": tenant[0],
        "environment_id": tenant[1],
        "fix_id": fix_id,
        "incident_id": incident["incident_id"],
        "repo": attempt.repository.name,
        "base_branch": attempt.base.branch,
        "base_sha": attempt.base.commit,
        "branch": tried.published.branch if tried.published else "",
        "head_sha": tried.published.head_sha if tried.published else "",
        "agent": attempt.agent.name if attempt.agent else "none",
        "sandboxed": fixer.is_confined,
        "outcome": tried.outcome,
        "reason": tried.reason,
        "detail": tried.detail,
        "files": list(tried.files),
        "patch_path": path,
        "patch_sha256": hashlib.sha256(tried.patch).hexdigest() if tried.patch else "",
        "spec_id": attempt.spec.spec_id,
        "spec_sha256": spec_hash(attempt.spec),
        "red_run_ids": [run.run_id for run in tried.red],
        "green_run_ids": [run.run_id for run in tried.green],
        "pr_url": request.url if request else "",
        "pr_number": request.number if request else None,
        "started_at": started_at.replace(tzinfo=None),
        "duration_ms": seconds * 1000,
    }


def _kept(home: Path, fix_id: str, patch: bytes) -> str:
    """Keep a patch, admitted or not; gives its path relative to the home."""
    if not patch:
        return ""
    path = home / "artifacts" / "fixes" / f"{fix_id}.patch"
    write_whole(path, patch)
    return str(path.relative_to(home))


def _tell(attempt: Attempt, tried: Tried) -> None:
    """A try that came to nothing takes nothing away from an earlier one that did."""
    incident = attempt.incident
    if tried.published is None:
        changes = {} if incident["fix_branch"] else {"fix_status": "error"}
    else:
        request = tried.request
        without = "pr_open" if request else "prompt_ready"
        changes = {
            "fix_status": "fix_proposed" if tried.green else without,
            "fix_branch": tried.published.branch,
            "fix_pr_url": request.url if request else "",
        }
    attempt.state.save_pipeline_state(
        incident["project_id"],
        incident["environment_id"],
        incident["incident_id"],
        fix_repo=attempt.repository.name,
        fix_prompt_path=str(attempt.prompt_path),
        **changes,
    )
