"""A visit that ends where something failed.

What it finds
    Sessions whose visitor was about to finish something, saw it fail, and went: at most one finding a session, at the
    last failure. It is a consequence: the bug is what failed, whose fingerprint it takes. Where no other detector has
    found that failure there is nothing to report.

Why it matters
    Of all the sessions with a bug these are the ones that were lost to it.

Fires when
    - the whole session, with all its windows, is closed, and lasted at least `visit_ms` (2,000 ms; shorter ones are
      robots' and previews');
    - a click was answered by a failure: within `answer_ms` (1,000 ms) of it a request began that failed, or an error
      was printed or escaped. A request fails with a status of 500 or more, with 400 to 499 except 401, 407 and 499, or
      without an answer (status 0) unless it was aborted;
    - the click was to finish something: the visitor had typed or chosen since the last click on another control, or
      it was on a button that is called so (`Pay`, `Order`, `Publish`, `Save`, …);
    - the last such failure comes `end_ms` (5,000 ms, the first Retrace's figure) or less before the session's last
      event;
    - the visitor had time to see it: from the first failure of that control to the end are `seen_ms` (1,000 ms) or
      more, after which a person's flow of thought is interrupted (Nielsen). A recording that breaks off at the error
      itself does not say that anybody gave up.

Stays quiet when
    - something worked after it: a request to the page's own site other than GET is answered with 200 to 399, or another
      page opens;
    - the error follows within `answer_ms` of an answer of 400 to 499: then that answer counts, and only if network_4xx
      does not find it explained;
    - telemetry fails, or the error is noise to console_error.

Future it needs
    The whole session: it is judged when every window is closed, and again should another one open.

Example
    Visitors fill in /checkout, click `Pay now`, which is answered with 500 without a message, twice more, and close the
    page 2,300 ms later.

Options
    end_ms: how many milliseconds before the end the failure comes at most.
    seen_ms: how many milliseconds a visitor has at least to see it.
    answer_ms: within how many milliseconds of a click a failure answers it.
    visit_ms: how many milliseconds a visit lasts at least.

Known problems
    - Visitors who leave because of an error on the way, without having entered anything, are not told from those who
      had seen enough.
    - Names of buttons that finish something are known in English and a few other languages.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.errors import errors_of
from retrace_assets.signals.findings import SESSION, WINDOW, join_nearest, milliseconds, occurrences
from retrace_assets.signals.requests import is_web_address, requests_of
from retrace_assets.signals.targets import with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

_FIRST_STATUS: Final = 400
_EXPECTED: Final = (401, 407, 499)
_ABORTED = r"(?i)abort|cancel"
# What a page writes into a field right after showing it is not the visitor's (recording-to-test.md, rule 4).
_FRESH_MS: Final = 100
_FINISHING_NAMES = (
    r"(?i)^\W*(?:pay|buy|purchase|(?:place )?(?:my |your )?order(?: now)?$|place |complete|book|reserve|subscribe"
    r"|donate|submit|send|publish|save|confirm|create (?:an? |my )?account|finish|bezahlen|kaufen|bestellen|absenden"
    r"|senden|speichern|payer|acheter|commander|envoyer|enregistrer|pagar|comprar|enviar|guardar|salvar)\b"
)


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds."""

    end_ms: int = 5_000
    seen_ms: int = 1_000
    answer_ms: int = 1_000
    visit_ms: int = 2_000


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find sessions that end where something failed; see the module's text for the rule."""
    ends = _ends(recordings, options)
    events = recordings.events.join(ends.select(SESSION), on=SESSION, how="semi", maintain_order="left")
    requests = requests_of(events).filter(~pl.col("telemetry"), is_web_address())
    failures = _answers(_failures(events, requests, options), _finishing_clicks(events), options)
    return _findings(_last_words(failures, ends, _successes(events, requests), options), options)


def _ends(recordings: Recordings, options: Options) -> pl.DataFrame:
    """The sessions that are over, were visits and may have ended at a failure, with `ended_at`."""
    first = recordings.events.group_by(SESSION).agg(first_at=pl.col("occurred_at").min())
    return (
        recordings.windows.group_by(SESSION)
        .agg(ended_at=pl.col("last_at").max(), over=pl.col("closed").all())
        .filter("over")
        .join(first, on=SESSION)
        .join(_failed(recordings.events), on=SESSION)
        .filter(
            (pl.col("ended_at") - pl.col("first_at")).dt.total_milliseconds() >= options.visit_ms,
            (pl.col("ended_at") - pl.col("failed_at")).dt.total_milliseconds() <= options.end_ms,
        )
        .select(*SESSION, "ended_at")
    )


def _failed(events: pl.DataFrame) -> pl.DataFrame:
    """When anything last failed in each session, whether or not it counts."""
    status, kind = pl.col("status"), pl.col("kind")
    refused = (kind == "network") & ((status == 0) | (status >= _FIRST_STATUS))
    failed = events.filter(refused | kind.is_in(["exception", "console"]))
    return failed.group_by(SESSION).agg(failed_at=pl.col("occurred_at").max())


def _failures(events: pl.DataFrame, requests: pl.DataFrame, options: Options) -> pl.DataFrame:
    status = pl.col("status")
    refused = status.is_between(400, 499) & ~status.is_in(_EXPECTED)
    unanswered = (status == 0) & ~pl.col("message").fill_null("").str.contains(_ABORTED) & ~pl.col("file")
    failed = requests.filter(refused | status.is_between(500, 599) | unanswered)
    answers = requests.filter(status.is_between(400, 499)).select(*WINDOW, refused_at="occurred_at")
    errors = (
        errors_of(events)
        .pipe(join_nearest, answers, left_on="occurred_at", right_on="refused_at", within_ms=options.answer_ms)
        .filter(pl.col("refused_at").is_null())
    )
    columns = (*WINDOW, "event_id", "started_at", "occurred_at", "url", "trace_id")
    said = pl.col("text").str.split("\n").list.first().str.slice(0, 120)
    return pl.concat(
        [
            failed.select(*columns, what=pl.format("{} {}", "method", "path")),
            errors.select(*columns, what=pl.format("“{}”", said)),
        ]
    )


def _finishing_clicks(events: pl.DataFrame) -> pl.DataFrame:
    """Clicks that were to finish something."""
    clicks = with_target(events.filter(pl.col("kind") == "click"))
    run = pl.col("control").ne_missing(pl.col("control").shift(1)).over(WINDOW).fill_null(value=True)
    clicks = clicks.with_columns(
        # The latest click on another control; null before the first change of control.
        left_at=pl.when(run).then(pl.col("occurred_at").shift(1).over(WINDOW)).forward_fill().over(WINDOW)
    )
    entered = join_nearest(clicks, _typed(events), left_on="occurred_at", right_on="typed_at")
    has_entered = pl.col("typed_at").is_not_null() & (pl.col("typed_at") >= pl.col("left_at")).fill_null(value=True)
    is_button = (pl.col("target_role") == "button") | pl.col("target_tag").is_in(["button", "input"])
    is_called_so = (is_button & pl.col("target_name").str.contains(_FINISHING_NAMES)).fill_null(value=False)
    return entered.filter(pl.col("control").is_not_null(), has_entered | is_called_so).select(
        *WINDOW, "target", "label", "element", clicked="control", clicked_at="occurred_at"
    )


def _typed(events: pl.DataFrame) -> pl.DataFrame:
    """Inputs of the visitor."""
    shown = events.filter(
        (pl.col("kind") == "full_snapshot") | ((pl.col("kind") == "mutation") & (pl.col("added") > 0))
    )
    return (
        events.filter(pl.col("kind") == "input")
        .select(*WINDOW, typed_at="occurred_at")
        .pipe(
            join_nearest,
            shown.select(*WINDOW, shown_at="occurred_at"),
            left_on="typed_at",
            right_on="shown_at",
            within_ms=_FRESH_MS,
        )
        .filter(pl.col("shown_at").is_null())
        .drop("shown_at")
    )


def _answers(failures: pl.DataFrame, clicks: pl.DataFrame, options: Options) -> pl.DataFrame:
    """The failures that answer one of the clicks."""
    return (
        failures.pipe(join_nearest, clicks, left_on="started_at", right_on="clicked_at", within_ms=options.answer_ms)
        .filter(pl.col("clicked").is_not_null())
        .sort("occurred_at", "event_id")
    )


def _successes(events: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """When something last worked in each session."""
    answered = requests.filter("own", pl.col("status").is_between(200, 399), pl.col("method") != "GET")
    moved = events.filter((pl.col("url") != pl.col("url").shift(1)).over(WINDOW).fill_null(value=False))
    opened = events.filter(pl.col("kind") == "meta")
    worked = pl.concat([frame.select(*SESSION, "occurred_at") for frame in (answered, moved, opened)])
    return worked.group_by(SESSION).agg(worked_at=pl.col("occurred_at").max())


def _last_words(failures: pl.DataFrame, ends: pl.DataFrame, successes: pl.DataFrame, options: Options) -> pl.DataFrame:
    """The last failure of each session that gave up on it."""
    latest = ("window_id", "event_id", "occurred_at", "url", "target", "label", "element", "trace_id", "what")
    last = failures.join(
        failures.group_by(SESSION).agg(clicked=pl.col("clicked").last()), on=[*SESSION, "clicked"], how="semi"
    )
    return (
        last.sort("occurred_at", "event_id")
        .group_by(*SESSION, "clicked", maintain_order=True)
        .agg(
            *(pl.col(name).last() for name in latest),
            pl.col("occurred_at").min().alias("failed_at"),
            *occurrences(),
        )
        .join(ends, on=SESSION, maintain_order="left")
        .join(successes, on=SESSION, how="left", maintain_order="left")
        .filter((pl.col("worked_at") <= pl.col("occurred_at")).fill_null(value=True))
        .with_columns(
            left_ms=(pl.col("ended_at") - pl.col("occurred_at")).dt.total_milliseconds(),
            seen_ms=(pl.col("ended_at") - pl.col("failed_at")).dt.total_milliseconds(),
        )
        .filter(pl.col("left_ms") <= options.end_ms, pl.col("seen_ms") >= options.seen_ms)
        .sort("occurred_at", "event_id")
    )


def _findings(sessions: pl.DataFrame, options: Options) -> pl.DataFrame:
    left = milliseconds(pl.col("left_ms"))
    routes = map_distinct(sessions["url"], route_template).alias("route")
    return sessions.with_columns(routes).with_columns(
        confidence=pl.lit("medium"),
        severity=pl.lit("high"),
        reason_codes=pl.lit(["session_abandon.error_near_session_end"]),
        message=pl.format(
            "The visit ends {} after {} failed on {}", left, "label", pl.col("route").fill_null("an unknown page")
        ),
        counterfactual=pl.format(
            "would not have fired had the visit gone on for more than {} after {} failed; it ended after {}",
            pl.lit(f"{options.end_ms:,} ms"),
            "what",
            left,
        ),
        expected=pl.format("A click on {} works and the visit goes on", "label"),
        suspect=pl.format("{}, which answered the click on {}", "what", "label"),
        identity=pl.concat_list(pl.col("route", "target").fill_null("")),
    )


DETECTOR = Detector(
    name="session_abandon_on_error",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"network", "console", "exception", "click", "input", "meta", "mutation", "full_snapshot"}),
    options=Options(),
    rule=detect,
)
