"""A page that shows nothing.

What it finds
    Times during which a page, or its main landmark, has neither text nor pictures nor controls in sight: one finding
    for each page of a session, with each such time.

Why it matters
    The application has crashed while it drew itself, or what it is made of did not load. The user can only leave.

Fires when
    - nothing is in sight for `blank_ms` (2,000 ms: the time after which the first Retrace called a page blank; working
      pages of our recordings are there sooner);
    - or only signs of loading are, for `loading_ms` (8,000 ms): a skeleton that stays is a page that failed. Both from
      the moment it became so, whether by loading or because its content went.
    - For the main landmark the same, if the page has one.

Stays quiet when
    - the page is left, or the recording ends, before that time has passed;
    - something comes into sight after all, within `loading_ms`: the page was slow, not blank;
    - anything is drawn in a canvas, frame, picture or background picture: there may be something to see.

Future it needs
    8,000 ms (`loading_ms`) in an open window.

Example
    The main bundle is answered with 503: `#app` stays empty for 5,400 ms, until the user leaves.

Options
    blank_ms: for how many milliseconds nothing must be in sight.
    loading_ms: for how many milliseconds only signs of loading.
    loading_chars: how many characters a page that is only loading may show (`Loading, please wait`).

Known problems
    - Text that style sheets hide or move out of sight counts as seen.
    - A page whose header stays is blank only if its content is in a `<main>`.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.findings import (
    EVENT_ORDER,
    SESSION,
    WINDOW,
    event_id,
    join_nearest,
    milliseconds,
    occurrences,
)
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds and characters."""

    blank_ms: int = 2_000
    loading_ms: int = 8_000
    loading_chars: int = 60

    @property
    def future_ms(self) -> int:
        """A loading page may still come."""
        return max(self.blank_ms, self.loading_ms)


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find blank pages; see the module's text for the rule."""
    states = _states(recordings, options)
    blank = pl.concat([_spells(states, "page", options), _spells(states, "main", options)])
    # What makes the page blank makes its main part blank too.
    return _findings(blank.unique([*WINDOW, "event_id"], keep="first", maintain_order=True))


def _states(recordings: Recordings, options: Options) -> pl.DataFrame:
    """The page after each change, `page` and `main` as shown, loading or blank, and how long the window went on."""
    loading = pl.col("loading") > 0
    chars, media = pl.col("chars"), pl.col("media")
    only_loading = loading & (chars <= options.loading_chars) & (media <= pl.col("loading"))
    main_only_loading = loading & (pl.col("main_content") <= options.loading_chars)
    left = _page_ends(recordings)
    return (
        recordings.page.filter(pl.col("kind").is_in(["snapshot", "change"]))
        .with_columns(
            event_id=event_id(),
            page=_state(chars + media == 0, only_loading),
            main=_state(pl.col("main_content") == 0, main_only_loading),
        )
        .pipe(
            join_nearest, left, left_on="occurred_at", right_on="left_at", strategy="forward", allow_exact_matches=False
        )
        .join(recordings.windows.select(*WINDOW, "last_at", "closed"), on=list(WINDOW), how="inner")
        .sort(*WINDOW, *EVENT_ORDER)
    )


def _state(blank: pl.Expr, loading: pl.Expr) -> pl.Expr:
    return pl.when(loading).then(pl.lit("loading")).when(blank).then(pl.lit("blank")).otherwise(pl.lit("shown"))


def _page_ends(recordings: Recordings) -> pl.DataFrame:
    """When the user went to another page within a window."""
    turned = (pl.col("kind") == "meta") | (pl.col("url").ne(pl.col("url").shift(1)).over(WINDOW))
    return recordings.events.filter(turned.fill_null(value=False)).select(*WINDOW, left_at="occurred_at")


def _spells(states: pl.DataFrame, part: str, options: Options) -> pl.DataFrame:
    """Spells of one state, with how long each lasted; those that were long enough."""
    new = (pl.col(part).ne_missing(pl.col(part).shift(1)) | (pl.col("kind") == "snapshot")).over(WINDOW)
    spells = (
        states.filter(pl.col(part).is_not_null())
        .with_columns(spell=new.cast(pl.Int64).cum_sum().over(WINDOW))
        .group_by(*WINDOW, "spell", maintain_order=True)
        .agg(
            pl.col("event_id", "occurred_at", "url", "left_at", "last_at", "closed", part).first(),
        )
    )
    next_at = pl.col("occurred_at").shift(-1).over(WINDOW)
    ended = pl.min_horizontal(next_at, "left_at", "last_at")
    lasted = (ended - pl.col("occurred_at")).dt.total_milliseconds()
    # What comes after all was slow.
    came = (next_at == ended).fill_null(value=False)
    limit = pl.when((pl.col(part) == "loading") | came).then(options.loading_ms).otherwise(options.blank_ms)
    return (
        spells.with_columns(lasted_ms=lasted, limit_ms=limit)
        .filter(pl.col(part) != "shown", pl.col("lasted_ms") >= pl.col("limit_ms"))
        .select(
            *WINDOW, "event_id", "occurred_at", "url", "lasted_ms", "limit_ms", state=pl.col(part), part=pl.lit(part)
        )
    )


def _findings(blank: pl.DataFrame) -> pl.DataFrame:
    named = blank.with_columns(
        map_distinct(blank["url"], route_template).alias("route"),
        started_at="occurred_at",
        clicked=pl.lit(None, pl.String),
        clicked_at=pl.lit(None, pl.Datetime("us")),
    )
    first = ("window_id", "event_id", "occurred_at", "url", "lasted_ms", "limit_ms", "part")
    grouped = (
        named.sort("occurred_at")
        .group_by(*SESSION, "route", "state", maintain_order=True)
        .agg(*(pl.col(name).first() for name in first), *occurrences())
    )
    where = pl.col("route").fill_null("an unknown page")
    what = pl.when(pl.col("part") == "main").then(pl.lit("The main part of")).otherwise(pl.lit("The page"))
    is_loading = pl.col("state") == "loading"
    return grouped.with_columns(
        confidence=pl.when(is_loading | (pl.col("part") == "main")).then(pl.lit("medium")).otherwise(pl.lit("high")),
        severity=pl.when(is_loading).then(pl.lit("medium")).otherwise(pl.lit("high")),
        reason_codes=pl.when(is_loading)
        .then(pl.lit(["blank_render.loading_state_exceeded_threshold"]))
        .otherwise(pl.lit(["blank_render.low_node_count_after_dwell"])),
        message=pl.when(is_loading)
        .then(pl.format("{} {} keeps loading", what, where))
        .otherwise(pl.format("{} {} stays blank", what, where)),
        counterfactual=pl.format(
            "would not have fired had anything come into sight within {}; nothing did in {}",
            milliseconds(pl.col("limit_ms")),
            milliseconds(pl.col("lasted_ms")),
        ),
        expected=pl.format("{} shows its content", where),
        suspect=pl.format("what draws {}: it crashed, or a script it needs did not load", where),
        identity=pl.concat_list(pl.col("route").fill_null(""), "state"),
    )


DETECTOR = Detector(
    name="blank_render",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"meta", "click"}),
    options=Options(),
    rule=detect,
)
