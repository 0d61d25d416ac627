"""From the landing to the queue: how many MB of raw rrweb JSON a second, redaction included, and in how much memory.

Lands generated sessions, then takes them in and judges them in a fresh process, without Dagster. Beside it stands the
speed of a bare msgspec parse of the same bytes on one core: what any machine can be compared by.

    python -m bench.pipeline [--sessions 3000 10000]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from bench.figures import Figure, print_figures
from bench.road import STAGES, Cost, land, take_road
from bench.sessions import session
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

TARGET_MB_S = 40.0
TARGET_PEAK_MB = 2_000.0
PEAK_SESSIONS = 10_000
"""The memory target is for so many sessions."""

_PARSED_BYTES = 100_000_000


@dataclass(frozen=True)
class Run:
    """One run over the road: what each stage cost, and the most memory the process held."""

    stages: dict[str, Cost]
    peak_mb: float

    @property
    def wall_s(self) -> float:
        """Seconds from the first stage to the last."""
        return sum(cost.wall_s for cost in self.stages.values())


def figures(sessions: int) -> list[Figure]:
    """Measure the road for so many sessions; prints what each stage took."""
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        now_ms = int(time.time() * 1000)
        megabytes = land(home, (post for number in range(sessions) for post in session(number, now_ms - 200_000))) / 1e6
        parsed = parse_speed(home)
        run = _in_fresh_process(home)
    print(f"{sessions:,} sessions, {megabytes:,.0f} MB of JSON")
    for name in STAGES:
        cost = run.stages[name]
        print(f"  {name:<10}{cost.wall_s:>7.2f} s {1000 * cost.cpu_s / megabytes:>7.2f} ms of processor a MB")
    speed = megabytes / run.wall_s
    memory_target = TARGET_PEAK_MB if sessions == PEAK_SESSIONS else None
    return [
        Figure(f"pipeline, {sessions:,} sessions", speed, "MB/s", TARGET_MB_S, at_least=True),
        Figure("  bare JSON parse of the same, one core", parsed, "MB/s"),
        Figure("  pipeline to bare parse", speed / parsed, ""),
        Figure("  peak memory", run.peak_mb, "MB", memory_target),
    ]


def parse_speed(home: Path) -> float:
    """MB/s of a bare msgspec parse of what has landed."""
    seconds, size = 0.0, 0
    for segment in Landing(home).pending():
        bodies = [body for batch in segment.read() for body in batch.column("body").to_pylist()]
        started = time.process_time()
        for body in bodies:
            msgspec.json.decode(body)
        seconds += time.process_time() - started
        size += sum(map(len, bodies))
        if size > _PARSED_BYTES:
            break
    return size / seconds / 1e6


def _in_fresh_process(home: Path) -> Run:
    command = [sys.executable, "-m", "bench.pipeline", "--take", str(home)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Run({name: Cost(**cost) for name, cost in found["stages"].items()}, found["peak_mb"])


def _take(home: Path) -> Run:
    landing = Landing(home)
    runs = []
    with Lake(home) as lake, StateStore.open(home) as state:
        lake.snapshot_id()
        # A run takes what it may at most, as the hot run does; then comes the next.
        while landing.pending():
            runs.append(take_road(lake, landing, state))
    stages = {name: sum((run[name] for run in runs), Cost()) for name in STAGES}
    # Not getrusage: what it says includes the process that started this one.
    status = Path("/proc/self/status").read_text()
    [peak_kb] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    return Run(stages, peak_kb / 1000)


def main() -> int:
    """Measure; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, nargs="+", default=[3_000, PEAK_SESSIONS])
    parser.add_argument("--take", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.take:
        print(json.dumps(asdict(_take(arguments.take))))
        return 0
    return print_figures([figure for number in arguments.sessions for figure in figures(number)])


if __name__ == "__main__":
    sys.exit(main())
