"""`/api/replays`: sessions, one of them, and having what landed processed.

Belongs here: parameters and envelopes. Does not: what is read (actions/replays).
"""

from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from retrace_app.actions import metrics, replays
from retrace_app.actions.listing import DEFAULT_LIMIT, MOST_LISTED, PageRequest, Tenant, one_commit
from retrace_app.http.read.access import TENANT_REFUSALS, TOKEN_REFUSALS, require_environment, tenant_of, token_with
from retrace_app.http.read.cursors import MAX_CURSOR_CHARS, read_cursor, write_cursor
from retrace_app.http.read.house import house_of
from retrace_app.http.read.models import ReplayBatch, ReplaySession, ReplayWindow, Signal
from retrace_app.http.read.queries import Cursor, Limit, Since, Until, text
from retrace_app.http.read.refusals import documented
from retrace_app.http.read.signals import signal_of
from retrace_core.errors import ErrorCode
from retrace_core.limits import MAX_ID_CHARS
from retrace_resources.state import ServiceToken

router: Final = APIRouter(tags=["replays"])

_LIST: Final = "replays"
_EVENTS: Final = "events"
MAX_DURATION_MS: Final = 2**53
"""Beyond it, numbers in JSON are not exact everywhere."""

_may_read: Final = tenant_of(token_with("replay:read", "mcp:read", "admin"))
_may_process: Final = token_with("replay:write", "admin")


class ReplayList(BaseModel):
    """A page of sessions, those that began last first."""

    project_id: str
    environment_id: str
    sessions: list[ReplaySession]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class EventSpan(BaseModel):
    """Consecutive events of one batch."""

    window_id: str
    sequence: int
    event_index: int = Field(description="Position of the first of them in its batch.")
    count: int


class ReplayDetail(BaseModel):
    """A session with its parts, and a page of its events."""

    project_id: str
    environment_id: str
    session: ReplaySession
    windows: list[ReplayWindow] = Field(description=f"In order of time, at most {replays.MOST_BATCHES:,}.")
    batches: list[ReplayBatch] = Field(
        description=f"Without events; in order of window and sequence, at most {replays.MOST_BATCHES:,}."
    )
    signals: list[Signal] = Field(description=f"In order of time, at most {replays.MOST_SIGNALS}.")
    events: list[dict[str, Any]] = Field(
        description="rrweb events as recorded, redacted, in order of window and sequence. Node ids hold in one window."
    )
    event_spans: list[EventSpan] = Field(description="Which batches these events come from, in the same order.")
    next_events_cursor: str | None = Field(description="Where the next page of events begins; null on the last.")


class ProcessRequest(BaseModel):
    """How much to process."""

    limit: int = Field(default=25, ge=1, le=10_000, description="Stop after the run that reaches so many sessions.")


class Processed(BaseModel):
    """What was updated of the token's project."""

    project_id: str
    jobs_seen: int = Field(description="Sessions of which something was taken in, and batches that were rejected.")
    jobs_processed: int = Field(description="Sessions that were updated.")
    jobs_failed: int = Field(description="Batches and events that could not be processed; see `rejected`.")
    sessions_processed: int
    issues_created_or_updated: int
    finished: bool = Field(description="False when the work goes on: it took longer than a client should wait.")


@router.get("/api/replays", summary="List sessions, the latest first", responses=documented(*TENANT_REFUSALS))
def list_replays(
    *,
    request: Request,
    tenant: Annotated[Tenant, Depends(_may_read)],
    status: Annotated[
        Literal["active", "closed", "completed"] | None, Query(description="`completed` is another word for closed.")
    ] = None,
    distinct_id: Annotated[str | None, text("The user, as the app names them.")] = None,
    url: Annotated[str | None, text("A part of the URL of a page that was seen.")] = None,
    route: Annotated[str | None, text("A part of the route template of a page that was seen.")] = None,
    release: Annotated[str | None, text("The release of the app.")] = None,
    has_errors: Annotated[bool | None, Query(description="Whether errors or failed requests were recorded.")] = None,
    min_duration_ms: Annotated[int | None, Query(ge=0, le=MAX_DURATION_MS, description="At least so long.")] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> ReplayList:
    """List sessions; each filter narrows, times are of the session's start."""
    chosen = replays.ReplayFilter(
        status="closed" if status == "completed" else status,
        distinct_id=distinct_id,
        release=release,
        url=url,
        route=route,
        has_errors=has_errors,
        min_duration_ms=min_duration_ms,
        since=since,
        until=until,
    )
    page = PageRequest(read_cursor(_LIST, replays.NEWEST_FIRST, cursor), limit)
    found = replays.list_replays(house_of(request).lake, tenant, chosen, page)
    return ReplayList(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        sessions=[ReplaySession(**row) for row in found.rows],
        next_cursor=write_cursor(_LIST, found.end),
    )


@router.get(
    "/api/replays/{replay_id}",
    summary="Show a session with a page of its events",
    response_model=ReplayDetail,
    responses=documented(*TENANT_REFUSALS, ErrorCode.REPLAY_NOT_FOUND),
)
def show_replay(
    *,
    request: Request,
    tenant: Annotated[Tenant, Depends(_may_read)],
    replay_id: Annotated[str, Path(max_length=MAX_ID_CHARS, description="Public id of the session, `rpl_…`.")],
    window_id: Annotated[str | None, text("Only the events of this window.")] = None,
    events_cursor: Annotated[
        str | None,
        Query(max_length=MAX_CURSOR_CHARS, description="`next_events_cursor` of the page before."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED, description="Events on a page; at 4 MiB it ends early.")] = 100,
) -> Response:
    """Show one session: its windows, batches and signals, and a page of what was recorded."""
    after = read_cursor(_EVENTS, replays.EVENT_ORDER, events_cursor, "events_cursor")
    with one_commit(house_of(request).lake) as reader:
        session = replays.find_replay(reader, tenant, replay_id)
        shown = replays.show_replay(reader, tenant, session)
        page = replays.read_events(reader, tenant, session, window_id, PageRequest(after, limit))
    around = ReplayDetail(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        session=ReplaySession(**session),
        windows=[ReplayWindow(**row) for row in shown.windows],
        batches=[ReplayBatch(**row) for row in shown.batches],
        signals=[signal_of(row) for row in shown.signals],
        events=[],
        event_spans=[EventSpan(**asdict(span)) for span in page.spans],
        next_events_cursor=write_cursor(_EVENTS, page.end),
    )
    # Events are passed on as they are stored: megabytes that nobody here needs to understand.
    body = msgspec.json.encode({**around.model_dump(mode="json"), "events": page.events})
    return Response(body, media_type="application/json")


@router.post(
    "/api/replays/process",
    summary="Have landed replays processed, now",
    responses=documented(
        *TOKEN_REFUSALS,
        ErrorCode.ENVIRONMENT_NOT_FOUND,
        ErrorCode.INVALID_JSON,
        ErrorCode.INVALID_PAYLOAD,
        ErrorCode.RUN_FAILED,
    ),
)
async def process_replays(
    request: Request,
    token: Annotated[ServiceToken, Depends(_may_process)],
    environment_id: Annotated[
        str | None, Query(max_length=MAX_ID_CHARS, description="Count only this environment; all are processed.")
    ] = None,
    wanted: ProcessRequest | None = None,
) -> Processed:
    """Run the pipeline and wait for it; `retrace up` does so by itself. What is counted is the token's project's."""
    house = house_of(request)
    if environment_id is not None:
        require_environment(house, token, environment_id)
    before = await run_in_threadpool(metrics.snapshot_of, house.lake)
    finished = await house.processing.run((wanted or ProcessRequest()).limit)
    done = await run_in_threadpool(metrics.count_progress, house.lake, before, token.project_id, environment_id)
    return Processed(
        project_id=token.project_id,
        jobs_seen=done.sessions + done.rejected,
        jobs_processed=done.sessions,
        jobs_failed=done.rejected,
        sessions_processed=done.sessions,
        issues_created_or_updated=done.issues,
        finished=finished,
    )
