"""When the hot job runs, and over which segments: one rule for the sensor and for the supervisor's push.

One hot run at a time, oldest segments first. A range that failed twice is halved, so that what cannot be taken in is
found in a few runs; a segment that failed three times on its own is set aside. While a range is suspected, segments
beside it still get their turn: every other run.

Belongs here: the decision, as a function of what is pending and what ran. Does not: where these come from (hot_runs)
or how a run is started (pending_segments, the supervisor).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import takewhile

from retrace_core.limits import MIB

# Raw bytes a run takes in: read and written in a few seconds, so that the next run is never far.
RUN_BYTES = 64 * MIB
# Segments a run's config names at most; at 40 characters each it stays a small row in Dagster's storage.
NAMED_SEGMENTS = 200
# From this failure on a range is halved: the first may have been a killed process.
FAILURES_TO_HALVE = 2
# A segment alone gets one try more before it is set aside.
FAILURES_TO_SET_ASIDE = 3
# How long after the n-th failure in a row the next run waits: a full disk is not mended by trying.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 2, 10, 60, 300))

_BETWEEN = ".."


class Outcome(Enum):
    """How a hot run ended; `UNLUCKY` failed for a reason its segments have no part in, such as a full disk."""

    IN_FLIGHT = "in flight"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNLUCKY = "unlucky"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class HotRun:
    """A run of the hot job: the segments it was given, from `first` to `last`, or empty when none were."""

    run_id: str
    outcome: Outcome
    first: str = ""
    last: str = ""
    ended_at: datetime | None = None

    def covers(self, name: str) -> bool:
        """Whether a segment lies in its range."""
        return self.first <= name <= self.last


@dataclass(frozen=True, slots=True)
class PendingSegment:
    """A closed segment that waits, and its size."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Do not run now; `reason` is what a person reads."""

    reason: str


@dataclass(frozen=True, slots=True)
class Launch:
    """Run now, under a key no run had before.

    `only` names the segments when the range was narrowed, and is empty when the run may take whatever is oldest;
    `set_aside` names the segment to give up on.
    """

    run_key: str
    first: str = ""
    last: str = ""
    only: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()


def segments_of(run_key: str) -> tuple[str, str]:
    """First and last segment of a run, from its key; empty when it was given none."""
    first, separator, rest = run_key.partition(_BETWEEN)
    return (first, rest.rpartition("#")[0]) if separator else ("", "")


def decide(
    pending: Sequence[PendingSegment], runs: Sequence[HotRun], now: datetime, *, idle_sessions: bool = False
) -> Launch | Wait:
    """Say whether the hot job should run now.

    `pending` is in name order, oldest first; `runs` are the latest runs of the hot job, newest first; `idle_sessions`
    says that a session is due to be closed though nothing came.
    """
    busy = next((run for run in runs if run.outcome is Outcome.IN_FLIGHT), None)
    if busy:
        return Wait(f"run {busy.run_id} is queued or running")
    failures = list(takewhile(lambda run: run.outcome in {Outcome.FAILED, Outcome.UNLUCKY}, runs))
    if failures and (left := _wait_left(failures, now)) > timedelta():
        return Wait(f"{_times(len(failures))} in a row failed; the next run is due in {left.total_seconds():.0f} s")
    if pending:
        return _launch(pending, runs)
    if failures:
        return Launch(f"after-{failures[0].run_id}")
    if idle_sessions:
        return Launch(f"idle-{now:%Y%m%dT%H%M%S}")
    return Wait("no closed segments")


def _launch(pending: Sequence[PendingSegment], runs: Sequence[HotRun]) -> Launch:
    suspicions = [run for run in runs if run.outcome is Outcome.FAILED and run.first]
    clean = [segment for segment in pending if not any(run.covers(segment.name) for run in suspicions)]
    if len(clean) == len(pending):
        return _over(_within_bytes(pending), runs, narrowed=False)
    if clean and runs[0].outcome is not Outcome.SUCCEEDED:
        return _over(_within_bytes(clean)[:NAMED_SEGMENTS], runs, narrowed=True)
    return _suspected(pending, suspicions, runs)


def _suspected(pending: Sequence[PendingSegment], suspicions: Sequence[HotRun], runs: Sequence[HotRun]) -> Launch:
    """Try the narrowest failed range that still waits: again, then half of it, and at last give its segment up."""
    ranges = [[segment for segment in pending if run.covers(segment.name)] for run in suspicions]
    suspects = min((found for found in ranges if found), key=len)[:NAMED_SEGMENTS]
    failures = _failures(suspects, suspicions)
    if len(suspects) > 1 and failures >= FAILURES_TO_HALVE:
        suspects = suspects[: (len(suspects) + 1) // 2]
    elif failures >= FAILURES_TO_SET_ASIDE:
        return _over(suspects, runs, narrowed=True, set_aside=True)
    return _over(suspects, runs, narrowed=True)


def _over(
    segments: Sequence[PendingSegment], runs: Sequence[HotRun], *, narrowed: bool, set_aside: bool = False
) -> Launch:
    first, last = segments[0].name, segments[-1].name
    attempt = sum(run.first == first and run.last == last for run in runs)
    names = tuple(segment.name for segment in segments)
    return Launch(
        run_key=f"{first}{_BETWEEN}{last}#{attempt}",
        first=first,
        last=last,
        only=names if narrowed else (),
        set_aside=names if set_aside else (),
    )


def _failures(segments: Sequence[PendingSegment], suspicions: Sequence[HotRun]) -> int:
    first, last = segments[0].name, segments[-1].name
    return sum(run.first == first and run.last == last for run in suspicions)


def _within_bytes(segments: Sequence[PendingSegment]) -> Sequence[PendingSegment]:
    """The oldest segments that fit in a run, one at least."""
    total = 0
    for count, segment in enumerate(segments):
        total += segment.size_bytes
        if count and total > RUN_BYTES:
            return segments[:count]
    return segments


def _wait_left(failures: Sequence[HotRun], now: datetime) -> timedelta:
    ended = failures[0].ended_at or now
    return ended + WAITS[min(len(failures), len(WAITS)) - 1] - now


def _times(count: int) -> str:
    return "one run" if count == 1 else f"{count} runs"
