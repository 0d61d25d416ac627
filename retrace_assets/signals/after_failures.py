"""Which failure another failure follows from.

Belongs here: errors, messages, blank pages and parts that did not load, linked by time and by what they say. Does not:
clicks (after_clicks), or what is made of the links (causes).
"""

import polars as pl

from retrace_assets.signals.errors import ESCAPED, FAILED_CHUNK
from retrace_assets.signals.findings import WINDOW, join_nearest, milliseconds, occurrences_of
from retrace_core.distinct import map_distinct
from retrace_core.parametrise import route_template

# A page handles an answer in the same task or the next; a second leaves room for slow devices. Our recordings: 0-5 ms.
ERROR_AFTER_REQUEST_MS = 1_000
# The recorder reports a request when its body was read, which may be after the page's own handler had run.
CLOCK_SKEW_MS = 100
# A framework's own words about an exception come in the task that threw it, and so does the message a handler shows.
LINE_BESIDE_EXCEPTION_MS = 100
# A page is blank as soon as what draws it has failed, or is drawn anew for the last time just before.
BLANK_BESIDE_FAILURE_MS = 1_000

_REQUESTS = ("network_5xx", "network_4xx")
# A path or URL in a message, and a status that says that something failed.
_URL = r"""(https?://[^\s"'<>)]+|/[\w.~%-]+(?:/[\w.~%-]+)+)"""
# The path in a request's template, which may begin with a host and end with an operation.
_PATH = r"^[^/]*(/\S*)"
_STATUS = r"\b([45]\d\d)\b"


def errors_after_requests(findings: pl.DataFrame) -> pl.DataFrame:
    """Link errors and messages to the failed request they report: `effect`, `cause`, `because`."""
    requests = occurrences_of(findings, _REQUESTS, "method", "request", "status").rename({"signal_id": "cause"})
    requests = requests.select(
        *WINDOW,
        "cause",
        "method",
        "request",
        "status",
        path=pl.col("request").str.extract(_PATH),
        answered_at=pl.col("occurred_at"),
    )
    errors = occurrences_of(findings, ("console_error", "error_toast"), "error").rename({"signal_id": "effect"})
    message = pl.col("error").struct.field("message")
    errors = errors.select(
        *WINDOW,
        "effect",
        "occurred_at",
        "clicked_at",
        latest_at=pl.col("occurred_at") + pl.duration(milliseconds=CLOCK_SKEW_MS),
        named_url=message.str.extract(_URL),
        named_status=message.str.extract(_STATUS).cast(pl.Int32),
    ).sort("latest_at")
    named_paths = map_distinct(errors["named_url"], route_template).alias("named_path")
    errors = errors.with_row_index("occurrence").with_columns(named_paths)
    candidates = pl.concat(
        [
            _latest_before(errors, requests, "named_path", "path", rank=0),
            _latest_before(errors, requests, "named_status", "status", rank=1),
            _latest_before(errors, requests, None, None, rank=2),
        ]
    )
    no_click_between = (pl.col("rank") == 0) | (pl.col("clicked_at") <= pl.col("answered_at")).fill_null(value=True)
    chosen = candidates.filter(no_click_between).sort("occurrence", "rank").unique("occurrence", maintain_order=True)
    sizes = errors.group_by("effect").agg(pl.len().alias("all"))
    return (
        chosen.group_by("effect", "cause", maintain_order=True)
        .agg(
            pl.len().alias("linked"),
            pl.col("rank").min(),
            (pl.col("occurred_at") - pl.col("answered_at")).first().dt.total_milliseconds().clip(0).alias("after"),
            pl.col("method", "request", "status").first(),
        )
        .join(sizes, on="effect")
        .filter(pl.col("linked") * 2 >= pl.col("all"))
        .sort("effect", "linked", "rank", "cause", descending=[False, True, False, False])
        .unique("effect", keep="first", maintain_order=True)
        .select(
            "effect",
            "cause",
            because=pl.format(
                "it came {} after {} {} was answered with {}",
                milliseconds(pl.col("after")),
                "method",
                "request",
                "status",
            ),
        )
    )


def _latest_before(
    errors: pl.DataFrame, requests: pl.DataFrame, named: str | None, column: str | None, rank: int
) -> pl.DataFrame:
    """Pair each error with the latest failed request before it, among those it names if `named` is a column."""
    by = list(WINDOW)
    if named is not None and column is not None:
        errors = errors.filter(pl.col(named).is_not_null()).with_columns(name=pl.col(named))
        requests = requests.with_columns(name=pl.col(column))
        by = [*by, "name"]
    pairs = errors.pipe(
        join_nearest,
        requests,
        left_on="latest_at",
        right_on="answered_at",
        by=by,
        within_ms=ERROR_AFTER_REQUEST_MS + CLOCK_SKEW_MS,
    )
    wanted = (
        "occurrence",
        "effect",
        "cause",
        "occurred_at",
        "clicked_at",
        "answered_at",
        "method",
        "request",
        "status",
    )
    return pairs.filter(pl.col("cause").is_not_null()).select(*wanted, rank=pl.lit(rank))


def lines_beside_exceptions(findings: pl.DataFrame) -> pl.DataFrame:
    """Link printed lines to the escaped exception they are about: `effect`, `cause`, `because`."""
    errors = occurrences_of(findings, ("console_error",), "reason_codes", "message").sort("occurred_at")
    escaped = pl.col("reason_codes").list.contains(ESCAPED)
    exceptions = errors.filter(escaped).select(
        *WINDOW, cause="signal_id", subject="message", failed_at=pl.col("occurred_at")
    )
    lines = errors.filter(~escaped).select(*WINDOW, "occurred_at", effect="signal_id")
    return _mostly_beside(lines, exceptions, LINE_BESIDE_EXCEPTION_MS)


def messages_beside_errors(findings: pl.DataFrame) -> pl.DataFrame:
    """Link messages to the error that was thrown or printed beside them: `effect`, `cause`, `because`."""
    shown = occurrences_of(findings, ("error_toast",)).select(*WINDOW, "occurred_at", effect="signal_id")
    return _mostly_beside(shown, _failures(findings, ("console_error", "failed_chunk")), LINE_BESIDE_EXCEPTION_MS)


def blank_pages_beside_failures(findings: pl.DataFrame) -> pl.DataFrame:
    """Link blank pages to the failure at their beginning, errors before requests: `effect`, `cause`, `because`."""
    blank = occurrences_of(findings, ("blank_render",)).select(*WINDOW, "occurred_at", effect="signal_id")
    ways = (("console_error",), ("failed_chunk",), _REQUESTS)
    return pl.concat([_mostly_beside(blank, _failures(findings, causes), BLANK_BESIDE_FAILURE_MS) for causes in ways])


def chunks_and_their_words(findings: pl.DataFrame) -> pl.DataFrame:
    """Link what is said about a part that did not load to it, and it to the server that failed to send it.

    `effect`, `cause`, `because`.
    """
    chunks = _failures(findings, ("failed_chunk",))
    about = pl.col("error").struct.field("message").str.contains(FAILED_CHUNK)
    lines = occurrences_of(findings, ("console_error",), "error").filter(about.fill_null(value=False))
    said = lines.select(*WINDOW, "occurred_at", effect="signal_id")
    unsent = chunks.rename({"cause": "effect", "failed_at": "occurred_at"}).drop("subject")
    return pl.concat(
        [
            _mostly_beside(unsent, _failures(findings, ("network_5xx",)), 0),
            _mostly_beside(said, chunks, ERROR_AFTER_REQUEST_MS),
        ]
    )


def parts_of_what_is_missing(findings: pl.DataFrame) -> pl.DataFrame:
    """Link a request for a part of something to that for the whole, refused alike: `effect`, `cause`, `because`.

    `/articles/x/comments` cannot be there when `/articles/x` is not.
    """
    first = pl.col("occurrences").list.first().struct.field("occurred_at")
    refused = findings.filter(pl.col("detector") == "network_4xx").select(
        *WINDOW, "signal_id", "request", "status", at=first
    )
    apart = (pl.col("at") - pl.col("at_whole")).dt.total_milliseconds().abs()
    begins = pl.col("request").str.starts_with(pl.format("{}/", "request_whole"))
    return (
        refused.join(refused, on=[*WINDOW, "status"], suffix="_whole")
        .filter((begins & (apart <= ERROR_AFTER_REQUEST_MS)).fill_null(value=False))
        # Of several the nearest: its own cause is the next one up.
        .sort("signal_id", pl.col("request_whole").str.len_chars(), descending=[False, True])
        .unique("signal_id", keep="first", maintain_order=True)
        .select(
            effect="signal_id",
            cause="signal_id_whole",
            because=pl.format("{}, which it is a part of, was answered with {}", "request_whole", "status"),
        )
    )


def ends_after_failures(findings: pl.DataFrame) -> pl.DataFrame:
    """Link the end of a visit to the finding about the failure it came after: `effect`, `cause`, `because`."""
    ends = occurrences_of(findings, ("session_abandon_on_error",)).select(*WINDOW, "occurred_at", effect="signal_id")
    ways = (("network_5xx", "network_4xx", "failed_chunk"), ("console_error",))
    return pl.concat([_mostly_beside(ends, _failures(findings, causes), LINE_BESIDE_EXCEPTION_MS) for causes in ways])


def _failures(findings: pl.DataFrame, detectors: tuple[str, ...]) -> pl.DataFrame:
    return occurrences_of(findings, detectors, "message").select(
        *WINDOW, cause="signal_id", subject="message", failed_at=pl.col("occurred_at")
    )


def _mostly_beside(effects: pl.DataFrame, causes: pl.DataFrame, within_ms: int) -> pl.DataFrame:
    """Link an effect to the cause that is nearest to at least half of its occurrences."""
    beside = (
        effects.sort("occurred_at")
        .with_columns(all=pl.len().over("effect"))
        .pipe(
            join_nearest, causes, left_on="occurred_at", right_on="failed_at", strategy="nearest", within_ms=within_ms
        )
    )
    apart = (pl.col("occurred_at") - pl.col("failed_at")).dt.total_milliseconds().abs()
    return (
        beside.filter(pl.col("cause").is_not_null())
        .group_by("effect", "cause", "subject", maintain_order=True)
        .agg(pl.len().alias("linked"), pl.col("all").first(), apart.first().alias("apart"))
        .filter(pl.col("linked") * 2 >= pl.col("all"))
        .sort("effect", "linked", "cause", descending=[False, True, False])
        .unique("effect", keep="first", maintain_order=True)
        .select(
            "effect", "cause", because=pl.format("it came within {} of “{}”", milliseconds(pl.col("apart")), "subject")
        )
    )
