"""A message on the page that says something went wrong.

What it finds
    Messages that come into sight on a page and tell the user of a failure: toasts, alerts, error boxes. One finding for
    each distinct message of a session and page, with all the times it was shown. Numbers, ids and quoted values in a
    message do not count.

Why it matters
    The page says itself that it failed. The user was stopped, however politely.

Fires when
    - an element appears, or its text changes, that is marked as an error: a class such as `error`, `danger` or
      `failure`, or `role="alert"` together with words of failure;
    - or a short unmarked one appears whose words say so (`Something went wrong`, `could not be saved`; in English,
      German, French, Spanish, Italian, Portuguese and Dutch).

Stays quiet when
    - it is marked as success, information or warning and not as an error, or its words are those of success;
    - it belongs to one form field, or says what to enter: such a hint is no failure of the page, unless a request has
      failed just before;
    - it is not marked, does not begin with the failure, and nothing failed just before: people write of failures too;
    - it is a consent banner, a badge of a few digits, or has no letters;
    - it was part of the page when the page was drawn, and is not marked as an alert.

Future it needs
    0 ms: a message that was shown was shown.

Example
    `<div class="toast toast--error" role="alert">Could not place your order</div>` appears on /checkout.

Options
    longest_chars: the longest text, in characters, of an unmarked message: a paragraph with these words is an article.

Known problems
    - Words of failure in other languages are found only in messages that are marked as errors.
    - A message about what the user typed, shown for the whole form, counts: the page does not say whose fault it is. It
      has low severity unless a request failed or an error was thrown just before.
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
    occurrences,
    with_last_click,
)
from retrace_assets.signals.targets import with_target
from retrace_core.distinct import map_distinct
from retrace_core.messages import FAILURE_WORDS
from retrace_core.parametrise import parametrise_message, route_template

_ERROR_CLASSES = (
    r"(?i)(?:^|[\s_-])(?:errors?|danger|fail(?:ed|ure)?|destructive|critical|fatal|invalid|negative|severityerror)"
    r"(?:$|[\s_-])"
)
_OTHER_CLASSES = (
    r"(?i)(?:^|[\s_-])(?:success|successful|positive|info|information|warning|warn|neutral|hint|tip)(?:$|[\s_-])"
)
_HINTS = (
    r"(?i)\brequired\b|\bmust (?:be|contain|have|match|not)\b|\bplease (?:enter|fill|choose|select|provide|check)\b"
    r"|\btoo (?:short|long|small|large)\b|\bat least \d|\b(?:not|enter) a valid\b|\bdo(?:es)? ?n(?:o|['’])t match\b"
)
_BEGINS = (
    r"(?i)^\W*(?:(?:sorry|oops|whoops|error|uh[- ]oh|attention)\b|\w+ went wrong|an? (?:\w+ )?error"
    r"|(?:we |it |the \w+ |this |your \w+ )?(?:could|can|did|was|were)(?: ?not|n['’]t)\b"
    r"|(?:we(?:['’]re| are) )?unable\b"
    r"|failed (?:to|with)\b|\w+(?: \w+)? failed\b|(?:please )?try again|fehler|es ist ein fehler|une erreur|ha ocurrido"
    r"|se ha producido|si è verificato|ocorreu|er is iets|[^.!?]{0,40}(?:fehlgeschlagen|schiefgelaufen|échoué|mislukt))"
)
_CONSENT = r"(?i)cookie|consent|gdpr|privacy (?:policy|settings)|datenschutz"
_SUCCESS_WORDS = (
    r"(?i)\b(?:success|successfully|saved|added|thank|thanks|copied|welcome|done|completed|no errors?|without errors?"
    r"|erfolgreich|gespeichert|danke)\b"
)
# Failures that a message reports come just before it.
_AFTER_FAILURE_MS = 3_000


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Characters."""

    longest_chars: int = 160


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find messages of failure; see the module's text for the rule."""
    shown = recordings.page.filter(pl.col("kind") == "message", pl.col("message").is_not_null())
    known = _with_failure(shown, recordings.events)
    bad = known.filter(_says_failure(options).fill_null(value=False)).with_columns(
        event_id=event_id(), started_at="occurred_at"
    )
    clicks = with_target(recordings.events.filter(pl.col("kind") == "click"))
    return _findings(with_last_click(bad, clicks))


def _says_failure(options: Options) -> pl.Expr:
    text, classes = pl.col("message"), pl.col("message_classes").fill_null("")
    marked_error = classes.str.contains(_ERROR_CLASSES)
    marked_other = classes.str.contains(_OTHER_CLASSES)
    words = text.str.contains(FAILURE_WORDS.pattern)
    good = text.str.contains(_SUCCESS_WORDS)
    short = text.str.len_chars() <= options.longest_chars
    noise = text.str.contains(_CONSENT) | ~text.str.contains(r"\p{L}{2}") | pl.col("near_field").fill_null(value=False)
    after_failure = pl.col("failed_at").is_not_null()
    alert = pl.col("message_role").is_in(["alert", "alertdialog", "assertive"]).fill_null(value=False)
    hint = text.str.contains(_HINTS) & ~after_failure
    reported = pl.col("message_classes").is_not_null() | alert | after_failure | text.str.contains(_BEGINS)
    marked = marked_error & (words | ~good)
    worded = words & short & ~good & ~marked_other & reported & ~text.str.contains(r"(?i)^\W*failed:? \d|\?\s*$")
    return (marked | worded) & ~noise & ~hint


def _with_failure(shown: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add `failed_at`: when a request failed or an error was thrown just before."""
    failed = ((pl.col("kind") == "network") & ((pl.col("status") >= 400) | (pl.col("status") == 0))) | (
        pl.col("kind") == "exception"
    )
    failures = events.filter(failed).select(*WINDOW, failed_at="occurred_at")
    return join_nearest(shown, failures, left_on="occurred_at", right_on="failed_at", within_ms=_AFTER_FAILURE_MS)


def _findings(shown: pl.DataFrame) -> pl.DataFrame:
    named = shown.with_columns(
        map_distinct(shown["message"], parametrise_message).alias("template"),
        map_distinct(shown["url"], route_template).alias("route"),
    ).sort(*WINDOW, *EVENT_ORDER)
    first = ("window_id", "event_id", "occurred_at", "url", "message_role", "message_classes")
    grouped = named.group_by(*SESSION, "template", "route", maintain_order=True).agg(
        *(pl.col(name).first() for name in first),
        pl.col("message").first().alias("text"),
        pl.col("failed_at").drop_nulls().len().alias("failures"),
        *occurrences(),
    )
    alert = pl.col("message_role").is_in(["alert", "alertdialog", "assertive"]).fill_null(value=False)
    marked = pl.col("message_classes").str.contains(_ERROR_CLASSES).fill_null(value=False)
    after_failure = pl.col("failures") > 0
    return grouped.with_columns(
        confidence=pl.when(after_failure & (alert | marked))
        .then(pl.lit("high"))
        .when(alert | marked | after_failure)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low")),
        severity=pl.when(after_failure).then(pl.lit("medium")).otherwise(pl.lit("low")),
        reason_codes=pl.lit(["error_toast.error_like_dom_added"]),
        message=pl.format("“{}” is shown on {}", "text", pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.when(marked)
        .then(pl.lit("would not have fired had the message not been marked as an error"))
        .otherwise(pl.lit("would not have fired had the message not spoken of a failure")),
        expected=pl.format("No message “{}”", "text"),
        suspect=pl.format("the code that shows “{}”, and what failed before it", "text"),
        identity=pl.concat_list(pl.col("route").fill_null(""), "template"),
        error=pl.struct(level=pl.lit("shown"), message="text", stack=pl.lit(None, pl.String)),
    )


DETECTOR = Detector(
    name="error_toast",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"click", "network", "exception"}),
    options=Options(),
    rule=detect,
)
