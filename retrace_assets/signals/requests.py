"""Requests as detectors see them: whose they are, what they ask for, and when they began.

Belongs here: telling the page's own requests from other sites', files and telemetry from what a user waits for, and
the parts findings about requests share. Does not: which answers are findings (detectors).
"""

import polars as pl

from retrace_assets.signals.findings import (
    SESSION,
    event_id,
    in_windows_of,
    milliseconds,
    occurrences,
    shown,
    with_last_click,
)
from retrace_assets.signals.targets import with_target
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import request_template, route_template

# No browser waits an hour for an answer: what says so is no duration.
LONGEST_MS = 3_600_000

_HOST = r"(?i)^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(\[[^\]/?#]*\]|[^/:?#\[]*)"
_PATH = r"(?i)^(?:(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*)?([^?#]*)"
_NUMERIC_HOST = r"^(?:[\d.]+|\[.*)$"
# The labels under which anyone may register a name: two for most countries and for hosts of many owners.
_SITE = (
    r"([^.]+\.(?:(?:co|com|org|net|gov|gob|ac|edu|ne|or|gouv)\.[a-z]{2}"
    r"|(?:github|gitlab)\.io|(?:vercel|netlify|web|fly|firebaseapp|herokuapp|onrender|railway)\.(?:app|dev|com)"
    r"|(?:pages|workers|run)\.(?:dev|app)|cloudfront\.net|amazonaws\.com|azurewebsites\.net|[^.]+))$"
)
# Analytics, advertising, monitoring and consent: what a page reports to, not what its user waits for.
TELEMETRY_HOST = (
    r"(?:^|\.)(?:google-analytics|googletagmanager|googlesyndication|googleadservices|doubleclick|analytics\.google"
    r"|facebook|fbcdn|hotjar|clarity|segment|mixpanel|amplitude|heap(?:analytics)?|fullstory|logrocket|lr-ingest"
    r"|sentry|bugsnag|rollbar|datadoghq(?:-browser-agent)?|browser-intake-[a-z0-9-]+|nr-data|newrelic|posthog|intercom"
    r"|hubspot|hs-analytics|hs-scripts|hsforms|optimizely|launchdarkly|statsig(?:api)?|plausible|matomo|umami|snowplow"
    r"|snowplowanalytics|cloudflareinsights|adsrvr|criteo|taboola|outbrain|bat\.bing|ads\.linkedin|licdn|analytics\.tiktok"
    r"|ads-twitter|snapchat|pinimg|quantserve|scorecardresearch|chartbeat|mouseflow|smartlook|openreplay|inspectlet"
    r"|crazyegg|kissmetrics|pendo|appcues|userpilot|onetrust|cookielaw|cookiebot|usercentrics|stats|telemetry"
    r"|analytics|metrics|rum|beacon|pixel|tracking)\.[a-z0-9.-]+$"
)
_TELEMETRY_PATH = (
    r"(?i)/(?:[gjr]/collect|beacons?|telemetry|rum|csp[-_]reports?|pixel|web-?vitals|_vercel/insights|cdn-cgi"
    r"|api/\d+/(?:envelope|store)|sockjs-node|__webpack_hmr|webpack-hmr|@vite|__nextjs[a-z_-]*)(?:[/.]|$)"
    r"|^/collect$|/api/sdk/replay$"
)
_FILE = (
    r"(?i)(?:\.(?:js|mjs|cjs|css|map|wasm|ico|png|jpe?g|gif|svg|webp|avif|bmp|woff2?|ttf|otf|eot|webmanifest|txt|xml"
    r"|mp[34]|m4[av]|webm|og[gv]|wav|m3u8|ts|vtt)|/manifest\.json|/apple-touch-icon[^/]*|\.hot-update\.json)$"
    r"|/\.well-known/"
)
_CODE_FILE = r"(?i)\.(?:js|mjs|cjs|css)$"


def requests_of(events: pl.DataFrame) -> pl.DataFrame:
    """The requests among events, with `event_id`, `started_at`, `path`, `own`, `telemetry`, `file` and `code_file`.

    `own` says whether the page's own site was asked; a URL that cannot be read is taken for it. `duration_ms` is null
    where it is none.
    """
    plausible = pl.when(pl.col("duration_ms").is_between(0, LONGEST_MS)).then("duration_ms")
    return (
        events.filter(pl.col("kind") == "network")
        .with_columns(duration_ms=plausible)
        .with_columns(
            event_id=event_id(),
            method=pl.col("method").str.to_uppercase().fill_null("GET"),
            started_at=pl.col("occurred_at") - pl.duration(microseconds=pl.col("duration_ms").fill_null(0) * 1000),
            path=pl.col("request_url").str.extract(_PATH).fill_null(""),
            host=host_of(pl.col("request_url")),
            page_host=host_of(pl.col("url")),
        )
        .with_columns(
            own=pl.any_horizontal(pl.col("host", "page_host").is_null()) | (_site("host") == _site("page_host"))
        )
        .with_columns(
            telemetry=(~pl.col("own") & pl.col("host").str.contains(TELEMETRY_HOST)).fill_null(value=False)
            | pl.col("path").str.contains(_TELEMETRY_PATH),
            file=pl.col("path").str.contains(_FILE),
            code_file=pl.col("path").str.contains(_CODE_FILE),
        )
        .drop("page_host")
    )


def host_of(url: pl.Expr) -> pl.Expr:
    """The host of a URL; null for a relative one, which is the page's own."""
    host = url.str.extract(_HOST).str.to_lowercase()
    return pl.when(host != "").then(host)


def _site(host: str) -> pl.Expr:
    numeric = pl.col(host).str.contains(_NUMERIC_HOST)
    return pl.when(numeric).then(host).otherwise(pl.coalesce(pl.col(host).str.extract(_SITE), host))


def is_web_address() -> pl.Expr:
    """Whether a request went over HTTP: a relative URL does, an extension's or `blob:` one does not."""
    scheme = pl.col("request_url").str.extract(r"^([A-Za-z][A-Za-z0-9+.-]*):").str.to_lowercase()
    return scheme.is_in(["http", "https"]).fill_null(value=True)


def with_request_template(requests: pl.DataFrame) -> pl.DataFrame:
    """Add `request`: the template of what is asked for, after its host if that is not the page's own."""
    parts = ("method", "request_url", "own", "host")
    distinct = requests.select(parts).unique(maintain_order=True)
    templates = [request_template(method, url or "").partition(" ")[2] for method, url, _, _ in distinct.iter_rows()]
    named = distinct.with_columns(template=pl.Series(templates, dtype=pl.String)).with_columns(
        request=pl.when("own").then("template").otherwise(pl.format("{}{}", "host", "template"))
    )
    return requests.join(named.select(*parts, "request"), on=parts, how="left", nulls_equal=True, maintain_order="left")


def with_click(requests: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add `clicked` and `clicked_at`, the latest click before each request began; in the order of the answers."""
    clicks = with_target(in_windows_of(events.filter(pl.col("kind") == "click"), requests))
    return with_last_click(requests, clicks).sort("occurred_at", "sequence", "event_index", "part")


def request_findings(requests: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row for each distinct method, template and `by` of a session, with what all findings about requests share.

    `called` is how a person reads the request, `took` how long its first answer took, with a leading ` after`.
    """
    first = ("window_id", "event_id", "occurred_at", "url", "trace_id", "duration_ms", "own", "request_url", "status")
    grouped = (
        with_request_template(requests)
        .group_by(*SESSION, "method", "request", *by, maintain_order=True)
        .agg(*(pl.col(name).first() for name in first if name not in by), *occurrences())
    )
    return grouped.with_columns(
        map_distinct(grouped["url"], route_template).alias("route"),
        called=pl.format("{} {}", "method", "request"),
        took=pl.coalesce(pl.format(" after {}", milliseconds(pl.col("duration_ms"))), pl.lit("")),
        request_detail=pl.struct("method", "status", "duration_ms", "trace_id", url=shown("request_url")),
    )
