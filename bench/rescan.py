"""How fast stored days are judged anew after a rule has changed: events a second, with all detectors on.

python -m bench.rescan [--sessions 3000]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, print_figures
from bench.road import Cost, land, measured, utc_now
from bench.sessions import session
from retrace_assets.intake.update import drain
from retrace_assets.pages import update as pages
from retrace_assets.replays import update as replays
from retrace_assets.signals import update as signals
from retrace_assets.signals.detectors import DETECTORS, enabled_detectors
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing

TARGET_EVENTS_S = 2_000_000
MONTH_SESSIONS = 100_000
TARGET_MONTH_S = 60.0


def figures(sessions: int) -> list[Figure]:
    """Store sessions, judge them once, then rebuild their days; the rebuild is what is measured."""
    detectors = enabled_detectors(dict.fromkeys(DETECTORS, True))
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        now_ms = int(time.time() * 1000)
        land(home, (post for number in range(sessions) for post in session(number, now_ms - 200_000)))
        with Lake(home) as lake:
            _store(lake, Landing(home))
            signals.update(lake, detectors)
            days = lake.query("SELECT day, count(*) AS events FROM replay_events GROUP BY day ORDER BY day")
            before = _rows(lake)
            costs = [measured(lambda day=day: signals.rebuild(lake, day, detectors)) for day in days["day"]]  # type: ignore[misc]
            assert _rows(lake) == before, "a rebuild must give the same signals"
    cost, events = sum(costs, Cost()), int(days["events"].sum())
    print(f"{sessions:,} sessions, {events:,} events, {len(detectors)} detectors")
    return [
        Figure("rescan of stored days", events / cost.wall_s, "events/s", TARGET_EVENTS_S, at_least=True),
        Figure("  processor", 1e6 * cost.cpu_s / events, "µs/event"),
        Figure("  a month of 100,000 sessions", MONTH_SESSIONS * cost.wall_s / sessions, "s", TARGET_MONTH_S),
    ]


def _store(lake: Lake, landing: Landing) -> None:
    while landing.pending():
        drain(lake, landing)
    replays.update(lake, utc_now())
    pages.update(lake)


def _rows(lake: Lake) -> str:
    found: str = lake.query("SELECT md5(string_agg(signal_id || evidence, '' ORDER BY signal_id)) FROM signals").item()
    return found


def main() -> int:
    """Measure; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=3_000)
    return print_figures(figures(parser.parse_args().sessions))


if __name__ == "__main__":
    sys.exit(main())
