"""Asking Dagster for runs of incidents.

Belongs here: reading the queue for a sensor, and turning what is due into requests. Does not: what is due (due).
"""

from collections.abc import Sequence

import dagster as dg

from retrace_assets.partitions import BY_INCIDENT
from retrace_resources.lake import Lake
from retrace_sensors.due import MOST_AT_ONCE, Due, Row

_COLUMNS = ("incident_id", "status", "repro_status", "repro_spec_id", "fix_status")
_MOST_READ = 500


def read_queue(lake: Lake) -> list[Row]:
    """What sensors need of the queue, the most urgent first; nothing where there is no lake yet."""
    if not lake.catalog_path.exists():
        return []
    query = (
        f"SELECT {', '.join(_COLUMNS)} FROM incidents ORDER BY "
        "list_position(['critical', 'high', 'medium', 'low'], severity), affected_users DESC, incident_id LIMIT ?"
    )
    return list(lake.query(query, [_MOST_READ]).iter_rows(named=True))


def requested(instance: dg.DagsterInstance, due: Sequence[Due], nothing: str) -> dg.SensorResult:
    """Runs for the first of what is due and was not asked for before; `nothing` says why there is none."""
    fresh = [each for each in due if not _was_asked(instance, each.run_key)][:MOST_AT_ONCE]
    if not fresh:
        return dg.SensorResult(skip_reason=nothing)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=each.run_key, partition_key=each.incident_id) for each in fresh],
        dynamic_partitions_requests=[BY_INCIDENT.build_add_request([each.incident_id for each in fresh])],
    )


def _was_asked(instance: dg.DagsterInstance, run_key: str) -> bool:
    """Dagster skips a key it knows, and would count it among the few of this tick."""
    filters = dg.RunsFilter(tags={"dagster/run_key": run_key})
    return bool(instance.get_run_ids(filters, limit=1))
