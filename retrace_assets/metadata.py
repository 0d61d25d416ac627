"""What a materialisation shows: figures, the days touched, a look at the rows, links.

Dagster's UI has no login and its storage no redaction, so nothing of a page and no user goes here: counts, ids, names
of detectors. Belongs here: turning a report into metadata. Does not: the figures themselves (the stages).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import dagster as dg
import polars as pl

from retrace_assets.report import StageReport

UI: Final = "http://127.0.0.1:8787"
"""Where the local UI listens."""

PREVIEW_ROWS: Final = 5
_DAYS_NAMED: Final = 10


def report_metadata(report: StageReport, *, snapshot: int, rows_out: int | None = None) -> dict[str, Any]:
    """Metadata of a stage that ran, whether or not there was anything to do; `rows_out` where a table has its own."""
    written = report.rows_out if rows_out is None else rows_out
    return {
        "status": "updated" if report.rows_in or written else "nothing to do",
        "rows in": report.rows_in,
        "rows out": written,
        "seconds": round(report.seconds, 3),
        **({"days": named_days(report.days)} if report.days else {}),
        "snapshot": snapshot,
        **{_words(name): value for name, value in report.notes.items()},
    }


def preview(rows: pl.DataFrame, links: Mapping[str, str] | None = None) -> dg.MarkdownMetadataValue:
    """A Markdown table of a few rows; `links` gives a column the path of the UI its values are the last part of."""
    paths = links or {}
    header = f"| {' | '.join(rows.columns)} |\n|{'---|' * rows.width}"
    lines = (
        "| " + " | ".join(_cell(value, paths.get(name)) for name, value in zip(rows.columns, row, strict=True)) + " |"
        for row in rows.head(PREVIEW_ROWS).rows()
    )
    return dg.MetadataValue.md("\n".join((header, *lines)))


def named_days(days: frozenset[date]) -> str:
    """Days as a person reads them; of many, the first and the last."""
    ordered = sorted(days)
    if not ordered:
        return "none"
    if len(ordered) <= _DAYS_NAMED:
        return ", ".join(day.isoformat() for day in ordered)
    return f"{len(ordered)} days from {ordered[0]} to {ordered[-1]}"


def _cell(value: object, path: str | None) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"[{text}]({UI}/{path}/{text})" if path else text


def _words(name: str) -> str:
    return name.replace("_", " ")
