"""A control that does nothing when it is clicked.

What it finds
    Clicks on buttons, links and other controls after which nothing lasting happens: one finding for each control of a
    session, with all its clicks. What counts is what a person sees of the recorded page, not that something in it was
    touched.

Why it matters
    The user asked for something and got no answer, not even that it failed. Handlers that were never attached, that
    threw, or whose request failed without a word all look like this.

Fires when
    - within `window_ms` (2,500 ms: PostHog's figure, and what recordings of working controls need) of a click on a
      control, no difference of the page lasts `lasting_ms` (250 ms). Differences are of tags, texts, classes, links,
      pictures and states, not of what was typed;
    - and there is no change of page, message, request of the page's own origin that succeeds, scrolling, selection,
      input, or playing of media either. A toast that goes is no effect of the click.

Stays quiet when
    - the click leads out of the recording: links to new tabs, downloads, mail and other applications, places on the
      same page, the page that is shown already, or nowhere (`#`);
    - the control is made for another answer: text fields, date, file and colour pickers, selects, checkboxes, labels,
      sliders, canvas, video, frames, maps, editors, what is dragged, and, by name, what copies, prints or plays;
    - it may rightly have nothing to do: disabled, selected or current already, steppers, pagers, carousels (by name,
      but for a bare `Next` or `Back`, as wizards have them);
    - it showed that it was at work: some control became disabled or busy, or a sign of loading came. If nothing comes
      of it, the failure itself is judged: network_5xx, console_error, rage_click;
    - the answer is late: a lasting difference comes within `late_ms` (7,000 ms, Sentry's limit) and before the user
      does something else;
    - a click on the same control on the same page has worked before: there may be no more to do;
    - the recording ends within `window_ms` of the click.

Future it needs
    7,000 ms (`late_ms`) in an open window.

Example
    `Apply voucher` on /cart is clicked; 2,500 ms later the page looks as before.

Options
    window_ms: for how many milliseconds a click is given to have an effect.
    lasting_ms: how many milliseconds a difference must last.
    late_ms: until when, in milliseconds, a late effect counts.

Known problems
    - What style sheets alone show, as `:active` and `:checked` rules do, is not in a recording.
    - A change of the page that has nothing to do with the click hides it, unless it comes at a steady pace.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.findings import EVENT_ORDER, SESSION, WINDOW, event_id, join_nearest, occurrences, settled
from retrace_assets.signals.targets import is_for_repeated_use, with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

_ELSEWHERE = (
    *("new_tab", "download", "outside", "same_page", "no_destination"),
    *("text_field", "picker", "choice", "label", "media", "popover", "ignored", "draggable", "disabled", "selected"),
)
# What these do happens outside the page.
_UNSEEN_NAMES = (
    r"(?i)^\s*(?:copy|copied|print|share|download|export|save (?:as|to)|full ?screen|play|pause|mute|unmute|skip to"
    r"|send (?:e-?mail|mail)|call|install|scroll|back to top|close (?:window|tab)|log ?out|sign ?out)\b"
)
# A page load of the same session so soon after a click is its effect (recording-to-test.md, rule 8).
_NEW_WINDOW_MS = 3_000
# A page that scrolls or selects because of a click does it at once; Sentry waits 300 ms for scrolling.
_SCROLL_MS = 300
_INPUT_MS = 500
# A handler sends its request at once.
_REQUEST_MS = 500
_ORIGIN = r"^[a-z]+://([^/?#]+)"


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds."""

    window_ms: int = 2_500
    lasting_ms: int = 250
    late_ms: int = 7_000

    @property
    def future_ms(self) -> int:
        """Effects may be late."""
        return max(self.window_ms, self.late_ms)


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find clicks without effect; see the module's text for the rule."""
    clicks = settled(_clicks(recordings, options), recordings.windows, options.future_ms)
    clicks = _ended(clicks, recordings, options)
    for effect in (_seen, _at_work, _navigated, _acted, _answered):
        clicks = effect(clicks, recordings, options)
    effects = ("changed", "busied", "left", "acted", "answered")
    judged = clicks.with_columns(alive=pl.any_horizontal(pl.col(name).fill_null(value=False) for name in effects))
    worked = pl.col("alive").cast(pl.Int32).cum_sum().over(*SESSION, "route", "control") > 0
    dead = judged.sort(*WINDOW, *EVENT_ORDER).filter(~pl.col("alive"), ~worked, "observed")
    return _findings(dead, options)


def _clicks(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Clicks on what should react, with the page as it was and until when an effect counts (`until`)."""
    place = [*WINDOW, "sequence", "event_index"]
    page = recordings.page.filter(pl.col("kind") == "click").select(*place, "before", "traits", "link")
    happened = recordings.events.filter(pl.col("kind").is_in(["click", "input"])).sort(*WINDOW, *EVENT_ORDER)
    clicks = with_target(happened.filter(pl.col("kind") == "click")).join(page, on=place, maintain_order="left")
    clicks = clicks.with_columns(
        map_distinct(clicks["url"], route_template).alias("route"), event_id=event_id(), started_at="occurred_at"
    )
    name = pl.col("target_name").fill_null("")
    meant = (
        pl.col("traits").list.contains("control")
        & (pl.col("traits").list.set_intersection(list(_ELSEWHERE)).list.len() == 0)
        & ~name.str.contains(_UNSEEN_NAMES)
        & ~is_for_repeated_use(words=False)
        & ~(_address("link") == _address("url")).fill_null(value=False)
    )
    return _with_next_action(clicks.filter(meant.fill_null(value=False)), happened, options)


def _address(column: str) -> pl.Expr:
    return pl.col(column).str.replace(r"[/#]+$", "")


def _with_next_action(clicks: pl.DataFrame, happened: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Add `until`: the end of the window, or later as long as the user does nothing else."""
    others = with_target(happened).select(*WINDOW, "control", next_at="occurred_at").sort("next_at")
    named = others.with_columns(run=(pl.col("control").ne_missing(pl.col("control").shift(1))).cum_sum().over(WINDOW))
    # The next action on something else is the first of the next run.
    runs = named.group_by(*WINDOW, "run", maintain_order=True).agg(pl.col("next_at").first())
    own = named.rename({"next_at": "occurred_at"}).select(*WINDOW, "occurred_at", "control", "run").unique()
    end = pl.col("occurred_at") + pl.duration(milliseconds=options.window_ms)
    latest = pl.col("occurred_at") + pl.duration(milliseconds=options.late_ms)
    return (
        clicks.join(own, on=[*WINDOW, "occurred_at", "control"], how="left", maintain_order="left")
        .with_columns(next_run=pl.col("run") + 1)
        .join(runs, left_on=[*WINDOW, "next_run"], right_on=[*WINDOW, "run"], how="left", maintain_order="left")
        .with_columns(until=pl.max_horizontal(end, pl.min_horizontal(latest, "next_at")), end=end)
        .unique(["event_id", *WINDOW], maintain_order=True)
    )


def _ended(clicks: pl.DataFrame, recordings: Recordings, options: Options) -> pl.DataFrame:
    """Add `observed`: whether the recording went on for the whole window."""
    ends = recordings.windows.select(*WINDOW, "last_at")
    return clicks.join(ends, on=list(WINDOW), how="left", maintain_order="left").with_columns(
        observed=pl.col("last_at") >= pl.col("end")
    )


def _seen(clicks: pl.DataFrame, recordings: Recordings, options: Options) -> pl.DataFrame:
    """Add `changed`: whether a lasting difference of the page came after the pointer went down."""
    states = recordings.page.filter(pl.col("kind").is_in(["snapshot", "change"])).select(
        *WINDOW, "occurred_at", "signature", "kind"
    )
    lasts = (pl.col("occurred_at").shift(-1) - pl.col("occurred_at")).over(WINDOW).dt.total_milliseconds()
    lasting = states.filter(lasts.fill_null(options.lasting_ms) >= options.lasting_ms)
    differs = pl.col("signature").ne_missing(pl.col("signature").shift(1)).over(WINDOW)
    counted = lasting.with_columns(differences=differs.cast(pl.Int64).cum_sum().over(WINDOW)).select(
        *WINDOW, "signature", "differences", state_at="occurred_at"
    )
    at_click = _as_of(clicks, counted, "occurred_at", "state_at")
    at_end = _as_of(
        at_click, counted.rename({"differences": "differences_later"}).drop("signature"), "until", "state_at"
    )
    return at_end.with_columns(
        changed=(pl.col("differences_later") > pl.col("differences").fill_null(0))
        | pl.col("signature").ne(pl.col("before"))
    ).drop("signature", "differences", "differences_later")


def _at_work(clicks: pl.DataFrame, recordings: Recordings, options: Options) -> pl.DataFrame:
    """Add `busied`: whether more of the page was disabled, busy or loading at some time of the window."""
    states = recordings.page.filter(pl.col("kind").is_in(["snapshot", "change"]))
    rises = (pl.col("busy").diff() > 0).over(WINDOW).fill_null(value=False)
    risen = states.with_columns(rises=rises.cast(pl.Int64).cum_sum().over(WINDOW)).select(
        *WINDOW, "rises", risen_at="occurred_at"
    )
    return _grown(clicks, risen, count="rises", at="risen_at", end="end", name="busied")


def _navigated(clicks: pl.DataFrame, recordings: Recordings, options: Options) -> pl.DataFrame:
    """Add `left`: whether another page came, in this window or in a new one."""
    del options
    events = recordings.events
    turned = (pl.col("kind").is_in(["meta", "full_snapshot"])) | pl.col("url").ne_missing(pl.col("url").shift(1)).over(
        WINDOW
    )
    so_far = events.with_columns(navigations=turned.cast(pl.Int64).cum_sum().over(WINDOW)).select(
        *WINDOW, "navigations", turned_at="occurred_at"
    )
    clicks = _grown(clicks, so_far, count="navigations", at="turned_at", end="until", name="turned")
    begun = events.group_by(WINDOW).agg(pl.col("occurred_at").min().alias("begun_at"))
    begun = begun.select(*SESSION, "begun_at")
    return (
        clicks.pipe(
            join_nearest,
            begun,
            left_on="occurred_at",
            right_on="begun_at",
            by=SESSION,
            strategy="forward",
            within_ms=_NEW_WINDOW_MS,
            allow_exact_matches=False,
        )
        .with_columns(left=pl.col("turned") | pl.col("begun_at").is_not_null())
        .drop("begun_at", "turned")
    )


def _acted(clicks: pl.DataFrame, recordings: Recordings, options: Options) -> pl.DataFrame:
    """Add `acted`: whether the page told something, scrolled, selected, filled a field, played, painted or restyled."""
    del options
    told = recordings.page.filter(pl.col("kind") == "message").select(*WINDOW, "occurred_at", kind=pl.lit("message"))
    happened = pl.concat([recordings.events.select(*WINDOW, "occurred_at", "kind"), told])
    allowed = {"scroll": _SCROLL_MS, "selection": _SCROLL_MS, "input": _INPUT_MS}
    found = []
    for kind in ("message", "scroll", "selection", "input", "media", "canvas", "style", "font"):
        some = happened.filter(pl.col("kind") == kind).select(*WINDOW, some_at="occurred_at")
        clicks = join_nearest(clicks, some, left_on="occurred_at", right_on="some_at", strategy="forward")
        limit = pl.duration(milliseconds=allowed[kind]) + pl.col("occurred_at") if kind in allowed else pl.col("end")
        clicks = clicks.with_columns((pl.col("some_at") <= limit).fill_null(value=False).alias(f"_{kind}")).drop(
            "some_at"
        )
        found.append(f"_{kind}")
    return clicks.with_columns(acted=pl.any_horizontal(found)).drop(found)


def _answered(clicks: pl.DataFrame, recordings: Recordings, options: Options) -> pl.DataFrame:
    """Add `answered`: whether a request of the page's own origin that began with the click has succeeded."""
    took = pl.col("duration_ms").fill_null(0).clip(0, 600_000)
    requests = (
        recordings.events.filter(pl.col("kind") == "network", pl.col("status").is_between(200, 399))
        .filter(
            (pl.col("request_url").str.extract(_ORIGIN) == pl.col("url").str.extract(_ORIGIN)).fill_null(value=True)
        )
        .select(*WINDOW, began_at=pl.col("occurred_at") - pl.duration(microseconds=took * 1000))
    )
    del options
    return (
        clicks.pipe(
            join_nearest,
            requests,
            left_on="occurred_at",
            right_on="began_at",
            strategy="forward",
            within_ms=_REQUEST_MS,
        )
        .with_columns(answered=pl.col("began_at").is_not_null())
        .drop("began_at")
    )


def _as_of(rows: pl.DataFrame, states: pl.DataFrame, at: str, state_at: str) -> pl.DataFrame:
    """Join the latest of `states` at the time `at` of each row, in the same window."""
    return rows.pipe(join_nearest, states, left_on=at, right_on=state_at).drop(state_at)


def _grown(clicks: pl.DataFrame, counts: pl.DataFrame, *, count: str, at: str, end: str, name: str) -> pl.DataFrame:
    """Add `name`: whether a running count of the window grew between a click and `end`."""
    first = _as_of(clicks, counts, "occurred_at", at)
    last = _as_of(first, counts.rename({count: "_later"}), end, at)
    return last.with_columns((pl.col("_later") > pl.col(count).fill_null(0)).alias(name)).drop(count, "_later")


def _findings(dead: pl.DataFrame, options: Options) -> pl.DataFrame:
    first = ("window_id", "event_id", "occurred_at", "url", "target", "label", "element", "target_tag")
    grouped = (
        dead.sort("occurred_at")
        .with_columns(clicked=pl.col("control"), clicked_at=pl.col("occurred_at"))
        .group_by(*SESSION, "route", "control", maintain_order=True)
        .agg(*(pl.col(name).first() for name in first), *occurrences())
    )
    again = pl.col("count") > 1
    return grouped.with_columns(
        confidence=pl.when(again).then(pl.lit("high")).otherwise(pl.lit("medium")),
        severity=pl.lit("medium"),
        reason_codes=pl.lit(["dead_click.no_lasting_effect"]),
        message=pl.format("{} on {} does nothing", "label", pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.lit(
            f"would not have fired had the page looked different for {options.lasting_ms:,} ms within "
            f"{options.window_ms:,} ms of the click, or a request succeeded"
        ),
        expected=pl.format("A click on {} has an effect the user can see", "label"),
        suspect=pl.format("the handler of {}: it was never attached, does nothing or fails without a word", "label"),
        identity=pl.concat_list(
            pl.col("route").fill_null(""), pl.coalesce("target", "target_tag", pl.lit("")).alias("control")
        ),
    )


DETECTOR = Detector(
    name="dead_click",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset(
        {
            *("click", "input", "network", "meta", "full_snapshot"),
            *("scroll", "selection", "media", "canvas", "style", "font"),
        }
    ),
    options=Options(),
    rule=detect,
)
