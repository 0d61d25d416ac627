"""`/api/metrics`: how much a project has stored and found, and how its questions are answered.

Belongs here: the shape of the answer. Does not: counting (actions/metrics, traffic).
"""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from retrace_app.actions import metrics
from retrace_app.http.read.access import TOKEN_REFUSALS, require_environment, token_with
from retrace_app.http.read.house import house_of
from retrace_app.http.read.models import Instant
from retrace_app.http.read.refusals import documented
from retrace_app.http.read.traffic import Figures
from retrace_core.errors import ErrorCode
from retrace_core.limits import MAX_ID_CHARS
from retrace_resources.state import ServiceToken

router: Final = APIRouter(tags=["metrics"])

_may_read: Final = token_with("admin", "mcp:read")


class Stored(BaseModel):
    """What was taken in."""

    replay_sessions: int
    replay_batches: int
    replay_events: int


class Processing(BaseModel):
    """How far processing is, and what it found."""

    queue_depth: int | None = Field(description="Batches that wait; null when more waits than is counted, 64 MiB.")
    sessions_by_status: dict[str, int]
    signals_by_detector: dict[str, int]
    rejected_by_reason: dict[str, int] = Field(description="What was accepted and could not be processed.")


class Found(BaseModel):
    """The bugs that were found; the name of the block is older than they are."""

    issues: int
    issues_by_status: dict[str, int]
    issues_by_severity: dict[str, int]


class Queue(BaseModel):
    """The incidents."""

    incidents: int
    incidents_by_status: dict[str, int]


class Latency(BaseModel):
    """How long answers took, in milliseconds; null before the first."""

    p50: float | None
    p95: float | None
    max: float | None


class Runtime(BaseModel):
    """The latest 1,000 questions of this project's tokens to this reader since it started; ingest is not in it."""

    since: Instant
    api_requests: int
    api_failures: int = Field(description="Answered with a status of 500 or more.")
    api_failure_rate: float
    api_latency_ms: Latency
    api_requests_by_route: dict[str, int]
    recent_trace_ids: list[str]


class Metrics(BaseModel):
    """The figures of a project, or of one of its environments."""

    generated_at: Instant
    project_id: str
    environment_id: str | None
    api: Stored
    replay_processing: Processing
    ai_analysis: Found
    incidents: Queue
    runtime: Runtime


@router.get(
    "/api/metrics",
    summary="Count what a project has",
    responses=documented(*TOKEN_REFUSALS, ErrorCode.ENVIRONMENT_NOT_FOUND),
)
def read_metrics(
    request: Request,
    token: Annotated[ServiceToken, Depends(_may_read)],
    environment_id: Annotated[
        str | None, Query(max_length=MAX_ID_CHARS, description="Only this environment; `runtime` is the project's.")
    ] = None,
) -> Metrics:
    """Count the token's project, or one of its environments."""
    house = house_of(request)
    if environment_id is not None:
        require_environment(house, token, environment_id)
    counted = metrics.measure(house.lake, house.landing, token.project_id, environment_id)
    return Metrics(
        generated_at=datetime.now(UTC),
        project_id=token.project_id,
        environment_id=environment_id,
        api=Stored(
            replay_sessions=counted.replay_sessions,
            replay_batches=counted.replay_batches,
            replay_events=counted.replay_events,
        ),
        replay_processing=Processing(
            queue_depth=counted.waiting_batches,
            sessions_by_status=dict(counted.sessions_by_status),
            signals_by_detector=dict(counted.signals_by_detector),
            rejected_by_reason=dict(counted.rejected_by_reason),
        ),
        ai_analysis=Found(
            issues=sum(counted.issues_by_status.values()),
            issues_by_status=dict(counted.issues_by_status),
            issues_by_severity=dict(counted.issues_by_severity),
        ),
        incidents=Queue(
            incidents=sum(counted.incidents_by_status.values()),
            incidents_by_status=dict(counted.incidents_by_status),
        ),
        runtime=_runtime(house.traffic.figures(token.project_id)),
    )


def _runtime(figures: Figures) -> Runtime:
    return Runtime(
        since=figures.since,
        api_requests=figures.requests,
        api_failures=figures.failures,
        api_failure_rate=figures.failures / figures.requests if figures.requests else 0.0,
        api_latency_ms=Latency(p50=figures.p50_ms, p95=figures.p95_ms, max=figures.max_ms),
        api_requests_by_route=figures.requests_by_route,
        recent_trace_ids=figures.recent_trace_ids,
    )
