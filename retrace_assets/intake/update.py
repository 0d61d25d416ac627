"""Intake: landed segments become rows of the lake, each exactly once.

Pending segments are listed, and known batches looked up, inside the transaction that writes; the transaction notes
the segments, and only then are the files deleted. Belongs here: the order of those acts. Does not: what a batch means
(its siblings).
"""

import gc
import sys
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import polars as pl
import pyarrow as pa

from retrace_assets.intake.batches import Batch, Post, Refusal, decode_posts, read_posts
from retrace_assets.intake.columns import EventColumns
from retrace_assets.intake.frames import (
    batches_frame,
    payloads_frame,
    poisoned_frame,
    rejected_frame,
    segments_frame,
)
from retrace_assets.intake.sessions import Session, SessionKey, known_sessions, place
from retrace_assets.intake.targets import name_clicks
from retrace_assets.report import StageReport
from retrace_core.limits import MAX_JSON_NESTING
from retrace_core.tables import REJECTED, REPLAY_BATCHES, REPLAY_EVENTS, REPLAY_PAYLOADS, SEGMENTS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction
from retrace_resources.landing import Landing, Segment, UnreadableSegment

STAGE = "intake"
STREAM = "replay"

# Bytes of segments taken in by one transaction: about a second of the writers' lock on two cores (DESIGN §3: ≤ 2 s).
COMMIT_BYTES = 48 * 2**20
# Bytes of JSON decoded and written at a time: bounds memory when bodies came compressed.
SLICE_BYTES = 12 * 2**20
# Slices handed to the decoder while an earlier one is written. It is one thread: a second only waits for the first.
DECODED_AHEAD = 2
# What one run takes at most before it lets the later stages have their turn.
RUN_BYTES = 512 * 2**20


@dataclass(frozen=True)
class _Slice:
    """Some posts of a commit, and the damaged rows found among them."""

    posts: list[Post]
    refusals: list[Refusal]


@dataclass
class _Commit:
    """What a transaction has written so far."""

    sessions: dict[SessionKey, Session] = field(default_factory=dict)
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
    with _decoding(), ThreadPoolExecutor(1, thread_name_prefix="intake") as decoders:
        while taken_bytes < max_bytes:
            done, step = _commit(lake, landing, only, decoders)
            for segment in done:
                landing.delete(segment)
            if not done and not step.notes:
                break
            taken_bytes += sum(segment.size_bytes for segment in done)
            report += step
    return report


@contextmanager
def _decoding() -> Iterator[None]:
    """Set the interpreter up for decoding: as deep as the door lets pass, and without collecting garbage.

    Millions of small objects have no cycles among them; collecting would only look at each again and again.
    """
    was_enabled, nesting = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(nesting, MAX_JSON_NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(nesting)
        if was_enabled:
            gc.enable()


def _commit(
    lake: Lake, landing: Landing, only: Collection[str] | None, decoders: ThreadPoolExecutor
) -> tuple[list[Segment], StageReport]:
    """One transaction: the oldest pending segments, about COMMIT_BYTES of them, and the rows that follow."""
    started = time.monotonic()
    with lake.transaction() as transaction:
        pending = [segment for segment in landing.pending() if only is None or segment.name in only]
        noted = _noted(transaction, pending)
        # Noted but still there: the process died between its commit and the deletion.
        leftovers = [segment for segment in pending if segment.name in noted]
        taken = list(_first(COMMIT_BYTES, (segment for segment in pending if segment.name not in noted)))
        if not taken:
            return leftovers, StageReport(STAGE)
        readable, unreadable = _read(taken)
        commit = _write(transaction, readable, decoders)
        _note(transaction, readable, unreadable)
    for segment, _ in unreadable:
        landing.poison(segment)
    notes = {
        "segments": len(taken),
        "bytes": commit.raw_bytes,
        "batches": commit.batches,
        "duplicates": commit.duplicates,
        "rejected": commit.rejected + len(unreadable),
        "poisoned": len(unreadable),
    }
    seconds = time.monotonic() - started
    step = StageReport(STAGE, commit.rows_in, commit.rows_out, frozenset(commit.days), seconds, notes)
    return leftovers + [segment for segment, _ in readable], step


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


def _read(
    segments: Iterable[Segment],
) -> tuple[list[tuple[Segment, list[pa.RecordBatch]]], list[tuple[Segment, UnreadableSegment]]]:
    """Read segments whole, so that a bad end is known before anything of it is written; rows stay memory-mapped."""
    readable = []
    unreadable = []
    for segment in segments:
        try:
            readable.append((segment, list(segment.read())))
        except UnreadableSegment as error:
            unreadable.append((segment, error))
    return readable, unreadable


def _slices(readable: Iterable[tuple[Segment, list[pa.RecordBatch]]]) -> Iterator[_Slice]:
    """Decompress the rows in order and cut them into slices of about SLICE_BYTES."""
    slice_, size = _Slice([], []), 0
    for segment, record_batches in readable:
        for record_batch in record_batches:
            for outcome in read_posts(segment.name, record_batch):
                if isinstance(outcome, Refusal):
                    slice_.refusals.append(outcome)
                    continue
                slice_.posts.append(outcome)
                size += len(outcome.body)
                if size >= SLICE_BYTES:
                    yield slice_
                    slice_, size = _Slice([], []), 0
    yield slice_


def _decoded(slices: Iterable[_Slice], decoders: ThreadPoolExecutor) -> Iterator[tuple[list[Batch], list[Refusal]]]:
    """Decode slices in order, a few ahead of the one that is used."""
    ahead: deque[Future[tuple[list[Batch], list[Refusal]]]] = deque()
    for slice_ in slices:
        ahead.append(decoders.submit(_decode, slice_))
        if len(ahead) > DECODED_AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _decode(slice_: _Slice) -> tuple[list[Batch], list[Refusal]]:
    batches, refused = decode_posts(slice_.posts)
    return batches, slice_.refusals + refused


def _write(
    transaction: Transaction,
    readable: list[tuple[Segment, list[pa.RecordBatch]]],
    decoders: ThreadPoolExecutor,
) -> _Commit:
    record_batches = [record_batch for _, batches in readable for record_batch in batches]
    commit = _Commit(known_sessions(transaction, record_batches))
    for batches, refusals in _decoded(_slices(readable), decoders):
        _write_slice(transaction, commit, batches, refusals)
    taken_in = pl.concat(commit.taken_in)
    transaction.append(REPLAY_BATCHES, taken_in)
    note_changes(transaction, REPLAY_EVENTS.name, taken_in.rename({"session_id": "key"}))
    return commit


def _write_slice(transaction: Transaction, commit: _Commit, batches: list[Batch], refusals: list[Refusal]) -> None:
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
    name_clicks(transaction, columns)
    taken_in = batches_frame(columns.placed, transaction.commit_no)
    commit.rows_out += transaction.append(REPLAY_EVENTS, columns.frame())
    transaction.append(REPLAY_PAYLOADS, payloads_frame(columns.placed))
    transaction.append(REJECTED, rejected_frame(STREAM, refusals, transaction.commit_no))
    commit.taken_in.append(taken_in)
    commit.rows_in += sum(len(batch.events) for batch in batches)
    commit.raw_bytes += sum(batch.raw_bytes for batch in batches)
    commit.batches += len(columns.placed)
    commit.rejected += len(refusals)
    commit.days.update(taken_in["day"].unique())


def _note(
    transaction: Transaction,
    readable: list[tuple[Segment, list[pa.RecordBatch]]],
    unreadable: list[tuple[Segment, UnreadableSegment]],
) -> None:
    """Note the segments that were read, and say once of each other that it was not."""
    now = datetime.now(UTC).replace(tzinfo=None)
    read = [(segment, sum(batch.num_rows for batch in batches)) for segment, batches in readable]
    transaction.append(SEGMENTS, segments_frame(STREAM, read, transaction.commit_no, now))
    if unreadable:
        rows = poisoned_frame(STREAM, [error for _, error in unreadable], transaction.commit_no, now)
        # A run that died after its commit left the row behind, and the segment where it was.
        transaction.replace(REJECTED, rows.select("rejected_id"), rows)
