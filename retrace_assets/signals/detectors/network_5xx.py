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
    - there was no answer at all (status 0): blocked, aborted or offline is not the server's word;
    - the status is 400 to 499: the server blames the request.

Future it needs
    0 ms: an answer is final.

Example
    `POST /api/orders` is answered with 503 after 1,240 ms while the user waits on /checkout.

Options
    None.

Known problems
    - A request that was tried again and then answered still counts.
    - Hosts are told apart from the page's own by their last two labels, so two owners under one public suffix such as
      `co.uk` look like one; only the confidence depends on it.
"""

import re
from dataclasses import dataclass

import polars as pl

from retrace_assets.signals.detector import Detector, DetectorOptions
from retrace_assets.signals.findings import (
    SESSION,
    event_id,
    mapped,
    milliseconds,
    occurrences,
    shown,
    with_last_click,
)
from retrace_assets.signals.targets import with_target
from retrace_core.parametrise import request_template, route_template

FIRST_STATUS, LAST_STATUS = 500, 599
# No browser waits an hour for an answer: what says so is no duration.
LONGEST_MS = 3_600_000


@dataclass(frozen=True)
class Options(DetectorOptions):
    """This detector has no threshold to set."""


def detect(events: pl.DataFrame, windows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Find server errors; see the module's text for the rule."""
    del windows, options
    plausible = pl.when(pl.col("duration_ms").is_between(0, LONGEST_MS)).then("duration_ms")
    failed = events.filter(
        pl.col("kind") == "network", pl.col("status").is_between(FIRST_STATUS, LAST_STATUS)
    ).with_columns(duration_ms=plausible)
    clicks = with_target(events.filter(pl.col("kind") == "click"))
    requests = with_last_click(
        failed.with_columns(
            event_id=event_id(),
            method=pl.col("method").fill_null("GET"),
            started_at=pl.col("occurred_at") - pl.duration(microseconds=pl.col("duration_ms").fill_null(0) * 1000),
        ),
        clicks,
    ).sort("occurred_at", "sequence", "event_index", "part")
    return _findings(_named(requests))


def _findings(requests: pl.DataFrame) -> pl.DataFrame:
    first = ("window_id", "event_id", "occurred_at", "url", "trace_id", "duration_ms", "own", "request_url")
    grouped = requests.group_by(*SESSION, "method", "request", "status", maintain_order=True).agg(
        *(pl.col(name).first() for name in first), *occurrences()
    )
    called = pl.format("{} {}", "method", "request")
    took = milliseconds(pl.col("duration_ms"))
    return grouped.with_columns(mapped(grouped["url"], route_template).alias("route")).with_columns(
        confidence=pl.when("own").then(pl.lit("high")).otherwise(pl.lit("medium")),
        severity=pl.when("own").then(pl.lit("high")).otherwise(pl.lit("medium")),
        reason_codes=pl.when("own")
        .then(pl.lit(["network_5xx.status_5xx"]))
        .otherwise(pl.lit(["network_5xx.status_5xx", "network_5xx.third_party"])),
        message=pl.format("{} answers {} on {}", called, "status", pl.col("route").fill_null("an unknown page")),
        counterfactual=pl.format(
            "would not have fired had {} been answered with a status below 500; it answered {}{}",
            called,
            "status",
            pl.coalesce(pl.format(" after {}", took), pl.lit("")),
        ),
        expected=pl.format("{} is answered with a status below 500", called),
        suspect=pl.format("the server's handler of {}, which answered {}", called, "status"),
        identity=pl.concat_list("method", "request", pl.col("status").cast(pl.String)),
        request_detail=pl.struct("method", "status", "duration_ms", "trace_id", url=shown("request_url")),
    )


def _named(requests: pl.DataFrame) -> pl.DataFrame:
    """Add `own`, whether the page's own site was asked, and `request`: the template of the path, after its host if not.

    A URL that cannot be read is taken for the page's own.
    """
    parts = ("method", "request_url", "url")
    distinct = requests.select(parts).unique()
    named = [_name(method, url or "", page or "") for method, url, page in distinct.iter_rows()]
    schema = {"own": pl.Boolean, "request": pl.String}
    names = pl.concat([distinct, pl.DataFrame(named, schema=schema, orient="row")], how="horizontal")
    return requests.join(names, on=parts, how="left", nulls_equal=True, maintain_order="left")


def _name(method: str, url: str, page: str) -> tuple[bool, str]:
    host, page_host = _host(url), _host(page)
    own = not host or not page_host or _site(host) == _site(page_host)
    path = request_template(method, url).partition(" ")[2]
    return own, path if own else f"{host}{path}"


def _host(url: str) -> str:
    """The host of a URL; empty for a relative one, which is the page's own."""
    _, separator, rest = url.partition("://")
    return re.split("[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].lower() if separator else ""


def _site(host: str) -> str:
    return ".".join(host.split(".")[-2:])


DETECTOR = Detector(
    name="network_5xx",
    documentation=__doc__,
    code_version=1,
    kinds=frozenset({"network", "click"}),
    options=Options(),
    rule=detect,
)
