"""The sensor that reproduces new incidents by itself, when `fix.autopilot` says so.

Belongs here: reading the queue, and asking for runs. Does not: whose turn it is (due), or reproducing (test_runs). It
stops at the red test: an agent starts only when a person asks.
"""

import dagster as dg

from retrace_assets.jobs import reproduce_job
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_sensors.due import to_reproduce
from retrace_sensors.requests import read_queue, requested


@dg.sensor(
    name="autopilot",
    job=reproduce_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes a test of each new incident and runs it, if `fix.autopilot` is on.",
)
def autopilot(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    """Ask for a test of each incident whose turn it is."""
    if not settings.fix.autopilot:
        return dg.SensorResult(skip_reason="fix.autopilot is off")
    return requested(context.instance, to_reproduce(read_queue(lake)), "every open incident was tried")
