"""Intake: landed segments become rows of the lake, each exactly once.

Pending segments are listed, and known batches looked up, inside the transaction that writes; the transaction notes
the segments, and only then are the files deleted. Belongs here: the order of those acts. Does not: what a batch means
(its siblings).
"""

import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import polars as pl

from retrace_assets.intake.batches import Batch, Refusal
from retrace_assets.intake.columns import EventColumns
from retrace_assets.intake.frames import (
    batches_frame,
    payloads_frame,
    poisoned_frame,
    rejected_frame,
    segments_frame,
)
from retrace_assets.intake.masking import mask_secrets
from retrace_assets.intake.reading import Decoder, Reading
from retrace_assets.intake.sessions import Session, SessionKey, known_sessions, place
from retrace_assets.intake.targets import name_clicks
from retrace_assets.report import StageReport
from retrace_assets.uncollected import uncollected
from retrace_core.limits import MAX_JSON_NESTING
from retrace_core.table import Table
from retrace_core.tables import REJECTED, REPLAY_BATCHES, REPLAY_EVENTS, REPLAY_PAYLOADS, SEGMENTS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction
from retrace_resources.landing import Landing, Segment

STAGE = "intake"
STREAM = "replay"

# Bytes of segments taken in by one transaction: about a second of the writers' lock on two cores (DESIGN §3: ≤ 2 s).
COMMIT_BYTES = 48 * 2**20
# What one run takes at most before it lets the later stages have their turn.
RUN_BYTES = 512 * 2**20


@dataclass
class _Commit:
    """What a transaction has written so far."""

    sessions: dict[SessionKey, Session]
    commit_no: int
    rows_in: int = 0
    rows_out: int = 0
    raw_bytes: int = 0
    batches: int = 0
    duplicates: int = 0
    rejected: int = 0
    taken_in: list[pl.DataFrame] = field(default_factory=list)
    days: set[date] = field(default_factory=set)


def drain(
    lake: Lake, landing: Landing, *, max_bytes: int = RUN_BYTES, only: Collection[str] | None = None
) -> StageReport:
    """Take in pending segments, oldest first, until `max_bytes` of them are done or none is left.

    `only` narrows the pending ones to these names. Notes: segments, bytes, batches, duplicates, rejected, poisoned.
    """
    report = StageReport(STAGE)
    taken_bytes = 0
    with uncollected(), _deep_nesting(), Decoder() as decoder:
        while taken_bytes < max_bytes:
            done, step = _commit(lake, landing, only, decoder, max_bytes - taken_bytes)
            for segment in done:
                landing.delete(segment)
            if not done and not step.notes:
                break
            taken_bytes += sum(segment.size_bytes for segment in done)
            report += step
    return report


@contextmanager
def _deep_nesting() -> Iterator[None]:
    """Let the interpreter decode as deep as the door lets pass."""
    nesting = sys.getrecursionlimit()
    sys.setrecursionlimit(max(nesting, MAX_JSON_NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(nesting)


def _commit(
    lake: Lake, landing: Landing, only: Collection[str] | None, decoder: Decoder, max_bytes: int
) -> tuple[list[Segment], StageReport]:
    """One transaction: the oldest pending segments, about COMMIT_BYTES of them, and the rows that follow."""
    started = time.monotonic()
    with lake.transaction() as transaction:
        pending = [segment for segment in landing.pending() if only is None or segment.name in only]
        noted = _noted(transaction, pending)
        # Noted but still there: the process died between its commit and the deletion.
        leftovers = [segment for segment in pending if segment.name in noted]
        new = [segment for segment in pending if segment.name not in noted]
        taken = list(_first(COMMIT_BYTES, new))
        if not taken:
            return leftovers, StageReport(STAGE)
        goes_on = sum(segment.size_bytes for segment in taken) < max_bytes
        following = list(_first(COMMIT_BYTES, new[len(taken) :])) if goes_on else []
        reading = decoder.read(taken)
        commit = _write(transaction, reading, lambda: decoder.begin(following))
        _note(transaction, reading)
    for segment, _ in reading.unreadable:
        landing.poison(segment)
    notes = {
        "segments": len(taken),
        "bytes": commit.raw_bytes,
        "batches": commit.batches,
        "duplicates": commit.duplicates,
        "rejected": commit.rejected + len(reading.unreadable),
        "poisoned": len(reading.unreadable),
    }
    seconds = time.monotonic() - started
    step = StageReport(STAGE, commit.rows_in, commit.rows_out, frozenset(commit.days), seconds, notes)
    return leftovers + [segment for segment, _ in reading.readable], step


def _noted(transaction: Transaction, segments: list[Segment]) -> set[str]:
    if not segments:
        return set()
    names = pl.DataFrame({"segment": [segment.name for segment in segments]})
    found = transaction.query("SELECT segment FROM segments SEMI JOIN names USING (segment)", names=names)
    return set(found["segment"])


def _first(limit: int, segments: Iterable[Segment]) -> Iterator[Segment]:
    total = 0
    for segment in segments:
        if total and total + segment.size_bytes > limit:
            return
        total += segment.size_bytes
        yield segment


def _write(transaction: Transaction, reading: Reading, then: Callable[[], None]) -> _Commit:
    record_batches = [record_batch for _, batches in reading.readable for record_batch in batches]
    commit = _Commit(known_sessions(transaction, record_batches), transaction.commit_no)
    for batches, refusals in reading.decoded(then):
        columns = _place(commit, batches, refusals)
        mask_secrets(transaction, columns)
        name_clicks(transaction, columns)
        for table, rows in _rows(commit, columns, refusals):
            transaction.append(table, rows)
    taken_in = pl.concat(commit.taken_in)
    transaction.append(REPLAY_BATCHES, taken_in)
    note_changes(transaction, REPLAY_EVENTS.name, taken_in.rename({"session_id": "key"}))
    return commit


def _place(commit: _Commit, batches: list[Batch], refusals: list[Refusal]) -> EventColumns:
    """Gather the events of a slice's batches; adds to `refusals` what has no place in its session."""
    columns = EventColumns()
    for batch in batches:
        outcome = place(batch, commit.sessions)
        if outcome is None:
            commit.duplicates += 1
        elif isinstance(outcome, Refusal):
            refusals.append(outcome)
        else:
            columns.add(outcome)
            refusals += outcome.refusals
    commit.rows_in += sum(len(batch.events) for batch in batches)
    commit.raw_bytes += sum(batch.raw_bytes for batch in batches)
    commit.batches += len(columns.placed)
    commit.rejected += len(refusals)
    return columns


def _rows(commit: _Commit, columns: EventColumns, refusals: list[Refusal]) -> list[tuple[Table, pl.DataFrame]]:
    """The rows of a slice, by the table they belong to."""
    events = columns.frame()
    taken_in = batches_frame(columns.placed, commit.commit_no)
    commit.taken_in.append(taken_in)
    commit.days.update(taken_in["day"].unique())
    commit.rows_out += events.height
    return [
        (REPLAY_EVENTS, events),
        (REPLAY_PAYLOADS, payloads_frame(columns.placed)),
        (REJECTED, rejected_frame(STREAM, refusals, commit.commit_no)),
    ]


def _note(transaction: Transaction, reading: Reading) -> None:
    """Note the segments that were read, and say once of each other that it was not."""
    now = datetime.now(UTC).replace(tzinfo=None)
    read = [(segment, sum(batch.num_rows for batch in batches)) for segment, batches in reading.readable]
    transaction.append(SEGMENTS, segments_frame(STREAM, read, transaction.commit_no, now))
    if reading.unreadable:
        rows = poisoned_frame(STREAM, [error for _, error in reading.unreadable], transaction.commit_no, now)
        # A run that died after its commit left the row behind, and the segment where it was.
        transaction.replace(REJECTED, rows.select("rejected_id"), rows)
