"""What happens when a run fails: a line in the log.

Belongs here: reactions to failed runs, whatever job they are of. Does not: trying again (decide).
"""

import logging

import dagster as dg

_log = logging.getLogger("retrace.runs")


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Writes a line to the log of the code server for every run that fails.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Name the run, the steps that failed and the first line of why."""
    run = context.dagster_run
    steps = ", ".join(event.step_key for event in context.get_step_failure_events() if event.step_key)
    why = (context.failure_event.message or "").partition("\n")[0]
    _log.error("run %s of %s failed in %s: %s", run.run_id, run.job_name, steps or "no step", why)
