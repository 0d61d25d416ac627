"""A pointer that is shaken to and fro.

What it finds
    Times during which the pointer turns back again and again without anything being clicked or typed: one finding for
    each page of a session, with each such time.

Why it matters
    People shake the mouse when a page is stuck and when they look for what they do not find. It is a hint, not a
    failure.

Fires when
    - within `window_ms` (2,000 ms) the pointer turns back, by more than 90° between steps of 10 px or more, at least
      `turns` (12) times. OpenReplay calls for more than 4 changes of direction in 225 ms at speed, which is up to 18 a
      second; recorders keep 20 positions a second, in which at most 9 turns of every half second can be seen, so that
      three half seconds of shaking are needed.

Stays quiet when
    - anything is clicked or typed, or the page scrolls, from twice `window_ms` before the shaking is noticed to its
      end: then the hand was busy;
    - fingers or a pressed button move: swiping and drawing go to and fro by nature;
    - a canvas is painted meanwhile: a game, a drawing or a map.

Future it needs
    2,000 ms in an open window: the shaking may go on.

Example
    On /reports the pointer turns back 17 times within 2,000 ms while a table loads.

Options
    turns: how many turns there are at least.
    window_ms: within how many milliseconds.

Known problems
    - Reading with the pointer, line by line, comes near it at high speed.
    - The path itself is not among the columns of `replay_events`, only how often it turns.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.findings import SESSION, WINDOW, event_id, join_nearest, occurrences, settled
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

_BUSY = ("click", "input", "scroll", "canvas", "interaction")


@dataclass(frozen=True)
class Options(DetectorOptions):
    """A number, and milliseconds."""

    turns: int = 12
    window_ms: int = 2_000

    @property
    def future_ms(self) -> int:
        """The shaking may go on."""
        return self.window_ms


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find pointers that are shaken; see the module's text for the rule."""
    spells = _spells(recordings.events, options)
    idle = _while_idle(spells, recordings.events, options)
    return _findings(settled(idle, recordings.windows, options.future_ms), options)


def _spells(events: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Times of shaking, with the most `turns` within the window that ends in them; those apart by more are two."""
    moves = events.filter(pl.col("kind") == "mouse_move", pl.col("pointer_turns") > 0)
    recent = (
        pl.col("pointer_turns")
        .cast(pl.Int64)
        .rolling_sum_by("occurred_at", window_size=f"{options.window_ms}ms")
        .over(WINDOW)
    )
    shaken = moves.with_columns(recent=recent, event_id=event_id()).filter(pl.col("recent") >= options.turns)
    apart = pl.col("occurred_at").diff() > pl.duration(milliseconds=options.window_ms)
    return (
        shaken.with_columns(spell=apart.fill_null(value=False).cast(pl.Int64).cum_sum().over(WINDOW))
        .group_by(*WINDOW, "spell", maintain_order=True)
        .agg(
            pl.col("event_id", "occurred_at", "url").first(),
            pl.col("occurred_at").last().alias("ended_at"),
            pl.col("recent").max(),
        )
    )


def _while_idle(spells: pl.DataFrame, events: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Drop the spells in which, or just before which, the hand had something to do."""
    busy = events.filter(pl.col("kind").is_in(_BUSY)).select(*WINDOW, busy_at="occurred_at")
    latest = join_nearest(spells, busy, left_on="ended_at", right_on="busy_at")
    begun = pl.col("occurred_at") - pl.duration(milliseconds=2 * options.window_ms)
    return latest.filter((pl.col("busy_at") < begun).fill_null(value=True)).drop("busy_at")


def _findings(spells: pl.DataFrame, options: Options) -> pl.DataFrame:
    named = spells.with_columns(
        map_distinct(spells["url"], route_template).alias("route"),
        started_at="occurred_at",
        clicked=pl.lit(None, pl.String),
        clicked_at=pl.lit(None, pl.Datetime("us")),
    )
    first = ("window_id", "event_id", "occurred_at", "url", "recent")
    grouped = (
        named.sort("occurred_at", "event_id")
        .group_by(*SESSION, "route", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in first),
            *occurrences(),
        )
    )
    where = pl.col("route").fill_null("an unknown page")
    allowed = pl.lit(f"{options.window_ms:,} ms")
    return grouped.with_columns(
        confidence=pl.lit("low"),
        severity=pl.lit("low"),
        reason_codes=pl.lit(["thrashed_cursor.turns"]),
        message=pl.format("The pointer is shaken on {}", where),
        counterfactual=pl.format(
            "would not have fired had the pointer turned back fewer than {} times within {}; it did {} times",
            pl.lit(options.turns),
            allowed,
            "recent",
        ),
        expected=pl.format("{} does not keep people waiting or looking", where),
        suspect=pl.format("what {} shows and does at that time", where),
        identity=pl.concat_list(pl.col("route").fill_null("")),
    )


DETECTOR = Detector(
    name="thrashed_cursor",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"mouse_move", *_BUSY}),
    options=Options(),
    rule=detect,
    on_by_default=False,
)
