"""Replays: finding sessions, and what is in one of them.

Belongs here: what can be asked of sessions and their recordings. Does not: how a replay is made (retrace_assets), or
how it is asked for and shown (the faces).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from retrace_app.actions.listing import (
    FIRST_PAGE,
    Condition,
    Order,
    Page,
    PageRequest,
    Place,
    Row,
    Tenant,
    between,
    equal,
    read_page,
    read_rows,
)
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MIB
from retrace_core.tables import REPLAY_BATCHES, REPLAY_EVENTS, REPLAY_PAYLOADS, REPLAYS, SIGNALS
from retrace_resources.lake import Lake, Reading

NEWEST_FIRST: Final = Order((("started_at", datetime), ("replay_id", str)), descending=True)
EVENT_ORDER: Final = Order((("window_at", int), ("window_id", str), ("sequence", int), ("event_index", int)))

WITHIN: Final = ("day", "started_at", "session_id")
"""What tells where the rows of a session are."""

MOST_BATCHES: Final = 2_000
"""Batches told of one session: one every five seconds for nearly three hours."""

MOST_SIGNALS: Final = 500
"""Signals told of one session."""

_PAGE_BYTES: Final = 4 * MIB
"""JSON of events in a page; a page that reaches it ends early, so that snapshots cannot make it gigabytes."""

_BATCHES_A_PAGE: Final = 100

_HIDDEN_OF_BATCHES: Final = ("commit_no", "content_hash", "segment", "metadata")
_BATCH_COLUMNS: Final = [name for name in REPLAY_BATCHES.column_names if name not in _HIDDEN_OF_BATCHES]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilter:
    """Which sessions; None does not narrow. Times are naive UTC, `url` and `route` any part of a page seen."""

    status: str | None = None
    distinct_id: str | None = None
    release: str | None = None
    url: str | None = None
    route: str | None = None
    has_errors: bool | None = None
    min_duration_ms: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive events of one batch in a page: from which position, how many."""

    window_id: str
    sequence: int
    event_index: int
    count: int


@dataclass(frozen=True, slots=True)
class EventPage:
    """rrweb events as redacted JSON, the batches they come from, and where the next page begins."""

    events: list[msgspec.Raw]
    spans: list[Span]
    end: Place | None


@dataclass(frozen=True, slots=True)
class Replay:
    """A session with its parts, without its events."""

    session: Row
    windows: list[Row]
    batches: list[Row]
    signals: list[Row]


def list_replays(lake: Lake, tenant: Tenant, chosen: ReplayFilter, page: PageRequest = FIRST_PAGE) -> Page:
    """List sessions, those that began last first."""
    conditions = [tenant.condition, *_conditions(chosen)]
    return read_page(
        lake, table=REPLAYS, columns=REPLAYS.column_names, order=NEWEST_FIRST, conditions=conditions, page=page
    )


def find_replay(
    reader: Lake | Reading, tenant: Tenant, replay_id: str, columns: Sequence[str] = REPLAYS.column_names
) -> Row:
    """Find a session's row, or some columns of it, by its public id; raises `replay_not_found`."""
    found = [tenant.condition, *equal(replay_id=replay_id)]
    rows = read_rows(reader, ", ".join(columns), REPLAYS.name, found, "LIMIT 1")
    if not rows:
        raise RetraceError(ErrorCode.REPLAY_NOT_FOUND, f"nothing is known as {replay_id!r}")
    return rows[0]


def within(session: Mapping[str, Any]) -> Condition:
    """Rows of one session, by its row or the columns `WITHIN` of it."""
    # The start finds the files and the rows in them; compared with it as a row, the rest does not look for files too.
    return (
        "started_at = $started_at AND (day, session_id) = ($day, $session_id)",
        {name: session[name] for name in WITHIN},
    )


def show_replay(reader: Lake | Reading, tenant: Tenant, session: Row) -> Replay:
    """Read what belongs to a session: its windows, batches and signals, the first of each that are too many."""
    conditions = [tenant.condition, within(session)]
    windows = read_rows(
        reader,
        "window_id, min(first_at) AS first_at, max(last_at) AS last_at, count(*) AS batches, "
        "sum(event_count)::BIGINT AS events, bool_or(flush_type = 'final') AS is_closed, "
        "max(sequence) + 1 - count(*) AS sequence_gaps, arg_max(clock_offset_ms, sequence) AS clock_offset_ms, "
        "arg_max(last_url, sequence) AS last_url",
        REPLAY_BATCHES.name,
        conditions,
        f"GROUP BY window_id ORDER BY first_at, window_id LIMIT {MOST_BATCHES}",
    )
    batches = read_rows(
        reader,
        ", ".join(_BATCH_COLUMNS),
        REPLAY_BATCHES.name,
        conditions,
        f"ORDER BY min(first_at) OVER (PARTITION BY window_id), window_id, sequence LIMIT {MOST_BATCHES}",
    )
    signals = read_rows(reader, "*", SIGNALS.name, conditions, f"ORDER BY occurred_at, signal_id LIMIT {MOST_SIGNALS}")
    return Replay(session, windows, batches, signals)


def read_events(
    reader: Lake | Reading, tenant: Tenant, session: Row, window_id: str | None = None, page: PageRequest = FIRST_PAGE
) -> EventPage:
    """Read a page of a session's events in the order of windows and sequence; it may end before its limit, at 4 MiB."""
    batches, are_more = _batches_from(reader, tenant, session, window_id, page)
    payloads = _payloads(reader, tenant, session, batches)
    events: list[msgspec.Raw] = []
    spans: list[Span] = []
    size = 0
    end: Place | None = None
    for batch in batches:
        recorded = payloads.get((batch.window_id, batch.sequence), [])
        start = position = batch.start
        while position < len(recorded) and len(events) < page.limit and size < _PAGE_BYTES:
            events.append(recorded[position])
            size += len(memoryview(recorded[position]))
            position += 1
        if position > start:
            spans.append(Span(batch.window_id, batch.sequence, start, position - start))
        end = (batch.window_at, batch.window_id, batch.sequence, position - 1)
        if position < len(recorded):
            return EventPage(events, spans, end)
    return EventPage(events, spans, end if are_more else None)


class _Batch(NamedTuple):
    """A batch as a place of `EVENT_ORDER`, and the position of its first event that is due."""

    window_at: int
    window_id: str
    sequence: int
    start: int


def _batches_from(
    reader: Lake | Reading, tenant: Tenant, session: Row, window_id: str | None, page: PageRequest
) -> tuple[list[_Batch], bool]:
    """The batches that are enough for a page, and whether others follow."""
    conditions = [tenant.condition, within(session), *equal(window_id=window_id)]
    begin = ""
    after = page.after
    if after is not None:
        marks = dict(zip(("at", "window", "sequence"), after, strict=False))
        # A condition that always holds: it only brings the values along.
        conditions.append(("$at IS NOT NULL", marks))
        begin = "QUALIFY (window_at, window_id, sequence) >= ($at, $window, $sequence) "
    rows = read_rows(
        reader,
        "window_id, sequence, event_count, raw_bytes, "
        "coalesce(epoch_us(min(first_at) OVER (PARTITION BY window_id)), 0) AS window_at",
        REPLAY_BATCHES.name,
        conditions,
        f"{begin}ORDER BY window_at, window_id, sequence LIMIT {_BATCHES_A_PAGE + 1}",
    )
    chosen: list[_Batch] = []
    events = size = 0
    for row in rows[:_BATCHES_A_PAGE]:
        if events >= page.limit or size >= _PAGE_BYTES:
            break
        name = (row["window_at"], row["window_id"], row["sequence"])
        start = int(after[-1]) + 1 if after is not None and after[:-1] == name else 0
        chosen.append(_Batch(*name, start))
        events += max(row["event_count"] - start, 0)
        size += row["raw_bytes"]
    return chosen, len(chosen) < len(rows)


def _payloads(
    reader: Lake | Reading, tenant: Tenant, session: Row, batches: Sequence[_Batch]
) -> dict[tuple[str, int], list[msgspec.Raw]]:
    """The events of some batches, not decoded."""
    names = {"windows": [batch.window_id for batch in batches], "sequences": [batch.sequence for batch in batches]}
    rows = (
        read_rows(
            reader,
            "window_id, sequence, events",
            REPLAY_PAYLOADS.name,
            [
                tenant.condition,
                within(session),
                ("(window_id, sequence) IN (SELECT (unnest($windows), unnest($sequences)))", names),
            ],
        )
        if batches
        else []
    )
    return {
        (row["window_id"], row["sequence"]): msgspec.json.decode(row["events"], type=list[msgspec.Raw]) for row in rows
    }


def _conditions(chosen: ReplayFilter) -> list[Condition]:
    conditions = equal(status=chosen.status, distinct_id=chosen.distinct_id, release=chosen.release)
    conditions += between("started_at", chosen.since, chosen.until)
    if chosen.has_errors is not None:
        conditions.append((f"(errors > 0 OR failed_requests > 0) = {chosen.has_errors}", {}))
    if chosen.min_duration_ms is not None:
        conditions.append(("duration_ms >= $min_duration_ms", {"min_duration_ms": chosen.min_duration_ms}))
    return conditions + _seen(chosen)


def _seen(chosen: ReplayFilter) -> list[Condition]:
    """Sessions with an event on such a page; their span bounds the look.

    A bare `IN` would have the join hold every session, all columns of it; what is made of its answer has it hold the
    sessions seen, so that the page is filled from the newest file. An environment is of one project, which the list
    names as well: here it is enough, and one comparison of a million events less.
    """
    parts = {name: part for name, part in (("url", chosen.url), ("route", chosen.route)) if part}
    if not parts:
        return []
    where = [f"contains({name}, $seen_{name})" for name in parts]
    where += [sql for sql, _ in between("started_at", chosen.since, chosen.until)]
    return [
        (
            f"coalesce(session_id IN (SELECT DISTINCT session_id FROM {REPLAY_EVENTS.name} "
            f"WHERE environment_id = $environment_id AND {' AND '.join(where)}), false)",
            {f"seen_{name}": part for name, part in parts.items()},
        )
    ]
