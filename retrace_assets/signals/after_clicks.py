"""Which failure a click without an answer follows from.

Belongs here: rage clicks, dead clicks and error clicks, linked by the control that was clicked. Does not: failures that
follow from failures (after_failures), or what is made of the links (causes).
"""

import polars as pl

from retrace_assets.signals.errors import ESCAPED
from retrace_assets.signals.findings import WINDOW, join_nearest, milliseconds, occurrences_of

# A handler sends its request at once; what starts later than this after a click started for another reason.
REQUEST_AFTER_CLICK_MS = 250
ERROR_AFTER_CLICK_MS = 1_000
# How long after a failed click a person who tries again still tries because of it.
TRY_AGAIN_MS = 10_000

# Failures that answer clicks, the surest first: what a server says about itself, then what the page's code says.
_FAILURES = {"network_5xx": 0, "network_4xx": 1, "failed_chunk": 2, "console_error": 3, "slow_request": 4}
_REQUESTS = ("network_5xx", "network_4xx", "slow_request")
_BY_CLICKS = ("rage_click", "dead_click", "error_click")


def clicks_after_failures(findings: pl.DataFrame) -> pl.DataFrame:
    """Link findings about clicks to the failure that answers them: `effect`, `cause`, `because`."""
    clicks = occurrences_of(findings, _BY_CLICKS).with_columns(
        position=pl.int_range(pl.len()).over("signal_id"), all=pl.len().over("signal_id")
    )
    clicks = clicks.rename({"signal_id": "effect"}).select(
        *WINDOW, "effect", "clicked", "clicked_at", "position", "all", run=pl.col("detector") == "rage_click"
    )
    answers = _answers(findings)
    in_run = (
        clicks.join(answers, on=[*WINDOW, "clicked", "clicked_at"])
        .group_by("effect", "cause", "order", "sure", "subject", maintain_order=True)
        .agg(
            pl.col("clicked_at").n_unique().alias("answered"),
            (pl.col("position") == 0).any().alias("first"),
            pl.col("all", "run").first(),
        )
        .filter(
            # A line that is printed once in a run of clicks is no answer to it.
            (((pl.col("answered") >= 2) | ~pl.col("run")) & (pl.col("answered") * 2 >= pl.col("all")))
            | (pl.col("first") & pl.col("sure"))
        )
        .with_columns(because=pl.format("{} of its {} clicks were answered by {}", "answered", "all", "subject"))
    )
    before = (
        clicks.filter(pl.col("position") == 0)
        .pipe(
            join_nearest,
            answers.filter("sure").rename({"clicked_at": "tried_at"}),
            left_on="clicked_at",
            right_on="tried_at",
            by=[*WINDOW, "clicked"],
            within_ms=TRY_AGAIN_MS,
            allow_exact_matches=False,
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
    failures = occurrences_of(findings, tuple(_FAILURES), "message", "reason_codes")
    is_request = pl.col("detector").is_in(_REQUESTS)
    allowed = pl.when(is_request).then(REQUEST_AFTER_CLICK_MS).otherwise(ERROR_AFTER_CLICK_MS)
    took = (pl.col("started_at") - pl.col("clicked_at")).dt.total_milliseconds()
    return failures.filter((took <= allowed).fill_null(value=False)).select(
        *WINDOW,
        "clicked",
        "clicked_at",
        cause=pl.col("signal_id"),
        order=pl.col("detector").replace_strict(_FAILURES, return_dtype=pl.Int32),
        sure=(pl.col("detector") != "console_error") | pl.col("reason_codes").list.contains(ESCAPED),
        subject=pl.format("“{}”", "message"),
    )


def rage_after_dead_clicks(findings: pl.DataFrame) -> pl.DataFrame:
    """Link runs of clicks to the finding that a click on the same control did nothing: `effect`, `cause`, `because`."""
    runs = occurrences_of(findings, ("rage_click",)).rename({"signal_id": "effect"})
    dead = occurrences_of(findings, ("dead_click",)).select(*WINDOW, "clicked", cause="signal_id", dead_at="clicked_at")
    return (
        runs.pipe(
            join_nearest,
            dead,
            left_on="clicked_at",
            right_on="dead_at",
            by=[*WINDOW, "clicked"],
            strategy="nearest",
            within_ms=TRY_AGAIN_MS,
        )
        .filter(pl.col("cause").is_not_null())
        .unique("effect", keep="first", maintain_order=True)
        .select("effect", "cause", because=pl.lit("clicks on the same control have no effect"))
    )
