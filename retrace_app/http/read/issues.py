"""`/api/issues`: the bugs that were found, and deciding about one.

Belongs here: parameters and envelopes. Does not: what is read (actions/issues) and decided (http/read/lifecycle).
"""

import json
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from retrace_app.actions import issues
from retrace_app.actions.listing import DEFAULT_LIMIT, PageRequest, Tenant
from retrace_app.http.read.access import TENANT_REFUSALS, tenant_of, token_with
from retrace_app.http.read.cursors import read_cursor, write_cursor
from retrace_app.http.read.house import house_of
from retrace_app.http.read.models import Issue, IssueRow
from retrace_app.http.read.queries import Cursor, Limit, Since, Until, text
from retrace_app.http.read.refusals import documented
from retrace_core.errors import ErrorCode
from retrace_core.limits import MAX_ID_CHARS

router: Final = APIRouter(tags=["issues"])

_LIST: Final = "issues"
may_read_issues: Final = tenant_of(token_with("issues:read", "mcp:read", "admin"))

StatusName = Literal["open", "new", "ongoing", "regressed", "resolved", "verified", "ignored", "withdrawn"]
SeverityName = Literal["critical", "high", "medium", "low"]

Statuses = Annotated[
    list[StatusName] | None, Query(description="Only these; open is new, ongoing and regressed. Repeatable.")
]
Severities = Annotated[list[SeverityName] | None, Query(description="Only these. Repeatable.")]


class IssueList(BaseModel):
    """A page of issues, the latest seen first."""

    project_id: str
    environment_id: str
    issues: list[IssueRow]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class IssueDetail(BaseModel):
    """One issue."""

    project_id: str
    environment_id: str
    issue: Issue


@router.get("/api/issues", summary="List issues, the latest seen first", responses=documented(*TENANT_REFUSALS))
def list_issues(
    *,
    request: Request,
    tenant: Annotated[Tenant, Depends(may_read_issues)],
    status: Statuses = None,
    severity: Severities = None,
    detector: Annotated[str | None, text("A detector that saw it.")] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> IssueList:
    """List issues; each filter narrows, times are of the latest signal."""
    chosen = issues.IssueFilter(
        statuses=status or (), severities=severity or (), detector=detector, since=since, until=until
    )
    page = PageRequest(read_cursor(_LIST, issues.LATEST_FIRST, cursor), limit)
    found = issues.list_issues(house_of(request).lake, tenant, chosen, page)
    return IssueList(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        issues=[IssueRow(**row) for row in found.rows],
        next_cursor=write_cursor(_LIST, found.end),
    )


@router.get(
    "/api/issues/{issue_id}",
    summary="Show an issue",
    responses=documented(*TENANT_REFUSALS, ErrorCode.ISSUE_NOT_FOUND),
)
def show_issue(
    request: Request,
    tenant: Annotated[Tenant, Depends(may_read_issues)],
    issue_id: Annotated[str, Path(max_length=MAX_ID_CHARS, description="Public id of the issue, `bug_…`.")],
) -> IssueDetail:
    """Show one issue with its evidence and the steps to it."""
    row = issues.show_issue(house_of(request).lake, tenant, issue_id)
    nested = {name: json.loads(row[name] or "null") for name in ("evidence", "steps")}
    return IssueDetail(
        project_id=tenant.project_id, environment_id=tenant.environment_id, issue=Issue(**{**row, **nested})
    )
