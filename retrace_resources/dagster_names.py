"""What Retrace's things are called in Dagster: the code location, jobs, sensors, and tags of runs.

Belongs here: names that one side writes and another reads. Does not: what they stand for.
"""

from typing import Final

LOCATION: Final = "retrace"
REPOSITORY: Final = "__repository__"
DEFINITIONS: Final = "retrace_definitions"
"""Module of the code location."""

CONFIG_VARIABLE: Final = "RETRACE_CONFIG"
"""Environment variable with the path of config.yaml for the processes of a run; unset is ./config.yaml."""

HOT_JOB: Final = "hot_job"
UPKEEP_JOB: Final = "upkeep_job"
RESCAN_JOB: Final = "rescan_job"
"""Judges stored days by the rules in force."""

REPRODUCE_JOB: Final = "reproduce_job"
"""Makes an incident's test and runs it."""

FIX_LOOP_JOB: Final = "fix_loop_job"
"""Everything that is kept by incident, from its test to the look whether it is gone."""

VERIFY_JOB: Final = "verify_job"
"""Looks whether an incident's fix was merged, and whether the bug is gone."""

PENDING_SEGMENTS: Final = "pending_segments"
"""The sensor that wakes the hot job."""

QUIET: Final = {"console": {"config": {"log_level": "ERROR"}}}
"""Loggers of a run: each event is a line on stderr otherwise, and a hot run has sixty, all in the run's own log."""

SILENT: Final = {"console": {"config": {"log_level": "CRITICAL"}}}
"""Loggers of a run that a person asked for and waits for: what it fails with is told to them, in a line."""

LANE_TAG: Final = "retrace/lane"
"""Which lane a run is on: `hot` takes in what has landed, all others rebuild what is asked for."""

HOT_LANE: Final = "hot"

FAULT_TAG: Final = "retrace/fault"
"""Why a hot run failed, when its segments have no part in it."""

ENVIRONMENT_FAULT: Final = "environment"
