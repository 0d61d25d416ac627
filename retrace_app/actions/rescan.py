"""Judging stored days anew, after rules have changed.

Belongs here: which days, in which runs, and how far they have come. Does not: the rules (retrace_assets.signals), or
running a job (pipeline).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from retrace_app.actions.pipeline import failure_of, process_pending, runner
from retrace_resources.dagster_instance import open_instance
from retrace_resources.dagster_names import QUIET, RESCAN_JOB
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings

# Days share a run until they come to so many sessions: a run costs a second or two whatever it judges.
_SESSIONS_A_RUN: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescanned:
    """What was judged anew, so far or in all, of the sessions that were to be."""

    days: int = 0
    sessions: int = 0
    all_sessions: int = 0
    incidents: int = 0
    run_ids: Sequence[str] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Range:
    """Days without a frozen one between them, and their sessions."""

    first: date
    last: date
    days: int
    sessions: int


def rescan(
    settings: Settings, *, latest_days: int | None = None, on_progress: Callable[[Rescanned], None] = lambda _: None
) -> Rescanned:
    """Judge all days that still have events, or so many of the latest, the newest first; then update the queue.

    Days whose events were pruned keep their signals. Raises `run_failed`; what earlier runs judged stays.
    """
    started = time.monotonic()
    with Lake(settings.home) as lake:
        ranges = _ranges(lake, latest_days) if lake.catalog_path.exists() else []
    done = Rescanned(all_sessions=sum(each.sessions for each in ranges))
    if not ranges:
        return done
    on_progress(done)
    with open_instance(settings.home) as instance, runner(settings, instance) as run_job:
        for each in ranges:
            tags = {
                ASSET_PARTITION_RANGE_START_TAG: each.first.isoformat(),
                ASSET_PARTITION_RANGE_END_TAG: each.last.isoformat(),
            }
            run_id = run_job(RESCAN_JOB, {"loggers": QUIET}, tags)
            run = instance.get_run_by_id(run_id)
            if run is None or not run.is_success:
                raise failure_of(instance, run_id, "it was cancelled")
            done = Rescanned(
                days=done.days + each.days,
                sessions=done.sessions + each.sessions,
                all_sessions=done.all_sessions,
                run_ids=(*done.run_ids, run_id),
                seconds=round(time.monotonic() - started, 3),
            )
            on_progress(done)
    queue = process_pending(settings)
    return Rescanned(
        days=done.days,
        sessions=done.sessions,
        all_sessions=done.all_sessions,
        incidents=queue.incidents,
        run_ids=(*done.run_ids, *queue.run_ids),
        seconds=round(time.monotonic() - started, 3),
    )


def _ranges(lake: Lake, latest_days: int | None) -> list[_Range]:
    """The days to judge, newest first, cut where a frozen day lies between and where enough sessions are together."""
    rows = lake.query(
        "SELECT day, count(*) AS sessions, day IN (SELECT DISTINCT day FROM replay_events) AS kept "
        "FROM replays GROUP BY day ORDER BY day DESC"
    )
    ranges: list[_Range] = []
    left = rows["kept"].sum() if latest_days is None else latest_days
    is_open = False
    for day, sessions, kept in rows.iter_rows():
        if not kept:
            is_open = False
            continue
        if left == 0:
            break
        left -= 1
        if is_open and ranges[-1].sessions + sessions <= _SESSIONS_A_RUN:
            latest = ranges.pop()
            ranges.append(_Range(day, latest.last, latest.days + 1, latest.sessions + sessions))
        else:
            ranges.append(_Range(day, day, 1, sessions))
        is_open = True
    return ranges
