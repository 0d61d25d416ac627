"""The jobs: what runs together.

Belongs here: selections, lanes, executors. Does not: when a job runs (retrace_sensors).
"""

from typing import Final

import dagster as dg

from retrace_assets.asset_specs import FIX_LOOP, UPKEEP
from retrace_assets.incidents.assets import NEW_INCIDENTS_HAVE_EVIDENCE
from retrace_assets.incidents.checks import every_incident_has_evidence
from retrace_assets.intake.assets import NO_SEGMENT_SET_ASIDE
from retrace_assets.intake.checks import no_segment_waits_long, nothing_landed_is_missing
from retrace_assets.signals.assets import SIGNAL_KEYS
from retrace_assets.signals.checks import rates_as_before
from retrace_core.fix_loop_tables import SPECS, TEST_RUNS, VERIFICATIONS
from retrace_resources.dagster_names import (
    FIX_LOOP_JOB,
    HOT_JOB,
    HOT_LANE,
    LANE_TAG,
    QUIET,
    REPRODUCE_JOB,
    RESCAN_JOB,
    UPKEEP_JOB,
    VERIFY_JOB,
)

# Checks a step makes itself, of what it has in hand.
MADE_BY_STEPS: Final = [NO_SEGMENT_SET_ASIDE, NEW_INCIDENTS_HAVE_EVIDENCE]
# Checks over everything, each a step of its own.
FULL_CHECKS: Final = [no_segment_waits_long, nothing_landed_is_missing, rates_as_before, every_incident_has_evidence]

hot_job: Final = dg.define_asset_job(
    HOT_JOB,
    selection=dg.AssetSelection.tag(LANE_TAG, HOT_LANE).without_checks()
    | dg.AssetSelection.checks(*(check.key for check in MADE_BY_STEPS)),
    description="Take in what has landed and update all that follows from it. Runs by itself, one at a time.",
    tags={LANE_TAG: HOT_LANE},
    config={"loggers": QUIET},
    executor_def=dg.in_process_executor,
)

rescan_job: Final = dg.define_asset_job(
    RESCAN_JOB,
    selection=dg.AssetSelection.assets(*SIGNAL_KEYS).without_checks(),
    description="Judge stored days by the rules in force; the next hot run updates what follows.",
    config={"loggers": QUIET},
    executor_def=dg.in_process_executor,
)

reproduce_job: Final = dg.define_asset_job(
    REPRODUCE_JOB,
    selection=dg.AssetSelection.assets(SPECS.name, TEST_RUNS.name).without_checks(),
    description="Make an incident's test of its recording, and run it: red says that the bug is there.",
    config={"loggers": QUIET},
    executor_def=dg.in_process_executor,
)

fix_loop_job: Final = dg.define_asset_job(
    FIX_LOOP_JOB,
    selection=dg.AssetSelection.groups(FIX_LOOP).without_checks(),
    description="From an incident to its proven fix: test, runs, ranked files, prompts, draft pull request, proof.",
    config={"loggers": QUIET},
    executor_def=dg.in_process_executor,
)

verify_job: Final = dg.define_asset_job(
    VERIFY_JOB,
    selection=dg.AssetSelection.assets(VERIFICATIONS.name).without_checks(),
    description="Follow an incident's pull request; once it is merged, run its test on that commit.",
    config={"loggers": QUIET},
    executor_def=dg.in_process_executor,
)

upkeep_job: Final = dg.define_asset_job(
    UPKEEP_JOB,
    selection=dg.AssetSelection.groups(UPKEEP)
    | dg.AssetSelection.checks(*(key for check in FULL_CHECKS for key in check.check_keys)),
    description="Keep the lake's files and Dagster's history small, and check the promises over everything.",
    config={"loggers": QUIET},
    executor_def=dg.in_process_executor,
)
