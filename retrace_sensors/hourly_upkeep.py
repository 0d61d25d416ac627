"""The schedule of upkeep.

Belongs here: when. Does not: what it does (retrace_assets.upkeep, the checks of the stages).
"""

import dagster as dg

from retrace_assets.jobs import upkeep_job

# Off the hour, when everybody else's schedules start.
hourly_upkeep = dg.ScheduleDefinition(
    name="hourly_upkeep",
    target=upkeep_job,
    cron_schedule="17 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Maintains the lake, purges old runs, and checks the promises over everything.",
)
