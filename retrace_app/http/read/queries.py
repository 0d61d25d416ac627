"""Query parameters that several lists share, and what they turn into.

Belongs here: a parameter's name, bounds and description, once. Does not: parameters of one list.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BeforeValidator

from retrace_app.actions.listing import MOST_LISTED
from retrace_app.http.read.cursors import MAX_CURSOR_CHARS

MAX_FILTER_CHARS: Final = 500
"""No id, URL part or release that is looked for is longer."""

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?|\d{4}-\d{2}-\d{2}", re.ASCII
)


def _naive_utc(value: object) -> datetime:
    """A time as the lake has it; raises ValueError for what is not RFC 3339 or is no time the calendar has."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("a time such as 2026-11-23T18:00:00Z")
    try:
        time = datetime.fromisoformat(value.upper())
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        raise ValueError("a time between the years 1 and 9999") from None


_Time = Annotated[datetime, BeforeValidator(_naive_utc)]

Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="Rows on a page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=MAX_CURSOR_CHARS, description="`next_cursor` of the page before; absent for the first."),
]
Since = Annotated[_Time | None, Query(alias="from", description="From this time on; UTC unless it says otherwise.")]
Until = Annotated[_Time | None, Query(alias="to", description="Before this time.")]


def text(description: str) -> Any:
    """A filter by a text."""
    return Query(min_length=1, max_length=MAX_FILTER_CHARS, description=description)
