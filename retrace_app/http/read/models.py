"""The shapes of answers: one class a noun, whose fields are columns of its table.

Belongs here: which columns are told, and their JSON types; what each says comes from retrace_core.tables. Does not: the
envelopes around rows (one module a noun), or columns that are only ours (commit numbers, hashes, segments).
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field

from retrace_core.table import Table
from retrace_core.tables import INCIDENTS, ISSUES, REPLAY_BATCHES, REPLAYS, SIGNALS


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=time.tzinfo or UTC)


Instant = Annotated[datetime, AfterValidator(_in_utc)]
"""A time; the lake's have no zone and are UTC, in JSON they end in Z."""


class Row(BaseModel):
    """Columns of a table; a subclass names it, and its fields are described as the columns are."""

    table: ClassVar[Table]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Describe the fields as their columns are."""
        said = {column.name: column.description for column in cls.table.columns}
        for name, field in cls.model_fields.items():
            if name in said:
                field.description = said[name]
        cls.model_rebuild(force=True)


class ReplaySession(Row):
    """A session: one visit, and its recording."""

    table: ClassVar[Table] = REPLAYS

    project_id: str
    environment_id: str
    replay_id: str
    session_id: str
    day: date
    started_at: Instant
    status: str
    closed_by: str | None
    first_at: Instant | None
    last_at: Instant | None
    received_first_at: Instant | None
    received_last_at: Instant | None
    duration_ms: int | None
    windows: int | None
    batches: int | None
    events: int | None
    clicks: int | None
    inputs: int | None
    errors: int | None
    failed_requests: int | None
    pages: int | None
    first_url: str | None
    last_url: str | None
    distinct_id: str | None
    user_agent: str | None
    release: str | None
    has_full_snapshot: bool | None
    sequence_gaps: int | None
    reported_gaps: int | None
    clock_offset_ms: int | None
    raw_bytes: int | None


class ReplayWindow(Row):
    """A window: one page load of a session."""

    table: ClassVar[Table] = REPLAY_BATCHES

    window_id: str
    first_at: Instant | None
    last_at: Instant | None
    batches: int = Field(description="Batches that came.")
    events: int = Field(description="Events kept.")
    is_closed: bool = Field(description="Whether its last batch said so.")
    sequence_gaps: int = Field(description="Batches that are missing between the ones that came.")
    clock_offset_ms: int | None
    last_url: str | None


class ReplayBatch(Row):
    """A batch: one SDK post, without its events."""

    table: ClassVar[Table] = REPLAY_BATCHES

    window_id: str
    sequence: int
    batch_id: str | None
    received_at: Instant | None
    sent_at: Instant | None
    clock_offset_ms: int | None
    first_at: Instant | None
    last_at: Instant | None
    last_url: str | None
    flush_type: str | None
    distinct_id: str | None
    event_count: int | None
    rejected_count: int | None
    raw_bytes: int | None
    sdk_name: str | None
    sdk_version: str | None
    release: str | None


class Signal(Row):
    """A signal: what a detector found, with its evidence."""

    table: ClassVar[Table] = SIGNALS

    project_id: str
    environment_id: str
    signal_id: str
    session_id: str
    window_id: str | None
    started_at: Instant
    detector: str | None
    rule_version: str | None
    occurred_at: Instant | None
    offset_ms: int | None
    url: str | None
    route: str | None
    confidence: str | None
    severity: str | None
    reason_codes: list[str] | None
    message: str | None
    evidence: Any
    counterfactual: str | None
    target: str | None
    method: str | None
    request: str | None
    status: int | None
    template: str | None
    frame: str | None
    trace_id: str | None
    distinct_id: str | None
    release: str | None
    fingerprint: str | None
    cause: str | None


class IssueRow(Row):
    """An issue as lists have it."""

    table: ClassVar[Table] = ISSUES

    project_id: str
    environment_id: str
    issue_id: str
    fingerprint: str | None
    fingerprints: list[str] | None
    status: str | None
    detector: str | None
    detectors: list[str] | None
    title: str | None
    summary: str | None
    severity: str | None
    confidence: str | None
    route: str | None
    signals: int | None
    sessions: int | None
    users: int | None
    days: int | None
    first_at: Instant | None
    last_at: Instant | None
    resolved_at: Instant | None
    first_release: str | None
    last_release: str | None
    session_id: str | None
    signal_id: str | None


class Issue(IssueRow):
    """An issue with what shows it."""

    evidence: Any
    steps: Any


class IncidentRow(Row):
    """An incident as lists have it."""

    table: ClassVar[Table] = INCIDENTS

    project_id: str
    environment_id: str
    public_id: str = Field(description="Public id, INC-….")
    aliases: list[str] | None
    fingerprint: str | None
    issue_ids: list[str] | None
    source_kind: str | None
    status: str | None
    severity: str | None
    confidence: str | None
    title: str | None
    summary: str | None
    suspected_cause: str | None
    expected_outcome: str | None
    actual_outcome: str | None
    app_url: str | None
    affected_count: int | None
    affected_users: int | None
    first_seen_at: Instant | None
    last_seen_at: Instant | None
    repro_status: str | None
    repro_spec_id: str | None
    repro_run_id: str | None
    repro_summary: str | None
    fix_status: str | None
    fix_repo: str | None
    fix_branch: str | None
    fix_pr_url: str | None
    fix_prompt_path: str | None


class Incident(IncidentRow):
    """An incident with its sources, the steps to it and the evidence."""

    sources: list[Any]
    reproduction: list[Any]
    evidence: dict[str, Any]


class Decision(BaseModel):
    """What somebody decided about an incident."""

    kind: str = Field(description="resolve, ignore, reopen, merge or split.")
    fingerprint: str = Field(description="The bug, by the fingerprint it had then.")
    actor: str = Field(description="Who: the account on the machine, or the name of the token.")
    at: Instant
    reason: str
    payload: dict[str, Any] = Field(description="What more the kind needs: `into` of a merge, the parts of a split.")
