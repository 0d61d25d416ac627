"""The sensor that looks whether fixes were merged, and whether what was said to be fixed is.

Belongs here: reading the queue, and asking for runs. Does not: whose turn it is (due), or the look itself
(retrace_assets.verifications).
"""

from datetime import UTC, datetime

import dagster as dg

from retrace_assets.jobs import verify_job
from retrace_resources.lake import Lake
from retrace_sensors.due import to_verify
from retrace_sensors.requests import read_queue, requested


@dg.sensor(
    name="resolved_incidents",
    job=verify_job,
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Follows the pull requests of fixes, and tests what was merged or said to be fixed; once an hour each.",
)
def resolved_incidents(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult:
    """Ask for a look at each incident whose turn it is."""
    return requested(context.instance, to_verify(read_queue(lake), datetime.now(UTC)), "nothing waits to be verified")
