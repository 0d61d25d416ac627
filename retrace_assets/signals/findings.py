"""The shape of what detectors read and find.

Belongs here: the columns of a finding, names of events, and the joins every detector needs. Does not: any rule
(detectors), what a finding follows from (causes), or the rows of `signals` (rows).
"""

from collections.abc import Sequence
from typing import Final, Literal

import polars as pl

SESSION: Final = ("project_id", "environment_id", "session_id")
WINDOW: Final = (*SESSION, "window_id")
# Events of one window in the order they happened; the clock alone does not tell events of one millisecond apart.
EVENT_ORDER: Final = ("occurred_at", "sequence", "event_index", "part")

TEXT_SHOWN = 500
STACK_SHOWN = 2_000
# What a finding keeps of its occurrences: enough to see a pattern, bounded whatever a page does.
OCCURRENCES_KEPT = 100
# A click is named as what set something off for this long at most.
CLICK_MEMORY_MS = 10_000

ELEMENT: Final = pl.Struct(dict.fromkeys(("tag", "role", "name", "test_id", "css"), pl.String()))
REQUEST: Final = pl.Struct(
    {
        "method": pl.String(),
        "url": pl.String(),
        "status": pl.Int32(),
        "duration_ms": pl.Float64(),
        "trace_id": pl.String(),
    }
)
ERROR: Final = pl.Struct(dict.fromkeys(("level", "message", "stack"), pl.String()))
OCCURRENCE: Final = pl.Struct(
    {
        "event_id": pl.String(),
        "window_id": pl.String(),
        # When the failure began (a request's start) and when it was there.
        "started_at": pl.Datetime("us"),
        "occurred_at": pl.Datetime("us"),
        # The latest click before it began, if that was no longer than CLICK_MEMORY_MS ago.
        "clicked": pl.String(),
        "clicked_at": pl.Datetime("us"),
    }
)

FINDING_SCHEMA: Final[dict[str, pl.DataType]] = {
    "project_id": pl.String(),
    "environment_id": pl.String(),
    "session_id": pl.String(),
    "window_id": pl.String(),
    "event_id": pl.String(),
    "occurred_at": pl.Datetime("us"),
    "url": pl.String(),
    "route": pl.String(),
    "confidence": pl.String(),
    "severity": pl.String(),
    "reason_codes": pl.List(pl.String()),
    "message": pl.String(),
    "counterfactual": pl.String(),
    # What should have happened instead, and what the finding points at.
    "expected": pl.String(),
    "suspect": pl.String(),
    # What makes two findings of this detector the same bug.
    "identity": pl.List(pl.String()),
    "target": pl.String(),
    "method": pl.String(),
    "request": pl.String(),
    "status": pl.Int32(),
    "template": pl.String(),
    "frame": pl.String(),
    "trace_id": pl.String(),
    "count": pl.UInt32(),
    "occurrences": pl.List(OCCURRENCE),
    "element": ELEMENT,
    "request_detail": REQUEST,
    "error": ERROR,
}

WINDOWS_SCHEMA: Final[dict[str, pl.DataType]] = {
    **dict.fromkeys(WINDOW, pl.String()),
    "last_at": pl.Datetime("us"),
    "closed": pl.Boolean(),
}


def conform(findings: pl.DataFrame) -> pl.DataFrame:
    """Bring a detector's frame to FINDING_SCHEMA: what it does not know of is null."""
    return findings.select(
        (pl.col(name) if name in findings.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in FINDING_SCHEMA.items()
    )


def in_order(events: pl.DataFrame) -> pl.DataFrame:
    """Sort events by window and by what happened first in it: what every detector takes for granted."""
    return events.sort(*WINDOW, *EVENT_ORDER)


def event_id() -> pl.Expr:
    """Name of an event as `ids.event_id` gives it; the later parts of one event add their number."""
    part = pl.when(pl.col("part") > 0).then(pl.format(".{}", "part")).otherwise(pl.lit(""))
    return pl.format("{}:{}:{}{}", "window_id", "sequence", "event_index", part)


def settled(rows: pl.DataFrame, windows: pl.DataFrame, future_ms: int, at: str = "occurred_at") -> pl.DataFrame:
    """Keep the rows whose future is known: their window is closed, or was recorded for `future_ms` after `at`."""
    known = pl.col("closed") | (pl.col(at) + pl.duration(milliseconds=future_ms) <= pl.col("last_at"))
    ends = windows.select(*WINDOW, "last_at", "closed")
    return rows.join(ends, on=WINDOW, how="inner", maintain_order="left").filter(known).drop("last_at", "closed")


def join_nearest(
    rows: pl.DataFrame,
    others: pl.DataFrame,
    *,
    left_on: str,
    right_on: str,
    by: Sequence[str] = WINDOW,
    strategy: Literal["backward", "forward", "nearest"] = "backward",
    within_ms: int | None = None,
    allow_exact_matches: bool = True,
) -> pl.DataFrame:
    """Join to each row the one of `others` that is next to it in time; nulls where there is none within `within_ms`.

    Rows come back in the order of `left_on`.
    """
    return rows.sort(left_on).join_asof(
        others.sort(right_on),
        left_on=left_on,
        right_on=right_on,
        by=list(by),
        strategy=strategy,
        tolerance=None if within_ms is None else f"{within_ms}ms",
        allow_exact_matches=allow_exact_matches,
        coalesce=False,
        check_sortedness=False,
    )


def in_windows_of(events: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the events of windows that have one of `rows`: most windows have none, and need no further look."""
    return events.join(rows.select(WINDOW).unique(), on=list(WINDOW), how="semi", maintain_order="left")


def with_last_click(failures: pl.DataFrame, clicks: pl.DataFrame) -> pl.DataFrame:
    """Add `clicked` and `clicked_at`: the control of the latest click before `started_at` in the same window.

    `clicks` has `control` and `occurred_at`. Rows come back in the order of `started_at`.
    """
    latest = clicks.select(*WINDOW, clicked="control", clicked_at="occurred_at")
    return join_nearest(failures, latest, left_on="started_at", right_on="clicked_at", within_ms=CLICK_MEMORY_MS)


def occurrences() -> list[pl.Expr]:
    """Aggregate the rows of one finding, first event first, into `count` and `occurrences`."""
    first = pl.struct(name for name in ("event_id", "window_id", "started_at", "occurred_at", "clicked", "clicked_at"))
    return [pl.len().alias("count"), first.head(OCCURRENCES_KEPT).alias("occurrences")]


def occurrences_of(findings: pl.DataFrame, detectors: Sequence[str], *columns: str) -> pl.DataFrame:
    """One row an occurrence of these detectors' findings, with `signal_id`, `detector` and `columns` of the finding."""
    return (
        findings.filter(pl.col("detector").is_in(detectors))
        .select(*SESSION, "signal_id", "detector", *columns, "occurrences")
        .explode("occurrences")
        .unnest("occurrences")
    )


def shown(text: str, limit: int = TEXT_SHOWN) -> pl.Expr:
    """Cut a column of text to what evidence shows."""
    return pl.col(text).str.slice(0, limit)


def milliseconds(number: pl.Expr) -> pl.Expr:
    """A number of milliseconds as a person reads it: `1,240 ms`; null stays null."""

    def written(values: pl.Series) -> pl.Series:
        return pl.Series([None if value is None else f"{value:,} ms" for value in values], dtype=pl.String)

    return number.cast(pl.Int64).map_batches(written, return_dtype=pl.String)
