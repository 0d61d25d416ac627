"""A request that the server failed to answer.

What it finds
    Requests of the page that were answered with a status from 500 to 599: one finding for each distinct method, URL
    template and status of a session, with all its occurrences. The page does not count: an endpoint that fails is one
    bug wherever it is called from.

Why it matters
    The server says itself that the fault is its own. What the user had asked for did not happen, whether or not the
    page tells them.

Fires when
    - the status is from 500 to 599 (RFC 9110, section 15.6: the class of server errors).

Stays quiet when
    - there was no answer at all (status 0): blocked, aborted or offline is not the server's word. What a page makes of
      it is judged where it shows: the exception it lets escape, the click it leaves without effect;
    - the status is 400 to 499: the server blames the request;
    - the request is telemetry, of which the user's work does not depend: known analytics, advertising and monitoring
      hosts, and beacons;
    - the URL is no web address: an extension's, for example.

Future it needs
    0 ms: an answer is final.

Example
    `POST /api/orders` is answered with 503 after 1,240 ms while the user waits on /checkout.

Options
    None.

Known problems
    - A request that was tried again and then answered still counts.
    - Hosts are told apart from the page's own by the name their owner registered, with a short list of the suffixes
      that have many owners; only the confidence depends on it.
"""

from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions, Recordings
from retrace_assets.signals.requests import is_web_address, request_findings, requests_of, with_click

FIRST_STATUS, LAST_STATUS = 500, 599


@dataclass(frozen=True)
class Options(DetectorOptions):
    """This detector has no threshold to set."""


def detect(recordings: Recordings, options: Options) -> pl.DataFrame:
    """Find server errors; see the module's text for the rule."""
    del options
    failed = recordings.events.filter(
        (pl.col("kind") != "network") | pl.col("status").is_between(FIRST_STATUS, LAST_STATUS)
    )
    requests = requests_of(failed).filter(~pl.col("telemetry"), is_web_address())
    return _findings(request_findings(with_click(requests, failed), "status"))


def _findings(grouped: pl.DataFrame) -> pl.DataFrame:
    own = pl.when("own")
    return grouped.with_columns(
        confidence=own.then(pl.lit("high")).otherwise(pl.lit("medium")),
        severity=own.then(pl.lit("high")).otherwise(pl.lit("medium")),
        reason_codes=own.then(pl.lit(["network_5xx.status_5xx"])).otherwise(
            pl.lit(["network_5xx.status_5xx", "network_5xx.third_party"])
        ),
        message=pl.format("{} answers {} on {}", "called", "status", pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.format(
            "would not have fired had {} been answered with a status below 500; it answered {}{}",
            "called",
            "status",
            "took",
        ),
        expected=pl.format("{} is answered with a status below 500", "called"),
        suspect=pl.format("the server's handler of {}, which answered {}", "called", "status"),
        identity=pl.concat_list("method", "request", pl.col("status").cast(pl.String)),
    )


DETECTOR = Detector(
    name="network_5xx",
    documentation=__doc__,
    code_version=2,
    kinds=frozenset({"network", "click"}),
    options=Options(),
    rule=detect,
)
