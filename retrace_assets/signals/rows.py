"""From findings to the rows of `signals`.

Belongs here: ids, fingerprints, evidence as JSON, and what a signal takes over from its session. Does not: finding
(detectors) or deciding what follows from what (causes).
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from retrace_assets.signals.causes import attribute_causes
from retrace_assets.signals.detector import Recordings
from retrace_assets.signals.findings import SESSION, in_order
from retrace_assets.signals.fingerprint import FINGERPRINT_VERSION, fingerprint
from retrace_assets.signals.rules import Rule
from retrace_assets.signals.splits import Split, split_signals
from retrace_core.ids import signal_id
from retrace_core.tables import SIGNALS

# A page that throws something new at every tick must not fill the queue: no person reads past the first hundred.
FINDINGS_A_SESSION = 100
EVENTS_SHOWN = 20
# They are about the click itself: that it came after one is no news.
_ABOUT_CLICKS = ("rage_click", "dead_click", "error_click")
_INSTANT = "%Y-%m-%dT%H:%M:%S%.3fZ"


def find_signals(
    recordings: Recordings, sessions: pl.DataFrame, rules: Sequence[Rule], splits: Sequence[Split] = ()
) -> pl.DataFrame:
    """Judge the recordings of some sessions and give their rows of `signals`.

    Events may come in any order; `sessions` are rows of `replays`. A session keeps the first 100 findings of each
    detector that are not left alone.
    """
    ordered = replace(recordings, events=in_order(recordings.events), page=in_order(recordings.page))
    return signal_rows([rule.find(ordered) for rule in rules], sessions, splits)


def signal_rows(found: Sequence[pl.DataFrame], sessions: pl.DataFrame, splits: Sequence[Split] = ()) -> pl.DataFrame:
    """Name the findings of some rules, link consequences to causes, and add what their sessions know.

    What follows from a finding that is left alone is left alone with it: it is the same bug.
    """
    if not any(findings.height for findings in found):
        return pl.DataFrame(SIGNALS.arrow_schema.empty_table())
    ordered = pl.concat(found).sort(*SESSION, "detector", "occurred_at", "event_id")
    place = pl.int_range(pl.len()).over(*SESSION, "detector", "suppressed")
    kept = ordered.filter(place < FINDINGS_A_SESSION)
    named = kept.with_columns(
        pl.Series(
            "signal_id",
            [signal_id(*names) for names in kept.select(*SESSION[1:], "detector", "event_id").iter_rows()],
            dtype=pl.String,
        ),
        pl.Series(
            "own_fingerprint",
            [fingerprint(*parts) for parts in kept.select("detector", "identity").iter_rows()],
            dtype=pl.String,
        ),
    )
    known = sessions.select(*SESSION, "day", "started_at", "first_at", "distinct_id", "release")
    rows = (
        _not_left_alone(attribute_causes(named))
        .join(known, on=SESSION, how="inner", maintain_order="left")
        .with_columns(
            offset_ms=(pl.col("occurred_at") - pl.col("first_at")).dt.total_milliseconds(),
            fingerprint_version=pl.lit(FINGERPRINT_VERSION, pl.Int16),
            evidence=_evidence(),
        )
        .select(SIGNALS.column_names)
        .sort("started_at", "session_id", "occurred_at", "signal_id")
    )
    return split_signals(rows, splits)


def _not_left_alone(findings: pl.DataFrame) -> pl.DataFrame:
    """Drop suppressed findings, and all that follows from them."""
    gone: set[str] = set()
    going = set(findings.filter("suppressed")["signal_id"])
    while going - gone:
        gone |= going
        going = set(findings.filter(pl.col("cause").is_in(gone))["signal_id"])
    return findings.filter(~pl.col("signal_id").is_in(gone)) if gone else findings


def _evidence() -> pl.Expr:
    """Event ids, times, element, request and error as JSON; the cause, if there is one."""
    first = pl.col("occurrences").list.first()
    event = pl.element().struct
    events = (
        pl.col("occurrences")
        .list.head(EVENTS_SHOWN)
        .list.eval(pl.struct(event.field("event_id"), at=event.field("occurred_at").dt.strftime(_INSTANT)))
    )
    clicked = first.struct.field("clicked")
    after_click = pl.when(clicked.is_not_null() & ~pl.col("detector").is_in(_ABOUT_CLICKS)).then(
        pl.struct(
            target=clicked,
            ms=(first.struct.field("started_at") - first.struct.field("clicked_at")).dt.total_milliseconds(),
        )
    )
    cause = pl.when(pl.col("cause").is_not_null()).then(pl.struct("because", signal_id="cause"))
    return pl.struct(
        "count",
        "element",
        "error",
        "expected",
        "suspect",
        events=events,
        request="request_detail",
        after_click=after_click,
        cause=cause,
    ).struct.json_encode()
