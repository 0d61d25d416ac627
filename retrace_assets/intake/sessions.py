"""What the lake already knows of the sessions in a commit, and where a batch belongs.

Belongs here: repeats and conflicts, the session's day and start, the window's clock. Does not: decoding
(intake/batches) or the typed columns (intake/columns).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec
import polars as pl
import pyarrow as pa

from retrace_assets.intake.batches import Batch, Post, Refusal
from retrace_assets.intake.requests import PageClock
from retrace_assets.intake.values import Details
from retrace_core.errors import ErrorCode
from retrace_core.tables import REPLAY_BATCHES
from retrace_resources.lake import Transaction

# DESIGN §4.7: the search for an unknown session looks back 8 days.
LOOK_BACK = timedelta(days=8)

_SESSION = ("project_id", "environment_id", "session_id")
SessionKey = tuple[str, str, str]


@dataclass(slots=True)
class Window:
    """A page load: its clock, the content of the batches that came, the page it is on, and what its recorder says."""

    clock_offset_ms: int
    hashes: dict[int, str] = field(default_factory=dict)
    last_url: str | None = None
    # When each happened, and what the recorder says of its control: a batch may end between the two halves of a click.
    descriptions: list[tuple[float, Details]] = field(default_factory=list)
    page_clock: PageClock = field(default_factory=PageClock)
    # Whether its recorder says `click`, as far as this commit knows.
    has_clicks: bool = False


@dataclass(slots=True)
class Session:
    """A session that has begun: where its rows are kept, and its windows."""

    day: date
    started_at: datetime
    windows: dict[str, Window] = field(default_factory=dict)


@dataclass(slots=True)
class PlacedBatch:
    """A batch with its place: the session's day and start, and its window."""

    batch: Batch
    day: date
    started_at: datetime
    window: Window
    # Milliseconds on our clock, one an event; None where the event is refused.
    times_ms: list[float | None]
    refusals: list[Refusal]
    # The page it ends on, once its events were read.
    last_url: str | None = None


def session_key(post: Post) -> SessionKey:
    """Identity of the session a row belongs to."""
    return (post.project_id, post.environment_id, post.session_id)


def known_sessions(transaction: Transaction, landed: Sequence[pa.RecordBatch]) -> dict[SessionKey, Session]:
    """Look up the sessions of landed rows among those that began in the 8 days before them."""
    if not landed:
        return {}
    rows = pl.DataFrame(pa.Table.from_batches([batch.select([*_SESSION, "received_at"]) for batch in landed]))
    received = rows["received_at"].dt.date()
    wanted = rows.select(_SESSION).unique()
    found = transaction.query(
        f"""
        SELECT project_id, environment_id, session_id, day, started_at, window_id, sequence, content_hash,
               clock_offset_ms, last_url
        FROM {REPLAY_BATCHES.name} SEMI JOIN wanted USING (project_id, environment_id, session_id)
        WHERE day BETWEEN ? AND ? ORDER BY day, started_at, window_id, sequence
        """,
        [(received - LOOK_BACK).min(), received.max()],
        wanted=wanted,
    )
    sessions: dict[SessionKey, Session] = {}
    for project, environment, session_id, day, started_at, window_id, sequence, content, offset, url in found.rows():
        session = sessions.setdefault((project, environment, session_id), Session(day, started_at))
        window = session.windows.setdefault(window_id, Window(offset))
        window.hashes[sequence] = content
        window.last_url = url
    return sessions


def place(batch: Batch, sessions: dict[SessionKey, Session]) -> PlacedBatch | Refusal | None:
    """Find a batch's place and remember it; None for a repeat, a refusal for a conflict or what is too old."""
    post = batch.post
    session = sessions.get(session_key(post))
    window = session.windows.get(post.window_id) if session else None
    if window and post.sequence in window.hashes:
        if window.hashes[post.sequence] == batch.content_hash:
            return None
        return Refusal(
            post,
            ErrorCode.SEQUENCE_CONFLICT,
            "this sequence came before with other content",
            batch.events_json.decode(),
        )

    received_ms = post.received_at.replace(tzinfo=UTC).timestamp() * 1000
    client_ms = [event.timestamp_ms if event else None for event in batch.events]
    offset = window.clock_offset_ms if window else _clock_offset(batch, received_ms, client_ms)
    times = [None if value is None else value + offset for value in client_ms]
    earliest_kept = received_ms - LOOK_BACK.total_seconds() * 1000
    latest_kept = received_ms + LOOK_BACK.total_seconds() * 1000
    usable = [value for value in times if value is not None]
    if session is None and usable and max(usable) < earliest_kept:
        detail = "its last event is over 8 days older"
        return Refusal(post, ErrorCode.SESSION_TOO_OLD, detail, batch.events_json.decode())

    kept: list[float | None] = [
        value if value is not None and earliest_kept <= value <= latest_kept else None for value in times
    ]
    if session is None:
        began = min((value for value in kept if value is not None), default=received_ms)
        session = Session(post.received_at.date(), from_milliseconds(began))
        sessions[session_key(post)] = session
    if window is None:
        window = session.windows.setdefault(post.window_id, Window(offset))
    window.hashes[post.sequence] = batch.content_hash
    return PlacedBatch(batch, session.day, session.started_at, window, kept, _refused_events(batch, client_ms, kept))


def _clock_offset(batch: Batch, received_ms: float, client_ms: list[float | None]) -> int:
    """How far the client's clock is behind ours: from `sentAt`, else from the newest event of the first batch."""
    reference = batch.sent_ms or max((value for value in client_ms if value is not None), default=received_ms)
    return round(received_ms - reference)


def _refused_events(batch: Batch, client_ms: list[float | None], kept: list[float | None]) -> list[Refusal]:
    refusals = []
    for index, (client, time) in enumerate(zip(client_ms, kept, strict=True)):
        if time is None:
            detail = "no usable type or timestamp" if client is None else "over 8 days from when it was received"
            refusals.append(Refusal(batch.post, ErrorCode.INVALID_EVENT, detail, "", index))
    if refusals:
        _quote_events(batch, refusals)
    return refusals


def _quote_events(batch: Batch, refusals: list[Refusal]) -> None:
    raws = msgspec.json.decode(batch.events_json, type=list[msgspec.Raw])
    for refusal in refusals:
        if refusal.event_index is not None:
            refusal.payload = bytes(raws[refusal.event_index]).decode()


def from_milliseconds(milliseconds: float) -> datetime:
    """A UTC time from milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
