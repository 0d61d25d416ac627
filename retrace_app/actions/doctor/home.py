"""Checks of the data folder: is it there, whose is it, do its stores open, how long does the disk last.

Belongs here: files. Does not: what the pipeline makes of them (`pipeline.py`).
"""

import re
import shutil
import sqlite3
import stat
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from retrace_app.actions.doctor.finding import Check, Status
from retrace_core.tables import SCHEMA_VERSION
from retrace_resources.lake import Lake
from retrace_resources.migrations import REVISIONS
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore
from retrace_resources.state_engine import DATABASE_NAME

# File systems keep times to 2 s at worst (FAT); what is further off is a clock that is wrong, often of a network share.
CLOCK_SLACK_SECONDS = 2.0
DISK_WARN_DAYS = 30
DISK_FAIL_DAYS = 2
# A week holds a weekend, which is seldom like the other days.
GROWTH_DAYS = 7

_PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700
_OTHERS = 0o077
_DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)")
_QUICKSTART = "retrace quickstart"


def _home(settings: Settings) -> tuple[Status, str, str]:
    home = settings.home
    if not home.exists():
        return "warn", f"{home} does not exist yet", _QUICKSTART
    # Raises when nothing can be written, and that is the finding.
    with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-"):
        return "ok", f"{home} can be written", ""


def _clock(settings: Settings) -> tuple[Status, str, str]:
    if not settings.home.exists():
        return "ok", "nothing to compare with yet", ""
    with tempfile.NamedTemporaryFile(dir=settings.home, prefix=".doctor-") as file:
        file.write(b"now")
        file.flush()
        apart = abs(Path(file.name).stat().st_mtime - time.time())
    if apart > CLOCK_SLACK_SECONDS:
        return "warn", f"the disk's clock and this machine's are {apart:.0f} s apart", "set the clocks by NTP"
    return "ok", "the disk and this machine agree on the time", ""


def _state_store(settings: Settings) -> tuple[Status, str, str]:
    path = settings.home / DATABASE_NAME
    if not path.exists():
        return "warn", "there is none yet", _QUICKSTART
    StateStore.open(settings.home).close()
    with closing(sqlite3.connect(path)) as connection:
        [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        return "fail", f"{path} is damaged: {verdict}", "restore it from a backup"
    return "ok", f"revision {REVISIONS[-1]}", ""


def _lake(settings: Settings) -> tuple[Status, str, str]:
    with Lake(settings.home) as lake:
        if not lake.catalog_path.exists():
            return "ok", "nothing was taken in yet", ""
        return "ok", f"schema {SCHEMA_VERSION}, snapshot {lake.snapshot_id()}", ""


def _private_paths(settings: Settings, env_file: Path) -> list[Path]:
    home = settings.home
    files = [env_file, *home.glob(f"{DATABASE_NAME}*"), *(home / "landing").rglob("*")]
    return [path for path in (*files, home / "landing") if path.exists()]


def _exposed(settings: Settings, env_file: Path) -> list[Path]:
    """Paths with secrets or raw recordings that others than their owner may open."""
    return [path for path in _private_paths(settings, env_file) if stat.S_IMODE(path.stat().st_mode) & _OTHERS]


def privacy(env_file: Path) -> Check:
    """Check who may read secrets and raw recordings; `env_file` lies beside the configuration."""

    def look(settings: Settings) -> tuple[Status, str, str]:
        exposed = _exposed(settings, env_file)
        if not exposed:
            return "ok", "only their owner can read secrets and raw recordings", ""
        return "warn", f"others can read {_few(exposed)}", "retrace doctor --fix"

    def repair(settings: Settings) -> str:
        exposed = _exposed(settings, env_file)
        for path in exposed:
            path.chmod(_PRIVATE_FOLDER if path.is_dir() else _PRIVATE)
        return f"closed {_few(exposed)} to others"

    return Check("privacy", look, repair)


def _few(paths: list[Path]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"


def _disk(settings: Settings) -> tuple[Status, str, str]:
    home = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(home).free
    grown = bytes_a_day(settings.home, datetime.now(UTC).date())
    status, days = forecast(free, grown)
    if not grown:
        return status, f"{_size(free)} free, and nothing grows yet", ""
    found = f"{_size(free)} free, {_size(grown)} a day: {'over a year' if days > 365 else f'{days} days'} left"
    next_step = "" if status == "ok" else "free some space, or keep less (`retention` in the configuration)"
    return status, found, next_step


def forecast(free_bytes: int, bytes_each_day: int) -> tuple[Status, int]:
    """Say how many whole days a disk lasts at this growth, and how bad that is."""
    if not bytes_each_day:
        return "ok", 0
    days = free_bytes // bytes_each_day
    return ("fail" if days < DISK_FAIL_DAYS else "warn" if days < DISK_WARN_DAYS else "ok"), days


def bytes_a_day(home: Path, today: date) -> int:
    """Mean growth of the last `GROWTH_DAYS` days, counted from the first of them that has data; 0 without any.

    The lake's files lie in a folder a day; what waits in the landing came today.
    """
    sizes: dict[date, int] = {}
    for path in (home / "lake").rglob("*.parquet"):
        if found := _DAY.search(str(path)):
            day = date.fromisoformat(found[1])
            sizes[day] = sizes.get(day, 0) + path.stat().st_size
    waiting = sum(path.stat().st_size for path in (home / "landing").rglob("*.arrow*"))
    if waiting:
        sizes[today] = sizes.get(today, 0) + waiting
    recent = {day: size for day, size in sizes.items() if today - timedelta(days=GROWTH_DAYS) < day <= today}
    return sum(recent.values()) // ((today - min(recent)).days + 1) if recent else 0


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in {"B", "KB"} else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


HOME = Check("home", _home)
CLOCK = Check("clock", _clock)
STATE_STORE = Check("state store", _state_store)
LAKE = Check("lake", _lake)
DISK = Check("disk", _disk)
