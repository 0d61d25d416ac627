"""How large the lake is beside the raw JSON that landed: raw events included, after maintenance.

Takes in generated sessions in portions, as a day brings them, tidies the lake as the schedule does, and lets the days
pass after which old files go.

    python -m bench.lake_size [--sessions 2000] [--portions 8]
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.figures import Figure, print_figures
from bench.road import READERS, land, take_road, utc_now
from bench.sessions import session
from retrace_resources.lake import Lake
from retrace_resources.lake_maintenance import FILES_KEPT, SNAPSHOTS_KEPT, MaintenanceReport, maintain
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

TARGET_SHARE = 0.1
TARGET_TURN_S = 2.0
_UNTIL_GONE = SNAPSHOTS_KEPT + FILES_KEPT + timedelta(days=2)


def figures(sessions: int, portions: int) -> list[Figure]:
    """Fill a lake, tidy it and measure it; prints what each table takes."""
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        with Lake(home) as lake, StateStore.open(home) as state:
            raw = sum(_take(lake, state, home, range(n, sessions, portions)) for n in range(portions))
            tidied = maintain(lake, utc_now(), READERS)
            report = maintain(lake, utc_now() + _UNTIL_GONE, READERS)
            print(_tables(lake, raw))
    disk = report.after.disk_bytes + report.after.catalog_bytes
    print(
        f"{raw / 1e6:,.0f} MB of JSON came to {tidied.before.disk_bytes / 1e6:,.1f} MB in {tidied.before.files} files; "
        f"tidied {disk / 1e6:,.1f} MB in {report.after.files} files"
    )
    return [
        Figure("lake to raw JSON, after maintenance", disk / raw, "", TARGET_SHARE),
        Figure("  as taken in", (tidied.before.disk_bytes + tidied.before.catalog_bytes) / raw, ""),
        Figure("  longest turn of maintenance", _longest(tidied, report), "s", TARGET_TURN_S),
    ]


def _take(lake: Lake, state: StateStore, home: Path, numbers: range) -> int:
    start_ms = int(time.time() * 1000) - 200_000
    raw = land(home, (post for number in numbers for post in session(number, start_ms)))
    take_road(lake, Landing(home), state)
    return raw


def _longest(*reports: MaintenanceReport) -> float:
    return max(report.longest_turn_s for report in reports)


def _tables(lake: Lake, raw: int) -> str:
    rows = lake.query(
        "SELECT table_name, file_count, (file_size_bytes + delete_file_size_bytes)::BIGINT AS bytes "
        "FROM ducklake_table_info('lake') WHERE file_count > 0 ORDER BY bytes DESC"
    )
    return "\n".join(
        f"  {name:<18}{files:>4} files{size / 1e6:>9.2f} MB{size / raw:>9.4f} of the JSON"
        for name, files, size in rows.iter_rows()
    )


def main() -> int:
    """Measure; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=2_000)
    parser.add_argument("--portions", type=int, default=8)
    arguments = parser.parse_args()
    return print_figures(figures(arguments.sessions, arguments.portions))


if __name__ == "__main__":
    sys.exit(main())
