"""A request that lets the user wait.

What it finds
    Requests to the page's own site that were answered, but late: one finding for each distinct method and URL template
    of a session, with all its occurrences.

Why it matters
    Nothing has failed and still the user waits, tries again or goes.

Fires when
    - a request to the page's own site took `slow_ms` (3,000 ms) or more and was answered with a status below 500.
      From 3 s on Sentry's replay calls a click slow; it is an absolute figure on purpose, so that one session suffices
      and a site that is always slow is no exception.

Stays quiet when
    - it is made to last: the address names a stream, a poll, a socket, a subscription, an upload, a download, an export
      or an import, or the request is asked anew within `poll_ms` (1,000 ms) of its answer at least twice in the window,
      as long polling does;
    - a file was asked for, such as a film or a picture, or it is telemetry;
    - there was no answer, or a status of 500 or more, which has a detector of its own;
    - it took an hour or more: a computer that slept.

Future it needs
    1,000 ms in an open window: a poll is asked anew.

Example
    `GET /api/reports/:id` takes 6,200 ms after a click on “Show”.

Options
    slow_ms: from how many milliseconds on an answer is late.
    poll_ms: within how many milliseconds of its answer a poll is asked anew.

Known problems
    - A slow network makes every request slow: many findings of one session point at it, and no server is to blame.
    - Recorders that give no duration make nothing slow.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.findings import WINDOW, in_windows_of, join_nearest, milliseconds, settled
from retrace_assets.signals.requests import is_web_address, request_findings, requests_of, with_click

_MADE_TO_LAST = (
    r"(?i)/(?:events?|event-?stream|streams?|streaming|sse|poll(?:ing)?|long-?poll(?:ing)?|socket\.io|sockjs|signalr"
    r"|hubs?|wss?|websockets?|subscribe|subscriptions?|live|watch|listen|uploads?|downloads?|exports?|imports?"
    r"|attachments?|files?|media|backups?)(?:[/.:]|$)"
)
# A request that began this soon after a click is what the click waits for.
_ASKED_BY_CLICK_MS = 250


@dataclass(frozen=True)
class Options(DetectorOptions):
    """Milliseconds."""

    slow_ms: int = 3_000
    poll_ms: int = 1_000

    @property
    def future_ms(self) -> int:
        """A poll may be asked anew."""
        return self.poll_ms


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find late answers; see the module's text for the rule."""
    late = recordings.events.filter(pl.col("kind") == "network", pl.col("duration_ms") >= options.slow_ms)
    events = in_windows_of(recordings.events, late)
    answered = requests_of(events).filter(
        "own", ~pl.col("telemetry"), ~pl.col("file"), is_web_address(), pl.col("status").is_between(100, 499)
    )
    slow = answered.filter(pl.col("duration_ms") >= options.slow_ms, ~pl.col("path").str.contains(_MADE_TO_LAST))
    kept = settled(_without_polls(slow, answered, options), recordings.windows, options.future_ms)
    return _findings(request_findings(with_click(kept, events)), options)


def _without_polls(slow: pl.DataFrame, answered: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Drop requests whose address is asked anew, again and again, as soon as it was answered."""
    address = (*WINDOW, "method", "host", "path")
    began = answered.select(*WINDOW, "method", "path", next_at="started_at")
    again = slow.pipe(
        join_nearest,
        began,
        left_on="occurred_at",
        right_on="next_at",
        by=[*WINDOW, "method", "path"],
        strategy="forward",
        within_ms=options.poll_ms,
    )
    polled = pl.col("next_at").is_not_null().sum().over(address) >= 2
    return again.filter(~polled).drop("next_at")


def _findings(grouped: pl.DataFrame, options: Options) -> pl.DataFrame:
    first = pl.col("occurrences").list.first()
    waited = (
        (first.struct.field("started_at") - first.struct.field("clicked_at")).dt.total_milliseconds()
        <= _ASKED_BY_CLICK_MS
    ).fill_null(value=False)
    return grouped.with_columns(
        confidence=pl.when(waited).then(pl.lit("medium")).otherwise(pl.lit("low")),
        severity=pl.lit("low"),
        reason_codes=pl.lit(["slow_request.late_answer"]),
        message=pl.format(
            "{} takes {} on {}",
            "called",
            milliseconds(pl.col("duration_ms")),
            pl.col("route").fill_null("an unknown page"),
        ),
        counterfactual=pl.format(
            "would not have fired had {} been answered within {}; it was answered{}",
            "called",
            pl.lit(f"{options.slow_ms:,} ms"),
            "took",
        ),
        expected=pl.format("{} is answered within {}", "called", pl.lit(f"{options.slow_ms:,} ms")),
        suspect=pl.format("what the server does for {}", "called"),
        identity=pl.concat_list("method", "request"),
    )


DETECTOR = Detector(
    name="slow_request",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"network", "click"}),
    options=Options(),
    rule=detect,
    on_by_default=False,
)
