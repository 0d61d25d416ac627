"""From issues to the queue: one shape for every bug, whatever source saw it.

Belongs here: mapping an issue, its ids and the state of its test and fix to a row of `incidents`. Does not: the issue
itself (issues), or who gives ids (the state store).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from retrace_core.ids import issue_id
from retrace_core.tables import INCIDENTS
from retrace_resources.state import PipelineState

REPLAY = "replay"
_NOT_BEGUN = {"repro_status": "not_attempted", "fix_status": "not_started"}
_EVIDENCE = (
    *("replay_session_ids", "replay_ids", "signal_ids", "console_excerpts", "network_failures", "primary_url"),
    *("top_stack_frame", "trace_ids"),
)

_Row = Mapping[str, Any]


def incident_row(issue: _Row, ids: Sequence[str], pipelines: Mapping[str, PipelineState]) -> dict[str, Any]:
    """One row of `incidents` for a row of `issues`.

    `ids` are those it is known by, its own first, `pipelines` maps incident ids to how far their test and fix have
    come: a bug that comes back while its fix is under way keeps that. A bug that was merged lends its own when the
    one it was merged into has none.
    """
    incident_id, *aliases = ids
    pipeline = next((pipelines[name] for name in ids if name in pipelines), PipelineState())
    issues = [
        issue_id(issue["project_id"], issue["environment_id"], fingerprint) for fingerprint in issue["fingerprints"]
    ]
    evidence = json.loads(issue["evidence"])
    representative = evidence.get("representative", {})
    steps = json.loads(issue["steps"])
    row = {
        "project_id": issue["project_id"],
        "environment_id": issue["environment_id"],
        "incident_id": incident_id,
        "aliases": aliases,
        "fingerprint": issue["fingerprint"],
        "issue_ids": issues,
        "source_kind": REPLAY,
        "sources": _json(_sources(issue, issues)),
        "status": issue["status"],
        "severity": issue["severity"],
        "confidence": issue["confidence"],
        "title": issue["title"],
        "summary": issue["summary"],
        "suspected_cause": representative.get("evidence", {}).get("suspect"),
        "reproduction": issue["steps"],
        "expected_outcome": representative.get("evidence", {}).get("expected"),
        "actual_outcome": representative.get("message"),
        "app_url": steps[0]["url"] if steps else None,
        "evidence": _json({**{name: evidence.get(name) for name in _EVIDENCE}, **_verdict(representative)}),
        "affected_count": issue["sessions"],
        "affected_users": issue["users"],
        "first_seen_at": issue["first_at"],
        "last_seen_at": issue["last_at"],
        **{name: value or _NOT_BEGUN.get(name) for name, value in asdict(pipeline).items()},
    }
    return {name: row[name] for name in INCIDENTS.column_names}


def other_sources(sources: str) -> list[dict[str, Any]]:
    """What else than recordings saw a bug: a failing test is a source that no issue knows of."""
    return [source for source in json.loads(sources) if source["kind"] != REPLAY]


def with_sources(row: _Row, others: Sequence[_Row]) -> dict[str, Any]:
    """A row with what else saw the bug."""
    return {**row, "sources": _json([*json.loads(row["sources"]), *others])} if others else dict(row)


def _sources(issue: _Row, issues: Sequence[str]) -> list[dict[str, Any]]:
    created_at = f"{issue['first_at'].isoformat(timespec='milliseconds')}Z" if issue["first_at"] else None
    own, *merged = [{"kind": REPLAY, "ref_id": name, "score": 1.0, "note": None, "created_at": None} for name in issues]
    return [{**own, "created_at": created_at}, *({**source, "note": "merged"} for source in merged)]


def _verdict(representative: _Row) -> dict[str, Any]:
    """Why the representative signal is one, and what would have kept it from being one."""
    return {name: representative.get(name) for name in ("detector", "reason_codes", "counterfactual")}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
