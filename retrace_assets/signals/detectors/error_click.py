"""A click that makes the page's code fail.

What it finds
    Clicks on a control that an uncaught exception answers: one finding for each control of a session, with the clicks
    that failed.

Why it matters
    It tells which control is broken, where the exception alone tells which line is.

Fires when
    - an exception reaches the window within `error_ms` (1,000 ms) of the latest click before it in its window. Datadog
      calls a click with an error in its action an error click; an action ends there with the activity it set off, and a
      second leaves room for slow devices.

Stays quiet when
    - a request was answered between the click and the exception: what failed then is the handling of an answer;
    - the exception is noise to console_error: notices of browsers, extensions, advertising;
    - an error is only printed: it was handled.

Future it needs
    1,000 ms in an open window: the exception may come after the click.

Example
    A click on the button `Add to wishlist` throws `TypeError: Cannot read properties of undefined` after 4 ms.

Options
    error_ms: within how many milliseconds of the click the exception comes.

Known problems
    - A timer's exception that happens to come after a click is laid to the click's account.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.errors import errors_of
from retrace_assets.signals.findings import (
    EVENT_ORDER,
    SESSION,
    STACK_SHOWN,
    WINDOW,
    event_id,
    in_windows_of,
    join_nearest,
    milliseconds,
    occurrences,
    settled,
    shown,
)
from retrace_assets.signals.targets import with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

_TITLE_CHARACTERS = 120


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds."""

    error_ms: int = 1_000

    @property
    def future_ms(self) -> int:
        """The exception comes after the click."""
        return self.error_ms


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find clicks that throw; see the module's text for the rule."""
    events = recordings.events
    errors = events.filter(pl.col("kind").is_in(["exception", "console"]))
    clicks = with_target(in_windows_of(events.filter(pl.col("kind") == "click"), errors)).with_columns(
        event_id=event_id(), clicked="control", clicked_at="occurred_at", started_at="occurred_at"
    )
    clicks = settled(clicks.filter(pl.col("control").is_not_null()), recordings.windows, options.future_ms)
    return _findings(_failed(clicks, events, options), options)


def _failed(clicks: pl.DataFrame, events: pl.DataFrame, options: Options) -> pl.DataFrame:
    """The clicks that an exception answers, with the first such exception."""
    thrown = errors_of(events.filter(pl.col("kind").is_in(["exception", "console"]))).filter("escaped")
    answers = events.filter(pl.col("kind") == "network").select(*WINDOW, answered_at="occurred_at")
    latest = clicks.select(*WINDOW, *EVENT_ORDER[1:], clicked_at="occurred_at")
    linked = (
        thrown.select(*WINDOW, "text", "level", thrown_at="occurred_at", thrown_stack=pl.coalesce("own_stack", "stack"))
        .pipe(join_nearest, latest, left_on="thrown_at", right_on="clicked_at", within_ms=options.error_ms)
        .filter(pl.col("clicked_at").is_not_null())
        .pipe(join_nearest, answers, left_on="thrown_at", right_on="answered_at")
        .filter((pl.col("answered_at") < pl.col("clicked_at")).fill_null(value=True))
        .unique([*WINDOW, *EVENT_ORDER[1:]], keep="first", maintain_order=True)
    )
    return clicks.join(
        linked.drop("clicked_at", "answered_at"), on=[*WINDOW, *EVENT_ORDER[1:]], how="inner", maintain_order="left"
    )


def _findings(clicks: pl.DataFrame, options: Options) -> pl.DataFrame:
    named = clicks.with_columns(
        map_distinct(clicks["url"], route_template).alias("route"),
        after_ms=(pl.col("thrown_at") - pl.col("occurred_at")).dt.total_milliseconds(),
        title=pl.col("text").str.split("\n").list.first().str.slice(0, _TITLE_CHARACTERS),
    )
    first = (
        *("window_id", "event_id", "occurred_at", "url", "target", "label", "element", "target_tag"),
        *("text", "title", "level", "thrown_stack", "after_ms"),
    )
    grouped = named.group_by(*SESSION, "route", "control", maintain_order=True).agg(
        *(pl.col(name).first() for name in first), *occurrences()
    )
    return grouped.with_columns(
        confidence=pl.lit("medium"),
        severity=pl.lit("medium"),
        reason_codes=pl.lit(["error_click.exception_after_click"]),
        message=pl.format(
            "A click on {} throws “{}” on {}", "label", "title", pl.col("route").fill_null("an unknown page")
        ),
        counterfactual=pl.format(
            "would not have fired had no exception escaped within {} of the click; “{}” did after {}",
            pl.lit(f"{options.error_ms:,} ms"),
            "title",
            milliseconds(pl.col("after_ms")),
        ),
        expected=pl.format("A click on {} does what it is for", "label"),
        suspect=pl.format("the handler of {}, which throws “{}”", "label", "title"),
        identity=pl.concat_list(
            pl.col("route").fill_null(""), pl.coalesce("target", "target_tag", pl.lit("")).alias("control")
        ),
        error=pl.struct("level", message=shown("text"), stack=pl.col("thrown_stack").str.slice(0, STACK_SHOWN)),
    )


DETECTOR = Detector(
    name="error_click",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"click", "network", "console", "exception"}),
    options=Options(),
    rule=detect,
    on_by_default=False,
)
