"""One incident a bug: a finding that follows from another takes its fingerprint.

Belongs here: the rule by which one finding is a consequence of another. Does not: what a finding is (detectors), or
how equal bugs of many sessions meet (their fingerprints are equal).
"""

from collections.abc import Mapping

import polars as pl

from retrace_assets.signals.findings import SESSION, WINDOW, mapped, milliseconds
from retrace_core.parametrise import route_template

# A page handles an answer in the same task or the next; a second leaves room for slow devices. Our recordings: 0-5 ms.
ERROR_AFTER_REQUEST_MS = 1_000
# The recorder reports a request when its body was read, which may be after the page's own handler had run.
CLOCK_SKEW_MS = 100
# A handler sends its request at once; what starts later than this after a click started for another reason.
REQUEST_AFTER_CLICK_MS = 250
ERROR_AFTER_CLICK_MS = 1_000
# How long after a failed click a person who tries again still tries because of it.
TRY_AGAIN_MS = 10_000
# A framework's own words about an exception come in the task that threw it.
LINE_BESIDE_EXCEPTION_MS = 100

# Causes, the surest first: what a server says about itself, then what the page's code says.
_CAUSES = {"network_5xx": 0, "console_error": 1}
_BY_CLICKS = ("rage_click",)
# The reason code of exceptions nobody caught.
ESCAPED = "browser_exception"
# A path or URL in a message, and a status that is the server's fault.
_URL = r"""(https?://[^\s"'<>)]+|/[\w.~%-]+(?:/[\w.~%-]+)+)"""
# The path in a request's template, which may begin with a host and end with an operation.
_PATH = r"^[^/]*(/\S*)"
_STATUS = r"\b(5\d\d)\b"


def attribute_causes(findings: pl.DataFrame) -> pl.DataFrame:
    """Add `cause`, `because` and `fingerprint` to findings that have `signal_id`, `detector` and `own_fingerprint`.

    `cause` is the signal a finding is a direct consequence of, `because` says why in words, `fingerprint` is the own
    fingerprint of the first cause in the chain; without a cause they are null, null and the finding's own. Causes are
    looked for in the same window only, and network_5xx goes before console_error before rage_click:

    - A console_error follows from a failed request when at least half of its occurrences come from 100 ms before (the
      recorder may report the request late) to 1,000 ms after the request was answered, unless the user clicked in
      between. Of several requests the one whose path the message names is taken, then one whose status it names, then
      the latest.
    - A printed line follows from an escaped exception when at least half of its occurrences come within 100 ms of one:
      frameworks report what they caught (`The above error occurred in …`) beside the error itself.
    - A rage_click follows from a failure that answers its clicks: a request that starts within 250 ms, or an error that
      comes within 1,000 ms, of a click on the same control and before the next click. It must answer at least two
      clicks and half of them; or, for a request or an escaped exception, the first click of the run or the latest on
      that control in the 10 s before it (the control may be stuck since).

    Everything else keeps its own fingerprint: two unrelated bugs of one session stay two.
    """
    found = [_errors_after_requests(findings), _lines_beside_exceptions(findings), _clicks_after_failures(findings)]
    links = pl.concat(found).unique("effect", keep="first", maintain_order=True)
    own = dict(zip(findings["signal_id"], findings["own_fingerprint"], strict=True))
    causes = dict(zip(links["effect"], links["cause"], strict=True))
    return findings.join(
        links.rename({"effect": "signal_id"}), on="signal_id", how="left", maintain_order="left"
    ).with_columns(
        pl.Series(
            "fingerprint",
            [own[_root(signal, causes)] for signal in findings["signal_id"]],
            dtype=pl.String,
        )
    )


def _root(signal: str, causes: Mapping[str, str]) -> str:
    # Ends, since causes come before consequences: request, exception, printed line, rage clicks.
    while signal in causes:
        signal = causes[signal]
    return signal


def _occurrences(findings: pl.DataFrame, detectors: list[str], *columns: str) -> pl.DataFrame:
    """One row an occurrence of these detectors' findings, with `signal_id` and `columns` of the finding."""
    return (
        findings.filter(pl.col("detector").is_in(detectors))
        .select(*SESSION, "signal_id", "detector", *columns, "occurrences")
        .explode("occurrences")
        .unnest("occurrences")
    )


def _errors_after_requests(findings: pl.DataFrame) -> pl.DataFrame:
    requests = _occurrences(findings, ["network_5xx"], "method", "request", "status").rename({"signal_id": "cause"})
    requests = requests.select(
        *WINDOW,
        "cause",
        "method",
        "request",
        "status",
        path=pl.col("request").str.extract(_PATH),
        answered_at=pl.col("occurred_at"),
    ).sort("answered_at")
    errors = _occurrences(findings, ["console_error"], "error").rename({"signal_id": "effect"})
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
    named_paths = mapped(errors["named_url"], route_template).alias("named_path")
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
    pairs = errors.join_asof(
        requests,
        left_on="latest_at",
        right_on="answered_at",
        by=by,
        tolerance=f"{ERROR_AFTER_REQUEST_MS + CLOCK_SKEW_MS}ms",
        coalesce=False,
        check_sortedness=False,
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


def _lines_beside_exceptions(findings: pl.DataFrame) -> pl.DataFrame:
    errors = _occurrences(findings, ["console_error"], "reason_codes", "message").sort("occurred_at")
    escaped = pl.col("reason_codes").list.contains(ESCAPED)
    exceptions = errors.filter(escaped).select(
        *WINDOW, cause="signal_id", subject="message", thrown_at=pl.col("occurred_at")
    )
    lines = errors.filter(~escaped).select(*WINDOW, "occurred_at", effect="signal_id")
    beside = lines.with_columns(all=pl.len().over("effect")).join_asof(
        exceptions,
        left_on="occurred_at",
        right_on="thrown_at",
        by=list(WINDOW),
        strategy="nearest",
        tolerance=f"{LINE_BESIDE_EXCEPTION_MS}ms",
        coalesce=False,
        check_sortedness=False,
    )
    apart = (pl.col("occurred_at") - pl.col("thrown_at")).dt.total_milliseconds().abs()
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


def _clicks_after_failures(findings: pl.DataFrame) -> pl.DataFrame:
    clicks = _occurrences(findings, list(_BY_CLICKS)).with_columns(
        position=pl.int_range(pl.len()).over("signal_id"), all=pl.len().over("signal_id")
    )
    clicks = clicks.rename({"signal_id": "effect"}).select(
        *WINDOW, "effect", "clicked", "clicked_at", "position", "all"
    )
    answers = _answers(findings)
    in_run = (
        clicks.join(answers, on=[*WINDOW, "clicked", "clicked_at"])
        .group_by("effect", "cause", "order", "sure", "subject", maintain_order=True)
        .agg(
            pl.col("clicked_at").n_unique().alias("answered"),
            (pl.col("position") == 0).any().alias("first"),
            pl.col("all").first(),
        )
        .filter(
            ((pl.col("answered") >= 2) & (pl.col("answered") * 2 >= pl.col("all"))) | (pl.col("first") & pl.col("sure"))
        )
        .with_columns(because=pl.format("{} of its {} clicks were answered by {}", "answered", "all", "subject"))
    )
    before = (
        clicks.filter(pl.col("position") == 0)
        .sort("clicked_at")
        .join_asof(
            answers.filter("sure").rename({"clicked_at": "tried_at"}).sort("tried_at"),
            left_on="clicked_at",
            right_on="tried_at",
            by=[*WINDOW, "clicked"],
            tolerance=f"{TRY_AGAIN_MS}ms",
            allow_exact_matches=False,
            coalesce=False,
            check_sortedness=False,
        )
        .filter(pl.col("cause").is_not_null())
        .with_columns(
            answered=pl.lit(1, pl.UInt32),
            because=pl.format(
                "a click on the same control {} before was answered by {}",
                milliseconds((pl.col("clicked_at") - pl.col("tried_at")).dt.total_milliseconds()),
                "subject",
            ),
        )
    )
    wanted = ("effect", "cause", "order", "answered", "because")
    return (
        pl.concat([in_run.select(wanted), before.select(wanted)])
        .sort("effect", "order", "answered", "cause", "because", descending=[False, False, True, False, False])
        .unique("effect", keep="first", maintain_order=True)
        .select("effect", "cause", "because")
    )


def _answers(findings: pl.DataFrame) -> pl.DataFrame:
    """Failures that answer a click: which control, when it was clicked, and what came of it."""
    failures = _occurrences(findings, list(_CAUSES), "message", "reason_codes")
    is_request = pl.col("detector") == "network_5xx"
    allowed = pl.when(is_request).then(REQUEST_AFTER_CLICK_MS).otherwise(ERROR_AFTER_CLICK_MS)
    took = (pl.col("started_at") - pl.col("clicked_at")).dt.total_milliseconds()
    return failures.filter((took <= allowed).fill_null(value=False)).select(
        *WINDOW,
        "clicked",
        "clicked_at",
        cause=pl.col("signal_id"),
        order=pl.col("detector").replace_strict(_CAUSES, return_dtype=pl.Int32),
        sure=is_request | pl.col("reason_codes").list.contains(ESCAPED),
        subject=pl.format("“{}”", "message"),
    )
