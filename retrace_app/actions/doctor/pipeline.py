"""Checks of the pipeline: Dagster's home, runs whose process is gone, segments that wait or were set aside.

Belongs here: what stands between the door and the lake. Does not: the files themselves (`home.py`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from retrace_app.actions.doctor.finding import Check, Status
from retrace_app.supervisor import lease
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.dagster_instance import dagster_home, ensure_dagster_home, open_instance
from retrace_resources.landing import CLOSED_SUFFIX, OPEN_SUFFIX, Landing, Segment, try_lock
from retrace_resources.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

# `retrace up` takes a segment in within seconds; after this long nobody does.
PENDING_FOR = timedelta(minutes=10)
_FIX = "retrace doctor --fix"
_TAKE_IN = "retrace up, or once: retrace api process-replays"


def _dagster(settings: Settings) -> tuple[Status, str, str]:
    folder = dagster_home(settings.home)
    if not folder.exists():
        return "ok", f"{folder} is made at the first run", ""
    if not (folder / "dagster.yaml").exists():
        return "fail", f"{folder} has no dagster.yaml", _FIX
    with _opened(folder) as instance:
        return "ok", f"{folder}, {instance.get_runs_count()} runs", ""


def _repair_dagster(settings: Settings) -> str:
    """Write what is missing; a folder of ours that still does not open is set aside, never deleted."""
    folder = ensure_dagster_home(settings.home)
    try:
        with _opened(folder):
            return f"wrote {folder / 'dagster.yaml'}"
    except RetraceError:
        if folder != (settings.home / "dagster").absolute() or lease.current(settings.home):
            raise
    aside = folder.with_name(f"dagster.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    folder.rename(aside)
    ensure_dagster_home(settings.home)
    return f"made {folder} anew; the broken one is at {aside}"


@contextmanager
def _opened(folder: Path) -> Iterator["DagsterInstance"]:
    """Open an instance and look into each of its stores; raises `home_unusable`, whatever is wrong with it."""
    from dagster import DagsterInstance  # noqa: PLC0415 - half a second, for those who have a Dagster home

    try:
        with DagsterInstance.from_config(str(folder)) as instance:
            instance.get_runs_count()
            instance.all_instigator_state()
            instance.get_asset_keys(limit=1)
            yield instance
    except RetraceError:
        raise
    except Exception as error:
        said = str(error).partition("\n")[0]
        raise RetraceError(ErrorCode.HOME_UNUSABLE, f"{folder} does not open: {said}", _FIX) from error


def _runs(settings: Settings) -> tuple[Status, str, str]:
    folder = dagster_home(settings.home)
    if not (folder / "dagster.yaml").exists():
        return "ok", "there was none yet", ""
    from retrace_resources.run_processes import dead_runs  # noqa: PLC0415 - imports Dagster

    with _opened(folder) as instance:
        dead = dead_runs(instance)
    if dead:
        return "fail", f"{len(dead)} left unfinished by a process that is gone: {dead[0].run_id}", _FIX
    return "ok", "none is left unfinished", ""


def _repair_runs(settings: Settings) -> str:
    from retrace_resources.run_processes import fail_dead_runs  # noqa: PLC0415 - imports Dagster

    with open_instance(settings.home) as instance:
        failed = fail_dead_runs(instance)
    return f"counted as failed: {', '.join(failed)}"


def _landing(settings: Settings) -> tuple[Status, str, str]:
    landing = Landing(settings.home)
    closed = sorted(landing.directory.glob("*" + CLOSED_SUFFIX))
    if not closed:
        return "ok", "nothing waits", ""
    # Raises when the oldest is of a later format or cannot be read, and that is the finding; gone is taken in.
    with suppress(FileNotFoundError):
        next(Segment(closed[0].name, closed[0], 0).read(), None)
    waits = datetime.now(UTC) - _opened_at(closed[0])
    found = f"{len(closed)} segments wait, the oldest for {_duration(waits)}"
    return ("warn", found, _TAKE_IN) if waits > PENDING_FOR else ("ok", found, "")


def _abandoned(settings: Settings) -> list[Path]:
    """Open segments whose writer is gone; nothing is done to them."""
    return [path for path in Landing(settings.home).directory.glob("*" + OPEN_SUFFIX) if _is_free(path)]


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return try_lock(descriptor, path)
    finally:
        os.close(descriptor)


def _open_segments(settings: Settings) -> tuple[Status, str, str]:
    abandoned = _abandoned(settings)
    if abandoned:
        return "warn", f"{len(abandoned)} left open by a door that is gone", _FIX
    return "ok", "none is left open", ""


def _repair_open_segments(settings: Settings) -> str:
    abandoned = _abandoned(settings)
    Landing(settings.home).adopt()
    return f"closed {len(abandoned)}, for the pipeline to take in"


def _poison(settings: Settings) -> tuple[Status, str, str]:
    folder = Landing(settings.home).poison_directory
    count = sum(1 for _ in folder.glob("*" + CLOSED_SUFFIX))
    if not count:
        return "ok", "none was set aside", ""
    next_step = """see why: retrace sql "FROM rejected WHERE reason = 'unreadable_segment'\""""
    return "fail", f"{count} could not be taken in and lie in {folder}", next_step


def _opened_at(path: Path) -> datetime:
    nanoseconds = path.name.split("-", 1)[0]
    return datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC) if nanoseconds.isdigit() else datetime.now(UTC)


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "seconds"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


DAGSTER = Check("Dagster", _dagster, _repair_dagster)
RUNS = Check("runs", _runs, _repair_runs)
LANDING = Check("pending segments", _landing)
OPEN_SEGMENTS = Check("open segments", _open_segments, _repair_open_segments)
POISON = Check("unreadable segments", _poison)
