"""`/api/signals`: what detectors found.

Belongs here: parameters and envelope. Does not: what is read (actions/signals).
"""

import json
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from retrace_app.actions import signals
from retrace_app.actions.listing import DEFAULT_LIMIT, PageRequest, Row, Tenant
from retrace_app.http.read.access import TENANT_REFUSALS, tenant_of, token_with
from retrace_app.http.read.cursors import read_cursor, write_cursor
from retrace_app.http.read.house import house_of
from retrace_app.http.read.models import Signal
from retrace_app.http.read.queries import Cursor, Limit, Since, Until, text
from retrace_app.http.read.refusals import documented

router: Final = APIRouter(tags=["signals"])

_LIST: Final = "signals"
_may_read: Final = tenant_of(token_with("issues:read", "mcp:read", "admin"))


class SignalList(BaseModel):
    """A page of signals, the latest first."""

    project_id: str
    environment_id: str
    signals: list[Signal]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


@router.get("/api/signals", summary="List signals, the latest first", responses=documented(*TENANT_REFUSALS))
def list_signals(
    *,
    request: Request,
    tenant: Annotated[Tenant, Depends(_may_read)],
    detector: Annotated[str | None, text("The detector that found it.")] = None,
    session: Annotated[str | None, text("A session, as the SDK named it, or a replay's id, `rpl_…`.")] = None,
    incident: Annotated[str | None, text("An incident, by any of its ids: `INC-…`, an alias, `bug_…`.")] = None,
    fingerprint: Annotated[str | None, text("The fingerprint of the bug.")] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> SignalList:
    """List signals; each filter narrows."""
    chosen = signals.SignalFilter(
        detector=detector, session=session, incident=incident, fingerprint=fingerprint, since=since, until=until
    )
    page = PageRequest(read_cursor(_LIST, signals.NEWEST_FIRST, cursor), limit)
    found = signals.list_signals(house_of(request).lake, tenant, chosen, page)
    return SignalList(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        signals=[signal_of(row) for row in found.rows],
        next_cursor=write_cursor(_LIST, found.end),
    )


def signal_of(row: Row) -> Signal:
    """A row of `signals` as answers have it."""
    return Signal(**{**row, "evidence": json.loads(row["evidence"] or "null")})
