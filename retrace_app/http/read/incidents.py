"""`/api/incidents`: the queue, and one incident with what was decided about it.

Belongs here: parameters and envelopes. Does not: what is read (actions/incidents) and decided (http/read/lifecycle).
"""

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from retrace_app.actions import incidents
from retrace_app.actions.listing import DEFAULT_LIMIT, PageRequest, Tenant
from retrace_app.http.read.access import TENANT_REFUSALS
from retrace_app.http.read.cursors import read_cursor, write_cursor
from retrace_app.http.read.house import house_of
from retrace_app.http.read.issues import Severities, Statuses, may_read_issues
from retrace_app.http.read.models import Decision, Incident, IncidentRow
from retrace_app.http.read.queries import Cursor, Limit
from retrace_app.http.read.refusals import documented
from retrace_core.errors import ErrorCode
from retrace_core.limits import MAX_ID_CHARS

router: Final = APIRouter(tags=["incidents"])

_LIST: Final = "incidents"


class IncidentList(BaseModel):
    """A page of the queue, the most urgent first."""

    project_id: str
    environment_id: str
    incidents: list[IncidentRow]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class IncidentDetail(BaseModel):
    """One incident, and what was decided about it, oldest first."""

    project_id: str
    environment_id: str
    incident: Incident
    decisions: list[Decision]


@router.get("/api/incidents", summary="List the queue", responses=documented(*TENANT_REFUSALS))
def list_incidents(
    *,
    request: Request,
    tenant: Annotated[Tenant, Depends(may_read_issues)],
    status: Statuses = None,
    severity: Severities = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> IncidentList:
    """List incidents: open before closed, then by severity, users, and the latest signal."""
    chosen = incidents.IncidentFilter(statuses=status or (), severities=severity or ())
    page = PageRequest(read_cursor(_LIST, incidents.MOST_URGENT_FIRST, cursor), limit)
    found = incidents.page_incidents(house_of(request).lake, tenant, chosen, page)
    return IncidentList(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        incidents=[IncidentRow(**row, public_id=row["incident_id"]) for row in found.rows],
        next_cursor=write_cursor(_LIST, found.end),
    )


@router.get(
    "/api/incidents/{incident_id}",
    summary="Show an incident",
    responses=documented(*TENANT_REFUSALS, ErrorCode.INCIDENT_NOT_FOUND, ErrorCode.ISSUE_NOT_FOUND),
)
def show_incident(
    request: Request,
    tenant: Annotated[Tenant, Depends(may_read_issues)],
    incident_id: Annotated[
        str, Path(max_length=MAX_ID_CHARS, description="`INC-…`, an id merged into it, or `bug_…`.")
    ],
) -> IncidentDetail:
    """Show one incident with its evidence and history."""
    house = house_of(request)
    found = incidents.show_incident(house.lake, incident_id, tenant)
    decisions = incidents.list_decisions(house.lake, house.state, found)
    return IncidentDetail(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        incident=incident_of(found),
        decisions=[Decision(**asdict(decision)) for decision in decisions],
    )


def incident_of(found: incidents.Incident) -> Incident:
    """An incident as answers have it."""
    return Incident(**asdict(found))
