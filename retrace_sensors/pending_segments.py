"""The sensor that wakes the hot job; behind `retrace up`'s push it is the second pair of eyes.

Belongs here: what is looked at in a tick, and the cursor. Does not: the rule (decide), the run's config (hot_runs).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from retrace_assets.jobs import hot_job
from retrace_assets.replays.update import idle_sessions
from retrace_resources.dagster_names import PENDING_SEGMENTS
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_sensors.decide import Launch, PendingSegment, decide
from retrace_sensors.hot_runs import latest_hot_runs, run_config, today

# Dagster's daemon looks at sensors every 5 seconds, so nothing shorter has an effect.
_INTERVAL_SECONDS: Final = 5
# A session that fell silent is closed 5 minutes later; a minute more is not missed, and a look at the lake a tick is.
_IDLE_EVERY: Final = timedelta(minutes=1)


@dg.sensor(
    name=PENDING_SEGMENTS,
    target=hot_job,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the hot job when landed segments wait or a session has gone idle; one run at a time. "
    "Stop it, and `retrace up` stops launching the hot job as well.",
)
def pending_segments(
    context: dg.SensorEvaluationContext, landing: dg.ResourceParam[Landing], lake: dg.ResourceParam[Lake]
) -> dg.SensorResult | dg.SkipReason:
    """Decide what to run now; the cursor is when idle sessions were last looked for."""
    now = datetime.now(UTC)
    pending = [PendingSegment(segment.name, segment.size_bytes) for segment in landing.pending()]
    looked_at = last_look(context.cursor)
    # A lake that is not there yet has no sessions, and looking would make one.
    looks = not pending and lake.catalog_path.exists() and (looked_at is None or now - looked_at >= _IDLE_EVERY)
    idle = looks and not idle_sessions(lake, now.replace(tzinfo=None)).is_empty()
    decision = decide(pending, latest_hot_runs(context.instance), now, idle_sessions=idle)
    if looks:
        context.update_cursor(now.isoformat())
    if isinstance(decision, Launch):
        return dg.SensorResult([_run_request(decision)])
    return dg.SkipReason(decision.reason)


def last_look(cursor: str | None) -> datetime | None:
    """Read the cursor; what cannot be read counts as never."""
    try:
        return datetime.fromisoformat(cursor).astimezone(UTC) if cursor else None
    except ValueError:
        return None


def _run_request(launch: Launch) -> dg.RunRequest:
    return dg.RunRequest(run_key=launch.run_key, run_config=run_config(launch), partition_key=today())
