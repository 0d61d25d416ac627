"""What a spec is made of, read from the lake: an incident's candidate signals, each with its session's recording.

Belongs here: the queries. Does not: what is made of the rows (generate), or which candidate is taken (update).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrace_assets.specs.recording import Recording, recording_of
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import INCIDENTS, ISSUES, SIGNALS
from retrace_resources.lake import Lake

# A bug that many people met has many recordings; one of the first few is as good as any.
CANDIDATES = 5

Row = Mapping[str, Any]

_SESSION = ("project_id", "environment_id", "day", "started_at", "session_id")


@dataclass(frozen=True)
class Candidate:
    """A signal of the incident, all signals of its session in order, and the recording; evidence is decoded."""

    signal: Row
    session_signals: tuple[Row, ...]
    recording: Recording


def read_incident(lake: Lake, incident_id: str) -> Row:
    """The row of `incidents` with that id, of any that was merged into it, or of its issue.

    Raises `incident_not_found`.
    """
    name = incident_id.strip()
    rows = lake.query(
        f"SELECT {', '.join(INCIDENTS.column_names)} FROM incidents "
        "WHERE incident_id = $id OR list_contains(aliases, $id) OR list_contains(issue_ids, $issue) LIMIT 1",
        {"id": name.upper(), "issue": name.lower()},
    )
    if rows.is_empty():
        raise RetraceError(ErrorCode.INCIDENT_NOT_FOUND, f"nothing is known as {incident_id!r}", hint="retrace qa list")
    return rows.row(0, named=True)


def candidates(lake: Lake, incident: Row) -> Iterator[Candidate]:
    """The incident's signals, its issues' representatives first, one a session, each read only when it is asked for."""
    tenant = [incident["project_id"], incident["environment_id"]]
    issues = lake.query(
        f"SELECT {', '.join(ISSUES.column_names)} FROM issues WHERE project_id = ? AND environment_id = ? "
        "AND list_contains(?, issue_id) ORDER BY list_position(?, issue_id)",
        [*tenant, incident["issue_ids"], incident["issue_ids"]],
    )
    representatives = issues["signal_id"].to_list()
    examples = [name for text in issues["evidence"] for name in json.loads(text).get("signal_ids", ())]
    sessions: set[str] = set()
    for signal_id in dict.fromkeys([*representatives, *examples]):
        found = _signals(lake, "project_id = ? AND environment_id = ? AND signal_id = ?", [*tenant, signal_id])
        if not found or found[0]["session_id"] in sessions:
            continue
        sessions.add(found[0]["session_id"])
        if len(sessions) > CANDIDATES:
            return
        yield _candidate(lake, found[0])


def _candidate(lake: Lake, signal: Row) -> Candidate:
    session = [signal[name] for name in _SESSION]
    condition = " AND ".join(f"{name} = ?" for name in _SESSION)
    payloads = lake.query(
        "SELECT window_id, sequence, events, clock_offset_ms FROM replay_payloads AS payload "
        f"JOIN replay_batches AS batch USING ({', '.join(_SESSION)}, window_id, sequence) WHERE {condition} "
        "ORDER BY window_id, sequence",
        session,
    )
    recording = recording_of(signal["session_id"], payloads.iter_rows(named=True))
    return Candidate(signal, tuple(_signals(lake, condition, session)), recording)


def _signals(lake: Lake, condition: str, params: list[object]) -> list[dict[str, Any]]:
    rows = lake.query(
        f"SELECT {', '.join(SIGNALS.column_names)} FROM signals WHERE {condition} ORDER BY occurred_at, signal_id",
        params,
    )
    return [{**row, "evidence": json.loads(row["evidence"])} for row in rows.iter_rows(named=True)]
