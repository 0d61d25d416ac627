r"""An error the page's own code printed or let escape.

What it finds
    Lines printed by `console.error` and failed `console.assert`, exceptions nobody caught and rejected promises nobody
    handled: one finding for each distinct message and top frame of a session, with all its occurrences. Numbers, ids
    and quoted values in a message do not count. Without a stack of the error itself the page counts too, since lines
    of many bugs pass through one logger; for a printed object also the control whose click it answers.

Why it matters
    What follows an uncaught exception in the same handler never runs: a total that is not updated, a dialog that does
    not open. The user sees a page that does nothing.

Fires when
    - the level is `error` or `assert` (the Console Standard's levels for failures), or
    - an exception or rejection reached the window, recorded as such or as a line that begins with `Uncaught` (rrweb's
      console plugin).

Stays quiet when
    - the message is the browser's "ResizeObserver loop" notice, which reports a frame that was put off, not a failure;
    - the top frame is a browser extension's, or a script's of a known analytics, advertising or monitoring host: not
      this page's code;
    - it says that a request was aborted or a film not allowed to play by itself: pages do both on purpose;
    - it is a development build's advice (`Warning: …`) or word of its dev server;
    - the message is "Script error." without a stack: the browser hides everything about other origins' scripts;
    - a line says "Failed to load resource" about a favicon, or within `resource_ms` (1,000 ms) of a request that was
      recorded as failed: the request is judged by its own detector. Browsers print the line 0 to 9 ms after the answer
      (101 lines of our recordings); a second leaves room for recorders that report requests late;
    - `console.error` prints an exception that was recorded as such within `duplicate_ms` (100 ms): handlers that do
      both do it in one task, and 100 ms is what RAIL gives a page to answer a click in.

Future it needs
    1,000 ms in an open window: the request or the exception that explains the line may come after it.

Example
    `TypeError: Cannot read properties of undefined (reading 'total')` escapes when the cart is opened.

Options
    duplicate_ms: how far apart, in milliseconds, an exception and its own printed copy may be.
    resource_ms: how far apart, in milliseconds, a failed request and the line about it may be.

Known problems
    - Applications that print expected conditions with `console.error` get findings for them, at low severity.
    - `console.error(response)` leaves `{}` as its text: such lines differ by page, printing frame and the control whose
      click they answer only.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.errors import ESCAPED, errors_of
from retrace_assets.signals.findings import (
    EVENT_ORDER,
    SESSION,
    STACK_SHOWN,
    WINDOW,
    in_windows_of,
    join_nearest,
    occurrences,
    settled,
    shown,
    with_last_click,
)
from retrace_assets.signals.targets import with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import parametrise_message, route_template, top_in_app_frame

_TITLE_CHARACTERS = 120
# `console.error(response)`, as recorders write it.
_OBJECT = r"^(?:\{|\[object )"
# An error that comes within this time of a click answers it (after_clicks.py).
_ANSWER_MS = 1_000


@dataclass(frozen=True)
class Options(DetectorOptions):
    """How far apart, in milliseconds, things may be that are one."""

    duplicate_ms: int = 100
    resource_ms: int = 1_000

    @property
    def future_ms(self) -> int:
        """Both may be found after the line."""
        return max(self.duplicate_ms, self.resource_ms)


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find errors of the page; see the module's text for the rule."""
    errors = settled(errors_of(recordings.events), recordings.windows, options.future_ms)
    errors = _without_resource_lines(errors, recordings.events, options)
    errors = _without_copies(errors, options)
    clicks = with_target(in_windows_of(recordings.events.filter(pl.col("kind") == "click"), errors))
    return _findings(with_last_click(errors, clicks).sort(*EVENT_ORDER))


def _without_resource_lines(errors: pl.DataFrame, events: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Drop "Failed to load resource" lines beside a request that was recorded as failed."""
    failed = events.filter(pl.col("kind") == "network", (pl.col("status") >= 400) | (pl.col("status") == 0))
    beside = _beside(errors, failed.select(*WINDOW, "occurred_at"), options.resource_ms)
    about_resource = pl.col("text").str.starts_with("Failed to load resource")
    found = pl.any_horizontal(pl.col("before_at", "after_at").is_not_null())
    return beside.filter(~(about_resource & found)).drop("before_at", "after_at")


def _without_copies(errors: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Drop printed lines that hold the text of an exception recorded beside them."""
    escaped = errors.filter("escaped").select(*WINDOW, "occurred_at", copied="text")
    beside = _beside(errors, escaped, options.duplicate_ms)

    def holds(copied: str) -> pl.Expr:
        whole = pl.col("text").str.contains(pl.col(copied), literal=True)
        return (whole & (pl.col(copied) != "")).fill_null(value=False)

    is_copy = ~pl.col("escaped") & (holds("copied") | holds("copied_after"))
    return beside.filter(~is_copy).drop("before_at", "after_at", "copied", "copied_after")


def _beside(rows: pl.DataFrame, others: pl.DataFrame, within_ms: int) -> pl.DataFrame:
    """Add the nearest of `others` before and after each row in its window, as before_at, after_at and their columns."""
    at = "occurred_at"
    before = others.rename({at: "before_at"})
    after = others.rename(lambda name: name if name in WINDOW else "after_at" if name == at else f"{name}_after")
    rows = join_nearest(rows, before, left_on=at, right_on="before_at", within_ms=within_ms)
    return join_nearest(rows, after, left_on=at, right_on="after_at", strategy="forward", within_ms=within_ms)


def _findings(errors: pl.DataFrame) -> pl.DataFrame:
    stacks = pl.Series(errors.select(pl.coalesce("own_stack", "stack")).to_series())
    named = errors.with_columns(
        map_distinct(errors["text"], parametrise_message).alias("template"),
        map_distinct(stacks, top_in_app_frame).alias("frame"),
        map_distinct(errors["url"], route_template).alias("route"),
    ).with_columns(scope=_scope())
    first = ("window_id", "event_id", "occurred_at", "url", "route", "text", "level", "stack", "trace_id")
    grouped = named.group_by(*SESSION, "template", "frame", "scope", maintain_order=True).agg(
        *(pl.col(name).first() for name in first),
        pl.col("own_stack").drop_nulls().first(),
        pl.col("escaped").sum().alias("escapes"),
        *occurrences(),
    )
    has_stack = pl.col("own_stack").is_not_null()
    title = pl.col("text").str.split("\n").list.first().str.slice(0, _TITLE_CHARACTERS)
    escaped = pl.col("escapes") > 0
    return grouped.with_columns(
        confidence=pl.when(escaped & has_stack).then(pl.lit("high")).otherwise(pl.lit("medium")),
        severity=pl.when(escaped | has_stack).then(pl.lit("medium")).otherwise(pl.lit("low")),
        reason_codes=pl.when(escaped).then(pl.lit([ESCAPED])).otherwise(pl.lit(["console_error.error_level"])),
        message=pl.format(
            "{} on {}",
            pl.when(title == "").then(pl.lit("An error without a message")).otherwise(title),
            pl.col("route").fill_null("an unknown page"),
        ),
        counterfactual=pl.when(escaped)
        .then(
            pl.format("would not have fired had the exception been caught; it reached the window {}", _times("escapes"))
        )
        .otherwise(
            pl.format(
                "would not have fired had the line been printed at level warn; it was printed at level {} {}",
                "level",
                _times("count"),
            )
        ),
        expected=pl.format("No error “{}” in the console", title),
        suspect=pl.coalesce(
            pl.format("the code at {}", "frame"), pl.format("the code that prints “{}” on {}", title, "route"), title
        ),
        identity=pl.concat_list(pl.col("template", "frame", "scope").fill_null("")),
        error=pl.struct(
            "level", message=shown("text"), stack=pl.coalesce("own_stack", "stack").str.slice(0, STACK_SHOWN)
        ),
    )


def _scope() -> pl.Expr:
    """What stands in for a stack that is not there, or in which a minifier has named everything: the page.

    For a printed object, which says nothing of itself, also the control whose click it answers.
    """
    is_object = pl.col("own_stack").is_null() & pl.col("text").str.contains(_OBJECT)
    since_click = (pl.col("started_at") - pl.col("clicked_at")).dt.total_milliseconds()
    has_name = ~pl.col("clicked").str.starts_with("node=")
    answers = (is_object & has_name & (since_click <= _ANSWER_MS)).fill_null(value=False)
    page = pl.col("route").fill_null("")
    return pl.when(pl.col("own_stack").is_null() | ~_names_function(pl.col("frame"))).then(
        pl.when(answers).then(pl.format("{} {}", page, "clicked")).otherwise(page)
    )


def _names_function(frame: pl.Expr) -> pl.Expr:
    # `function@file`, or the file's path alone.
    return (~frame.str.starts_with("/")).fill_null(value=False)


def _times(count: str) -> pl.Expr:
    return pl.when(pl.col(count) == 1).then(pl.lit("once")).otherwise(pl.format("{} times", count))


DETECTOR = Detector(
    name="console_error",
    documentation=__doc__,
    code_version=2,
    kinds=frozenset({"console", "exception", "network", "click"}),
    options=Options(),
    rule=detect,
)
