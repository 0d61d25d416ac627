"""How large DAGSTER_HOME gets: what a hot run and a sensor's tick leave, what purging takes away, and a day of it.

Hot runs are real ones, on a temporary home with nothing to do; a run that has something to do leaves the same events
with other figures. The day is extrapolated: one run every 5 seconds, purged every hour, as the schedule does.

    python bench/dagster_home.py [--runs 200]
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from dagster import DagsterInstance, materialize
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

from bench.figures import Figure, collect
from retrace_assets.upkeep import runs as retention
from retrace_assets.upkeep.assets import dagster_runs
from retrace_assets.upkeep.runs import HOT_RUNS_KEPT, OTHER_RUNS_KEPT
from retrace_definitions import build_defs
from retrace_resources.dagster_history import size_on_disk
from retrace_resources.dagster_instance import open_instance
from retrace_resources.dagster_names import HOT_JOB
from retrace_sensors.decide import Launch
from retrace_sensors.hot_runs import pushed_run_tags, run_config, today

TARGET_BYTES = 1_000_000_000
RUNS_A_DAY = 17_280
RUNS_AN_HOUR = RUNS_A_DAY // 24
TICKS_A_DAY = 17_280


def make_runs(instance: DagsterInstance, count: int) -> float:
    """Run the hot job so often; returns the seconds of one."""
    job = build_defs().resolve_job_def(HOT_JOB)
    started = time.monotonic()
    for number in range(count):
        launch = Launch(f"bench-{time.time_ns()}-{number}")
        job.execute_in_process(instance=instance, run_config=run_config(launch), tags=pushed_run_tags(launch, today()))
    return (time.monotonic() - started) / count


def make_ticks(instance: DagsterInstance, count: int) -> None:
    """Record so many skipped ticks of a sensor."""
    for number in range(count):
        instance.create_tick(
            TickData(
                instigator_origin_id="bench",
                instigator_name="pending_segments",
                instigator_type=InstigatorType.SENSOR,
                status=TickStatus.SKIPPED,
                timestamp=float(number),
                skip_reason="no closed segments",
                cursor="2026-03-10T12:00:00.000000+00:00",
                selector_id="bench",
            )
        )


def purge(instance: DagsterInstance) -> dict[str, object]:
    """Run the purge as the schedule does; returns what it reports."""
    result = materialize([dagster_runs], instance=instance)
    (told,) = result.asset_materializations_for_node(dagster_runs.op.name)
    return {name: value.value for name, value in told.metadata.items()}


def main() -> int:
    """Measure; exit code 1 when the day does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    os.environ.pop("DAGSTER_HOME", None)
    with tempfile.TemporaryDirectory(prefix="retrace-dagster-home-") as folder:
        os.environ["RETRACE_HOME"] = folder
        with open_instance(Path(folder)) as instance:
            make_runs(instance, 2)
            base = size_on_disk(instance)
            seconds = make_runs(instance, runs)
            full = size_on_disk(instance)
            a_run = (full - base) / runs
            print(f"{runs} hot runs: {a_run / 1e3:.0f} KB and {seconds:.2f} s each, in-process and warm")

            make_ticks(instance, 500)
            a_tick = (size_on_disk(instance) - full) / 500
            print(f"500 ticks: {a_tick / 1e3:.2f} KB each")

            retention.HOT_RUNS_KEPT = runs // 4
            told = purge(instance)
            left = size_on_disk(instance)
            deleted = int(str(told["runs deleted"]))
            print(f"purge: {told}")
            make_runs(instance, deleted // 2)
            regrown = (size_on_disk(instance) - left) / (deleted // 2)
            print(f"after it: {regrown / 1e3:.0f} KB a run, in the room that was freed")

    peak = base + (HOT_RUNS_KEPT + OTHER_RUNS_KEPT + RUNS_AN_HOUR) * a_run + 2 * TICKS_A_DAY * a_tick
    print(
        f"a day of {RUNS_A_DAY:,} hot runs: at most {peak / 1e6:.0f} MB just before a purge "
        f"({HOT_RUNS_KEPT} + {OTHER_RUNS_KEPT} runs kept, {RUNS_AN_HOUR} an hour, two days of ticks); "
        f"without purging {RUNS_A_DAY * a_run / 1e9:.1f} GB a day"
    )
    collect(Figure(f"Dagster's home at {RUNS_A_DAY:,} hot runs a day", peak / 1e6, "MB", TARGET_BYTES / 1e6))
    print(f"target {TARGET_BYTES / 1e6:.0f} MB: {'met' if peak <= TARGET_BYTES else 'MISSED'}")
    return 0 if peak <= TARGET_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
