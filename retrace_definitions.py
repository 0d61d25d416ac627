"""The code location on one page: every asset, check, job, schedule, sensor and resource of Retrace.

Belongs here: the lists. Does not: any logic.
"""

from collections.abc import Mapping

import dagster as dg

from retrace_assets.clusters.assets import clusters
from retrace_assets.culprits.assets import culprits
from retrace_assets.fix_prompts.assets import fix_prompts
from retrace_assets.fix_prs.assets import fix_prs
from retrace_assets.incidents.assets import incidents
from retrace_assets.intake.assets import LANDING, intake
from retrace_assets.issues.assets import issues
from retrace_assets.jobs import (
    FULL_CHECKS,
    fix_loop_job,
    hot_job,
    reproduce_job,
    rescan_job,
    upkeep_job,
    verify_job,
)
from retrace_assets.llm_calls.assets import LLM_CALLS
from retrace_assets.models.assets import models
from retrace_assets.pages.assets import pages
from retrace_assets.replays.assets import replays
from retrace_assets.signals.assets import signals
from retrace_assets.specs.assets import specs
from retrace_assets.test_runs.assets import test_runs
from retrace_assets.upkeep.assets import dagster_runs, lake_files
from retrace_assets.verifications.assets import verifications
from retrace_resources.dagster_resources import default_resources, warn_unless_set_up
from retrace_sensors.autopilot import autopilot
from retrace_sensors.failed_runs import failed_runs
from retrace_sensors.hourly_models import hourly_models
from retrace_sensors.hourly_upkeep import hourly_upkeep
from retrace_sensors.pending_segments import pending_segments
from retrace_sensors.resolved_incidents import resolved_incidents


def build_defs(*, resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Assemble the code location; `resource_overrides` puts other resources in the place of the default ones."""
    return dg.Definitions(
        assets=[
            LANDING,
            intake,
            replays,
            pages,
            signals,
            clusters,
            issues,
            incidents,
            specs,
            test_runs,
            culprits,
            fix_prompts,
            fix_prs,
            verifications,
            LLM_CALLS,
            models,
            lake_files,
            dagster_runs,
        ],
        asset_checks=FULL_CHECKS,
        jobs=[hot_job, rescan_job, reproduce_job, fix_loop_job, verify_job, upkeep_job],
        schedules=[hourly_upkeep],
        sensors=[pending_segments, resolved_incidents, autopilot, failed_runs, hourly_models],
        resources={**default_resources(), **(resource_overrides or {})},
        # A process a step would cost more than most steps.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    warn_unless_set_up()
    return build_defs()
