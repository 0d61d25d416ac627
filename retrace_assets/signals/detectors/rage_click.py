"""A control that is clicked again and again because it does not do what it should.

What it finds
    Clicks on one control in quick succession, with nothing between them to show for it: one finding for each run of
    clicks. Controls are compared by test id, else role and name, else CSS path, else rrweb node: frameworks that render
    anew give the same control another node.

Why it matters
    It is the only trace of many silent failures: a handler that was never attached, a request that fails without a
    word.

Fires when
    - at least `clicks` (3) clicks on one control come within `window_ms` (1,000 ms) of the first of them. Three within
      a second is what Datadog's, PostHog's and the first Retrace's rules have in common; recorded rage in our data is
      150 to 200 ms from click to click, working toggles and pagers 370 ms and more;
    - a click belongs to the run as long as it comes within `window_ms` of the one before; a click on another control or
      a change of page ends the run;
    - another rrweb node counts as the same control only within `moved_px` (30 px, PostHog's figure) of the click
      before: a list may have ten equal buttons.

Stays quiet when
    - the control is made for repeated use: steppers, pagers and undo (by name, such as `+`, `-`, `next`, `previous`),
      checkboxes, radios, switches, sliders, selects, options, range, number and date inputs, canvas, video, frames;
    - it is a text field: double and triple clicks select text. Elsewhere on what is not interactive the same holds, so
      `text_clicks` (4) clicks are needed there, and none of them may have selected anything (Datadog's guard);
    - its answer is elsewhere: links to new tabs, downloads, mail and other applications, what is dragged or marked to
      be ignored;
    - it is disabled and says why;
    - it works: after every click but the last the page looks different before the next, without having shown a message,
      text on it or the value of a field changed, or a request other than GET succeeded; and no request or script failed
      from the first click to `window_ms` after the last;
    - the clicks are slow: the third comes more than `window_ms` after the first.

Future it needs
    `window_ms` (1,000 ms) after the last click in an open window: the run may go on.

Example
    The button `Pay now` on /checkout is clicked 5 times in 640 ms; its request has failed without a message.

Options
    clicks: how many clicks make a run.
    text_clicks: how many, on what is not interactive.
    window_ms: within how many milliseconds, and the longest pause inside a run.
    moved_px: how far, in CSS pixels (across plus down), a control rendered anew may be from where it was.

Known problems
    - A clock on the page that changes its text several times a second looks like a control that answers.
    - A control that only shows that it is at work, each time anew, looks like one that answers.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.findings import WINDOW, event_id, join_nearest, milliseconds, occurrences, settled
from retrace_assets.signals.targets import is_for_repeated_use, with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

# Traits of controls whose answer the page does not show (retrace_assets/pages).
_ELSEWHERE = ("new_tab", "download", "outside", "text_field", "picker", "choice", "media", "ignored", "draggable")
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Counts, milliseconds and CSS pixels."""

    clicks: int = 3
    text_clicks: int = 4
    window_ms: int = 1_000
    moved_px: int = 30

    @property
    def future_ms(self) -> int:
        """A run may go on for as long as its longest pause."""
        return self.window_ms


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find runs of clicks; see the module's text for the rule."""
    clicks = _in_runs(with_target(_with_page(_with_activity(recordings.events), recordings.page)), options)
    runs = _runs(_from_first_burst(clicks, options), options)
    settled_runs = settled(runs, recordings.windows, options.future_ms, at="ended_at")
    return _findings(settled_runs.filter(~pl.col("repeatable"), ~pl.col("works"), ~pl.col("selects")), options)


def _with_activity(events: pl.DataFrame) -> pl.DataFrame:
    """Clicks, with how much was answered and selected in their window before them, and when something next failed."""
    status, kind = pl.col("status"), pl.col("kind")
    succeeded = (kind == "network") & status.is_between(200, 399) & (pl.col("method").str.to_uppercase() != "GET")
    changed = ((kind == "mutation") & (pl.col("texts") > 0)) | (kind == "input")
    refused = (kind == "network") & ((status == 0) | (status >= 400))
    threw = (kind == "exception") | ((kind == "console") & pl.col("level").is_in(["error", "assert"]))
    counted = events.with_columns(
        answers=(succeeded | changed).fill_null(value=False).cast(pl.Int64).cum_sum().over(WINDOW),
        selections=(kind == "selection").cast(pl.Int64).cum_sum().over(WINDOW),
    )
    failures = events.filter(refused | threw).select(*WINDOW, failed_at="occurred_at")
    clicks = counted.filter(kind == "click").with_columns(event_id=event_id(), started_at="occurred_at")
    return join_nearest(clicks, failures, left_on="occurred_at", right_on="failed_at", strategy="forward").sort(
        *WINDOW, "occurred_at", "sequence", "event_index"
    )


def _with_page(clicks: pl.DataFrame, page: pl.DataFrame) -> pl.DataFrame:
    """Add how the page looked `before` each click, what the control is (`traits`), and when a message next came."""
    place = [*WINDOW, "sequence", "event_index"]
    seen = page.filter(pl.col("kind") == "click").select(*place, "before", "traits").unique(place, keep="first")
    messages = page.filter(pl.col("kind") == "message").select(*WINDOW, told_at="occurred_at")
    return (
        clicks.join(seen, on=place, how="left", maintain_order="left")
        .pipe(join_nearest, messages, left_on="occurred_at", right_on="told_at", strategy="forward")
        .sort(*WINDOW, "occurred_at", "sequence", "event_index")
    )


def _in_runs(clicks: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Number the runs of each window, and the clicks a run needs (`needed`)."""
    moved = (pl.col("x").diff().abs() + pl.col("y").diff().abs()).over(WINDOW)
    elsewhere = (pl.col("node_id").diff() != 0).over(WINDOW) & (moved >= options.moved_px)
    ends = [
        pl.col("control").ne_missing(pl.col("control").shift(1)).over(WINDOW),
        pl.col("url").ne_missing(pl.col("url").shift(1)).over(WINDOW),
        (pl.col("occurred_at").diff() > pl.duration(milliseconds=options.window_ms)).over(WINDOW),
        elsewhere,
    ]
    plain = pl.col("target_interactive").eq_missing(other=False)
    return clicks.filter(pl.col("control").is_not_null()).with_columns(
        run=pl.any_horizontal(end.fill_null(value=False) for end in ends).cast(pl.Int64).cum_sum().over(WINDOW),
        needed=pl.when(plain).then(options.text_clicks).otherwise(options.clicks),
        plain=plain,
    )


def _from_first_burst(clicks: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Keep, of each run, the clicks from the first one that `needed` clicks follow closely enough."""
    run = (*WINDOW, "run")

    def nth_after(count: int) -> pl.Expr:
        return pl.col("occurred_at").shift(-(count - 1)).over(run)

    nth = pl.when("plain").then(nth_after(options.text_clicks)).otherwise(nth_after(options.clicks))
    placed = clicks.with_columns(nth_ms=(nth - pl.col("occurred_at")).dt.total_milliseconds()).with_columns(
        burst=(pl.col("nth_ms") <= options.window_ms).fill_null(value=False)
    )
    return placed.filter(pl.col("burst").cum_max().over(run))


def _runs(clicks: pl.DataFrame, options: Options) -> pl.DataFrame:
    """One row a run."""
    first = (
        *("event_id", "occurred_at", "url", "control", "target", "label", "element", "needed", "nth_ms", "plain"),
        *("target_role", "target_tag", "target_name", "traits"),
    )
    end = pl.col("occurred_at").max() + pl.duration(milliseconds=options.window_ms)
    failed = pl.col("failed_at") <= end
    told = (pl.col("told_at") <= end).fill_null(value=False).any()
    looks_new = (pl.col("before") != pl.col("before").shift(1)).fill_null(value=False)
    answered = ((pl.col("answers").diff() > 0) | (looks_new & ~told)).slice(1)
    return (
        clicks.with_columns(clicked=pl.col("control"), clicked_at=pl.col("occurred_at"))
        .group_by(*WINDOW, "run", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in first),
            pl.col("occurred_at").max().alias("ended_at"),
            pl.col("burst").sum().alias("bursts"),
            (answered.all() & ~failed.fill_null(value=False).any()).alias("works"),
            (pl.col("plain").first() & (pl.col("selections").last() > pl.col("selections").first())).alias("selects"),
            *occurrences(),
        )
        .with_columns(repeatable=is_for_repeated_use() | _answers_elsewhere())
    )


def _answers_elsewhere() -> pl.Expr:
    """Whether the control answers outside the page or by a state of its own, or says why it does not."""
    traits = pl.col("traits")
    elsewhere = traits.list.set_intersection(list(_ELSEWHERE)).list.len() > 0
    says_why = traits.list.contains("disabled") & traits.list.contains("explained")
    return (elsewhere | says_why).fill_null(value=False)


def _findings(runs: pl.DataFrame, options: Options) -> pl.DataFrame:
    lasted = milliseconds((pl.col("ended_at") - pl.col("occurred_at")).dt.total_milliseconds())
    allowed = milliseconds(pl.lit(options.window_ms))
    named = runs.with_columns(map_distinct(runs["url"], route_template).alias("route"))
    return named.with_columns(
        confidence=pl.when("plain").then(pl.lit("low")).otherwise(pl.lit("medium")),
        severity=pl.when("plain").then(pl.lit("low")).otherwise(pl.lit("medium")),
        reason_codes=pl.when("plain")
        .then(pl.lit(["rage_click.repeated_same_target", "rage_click.not_interactive"]))
        .otherwise(pl.lit(["rage_click.repeated_same_target"])),
        message=pl.format("Rage clicks on {} on {}", "label", pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.when(pl.col("bursts") == 1)
        .then(
            pl.format(
                "would not have fired had the {} click come more than {} after the first; it came after {}",
                pl.col("needed").replace_strict(_ORDINALS, default=pl.format("{}th", "needed")),
                allowed,
                milliseconds(pl.col("nth_ms")),
            )
        )
        .otherwise(
            pl.format(
                "would not have fired had fewer than {} clicks come within {}; there were {} in {}",
                "needed",
                allowed,
                "count",
                lasted,
            )
        ),
        expected=pl.format("A click on {} has an effect the user can see", "label"),
        suspect=pl.format("the handler of {}: it was never attached, does nothing or fails without a word", "label"),
        identity=pl.concat_list(
            pl.col("route").fill_null(""), pl.coalesce("target", pl.col("target_tag"), pl.lit("")).alias("control")
        ),
    )


DETECTOR = Detector(
    name="rage_click",
    documentation=__doc__,
    code_version=2,
    kinds=frozenset({"click", "mutation", "input", "network", "console", "exception", "selection"}),
    options=Options(),
    rule=detect,
)
