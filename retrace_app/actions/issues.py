"""Issues: the bugs that were found, one row each.

Belongs here: what can be asked of issues. Does not: deciding about them (an issue's decisions are its incident's), or
how they are asked for and shown (the faces).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retrace_app.actions.listing import (
    FIRST_PAGE,
    Condition,
    Order,
    Page,
    PageRequest,
    Row,
    Tenant,
    between,
    equal,
    read_page,
    read_rows,
)
from retrace_assets.issues.lifecycle import OPEN
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import ISSUES
from retrace_resources.lake import Lake

LATEST_FIRST: Final = Order(
    (("coalesce(last_at, TIMESTAMP '1970-01-01')", datetime), ("issue_id", str)), descending=True
)
"""By the latest signal; issues that have none left come last."""

_ONLY_WHEN_SHOWN: Final = ("evidence", "steps")
_LISTED: Final = [name for name in ISSUES.column_names if name not in _ONLY_WHEN_SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFilter:
    """Which issues; what is empty or None does not narrow. Times are naive UTC, of the latest signal."""

    statuses: Sequence[str] = ()
    severities: Sequence[str] = ()
    detector: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_issues(lake: Lake, tenant: Tenant, chosen: IssueFilter, page: PageRequest = FIRST_PAGE) -> Page:
    """List issues, the latest seen first, without their evidence and steps."""
    conditions = [
        tenant.condition,
        *among("status", with_open(chosen.statuses)),
        *among("severity", chosen.severities),
        *between("last_at", chosen.since, chosen.until),
    ]
    if chosen.detector is not None:
        conditions.append(("list_contains(detectors, $detector)", {"detector": chosen.detector}))
    return read_page(lake, table=ISSUES, columns=_LISTED, order=LATEST_FIRST, conditions=conditions, page=page)


def show_issue(lake: Lake, tenant: Tenant, issue_id: str) -> Row:
    """Find an issue by its id; raises `issue_not_found`."""
    rows = read_rows(lake, "*", ISSUES.name, [tenant.condition, *equal(issue_id=issue_id)], "LIMIT 1")
    if not rows:
        raise RetraceError(ErrorCode.ISSUE_NOT_FOUND, f"nothing is known as {issue_id!r}")
    return rows[0]


def with_open(statuses: Sequence[str]) -> list[str]:
    """Statuses with `open` written out: new, ongoing and regressed."""
    return [status for name in statuses for status in (OPEN if name == "open" else (name,))]


def among(column: str, values: Sequence[str]) -> list[Condition]:
    """Rows whose column has one of some values; none does not narrow."""
    return [(f"list_contains(${column}, {column})", {column: list(values)})] if values else []
