"""What must hold between the door and the facts: nothing waits long, and what came in is all there.

Belongs here: the full checks. Does not: those intake makes of what it has in hand (assets).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from retrace_assets.intake.assets import LANDING
from retrace_assets.metadata import preview
from retrace_assets.runs import utc_now
from retrace_core.tables import REPLAY_BATCHES
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing

# The sensor looks every 5 seconds and a run takes a few: what waits longer than this waits for something broken.
OLDEST_MAY_WAIT: Final = timedelta(minutes=5)
# Sessions go on for hours and importers look back a week (DESIGN §4.7).
_DAYS_LOOKED_AT: Final = timedelta(days=8)

_DIFFERENCES: Final = """
WITH batches AS (
    SELECT day, count(*) AS batches, sum(event_count) AS events FROM replay_batches WHERE day >= $since GROUP BY day
), payloads AS (
    SELECT day, count(*) AS payloads FROM replay_payloads WHERE day >= $since GROUP BY day
), events AS (
    SELECT day, count(*) AS typed FROM replay_events WHERE day >= $since AND part = 0 GROUP BY day
)
SELECT day, batches, coalesce(payloads, 0) AS payloads, events, coalesce(typed, 0) AS typed
FROM batches LEFT JOIN payloads USING (day) LEFT JOIN events USING (day)
WHERE batches <> coalesce(payloads, 0) OR events <> coalesce(typed, 0)
ORDER BY day
"""


@dg.asset_check(asset=LANDING.key, description=f"No closed segment waits longer than {OLDEST_MAY_WAIT}.")
def no_segment_waits_long(landing: dg.ResourceParam[Landing]) -> dg.AssetCheckResult:
    """Look at the oldest segment."""
    pending = landing.pending()
    waited = datetime.now(UTC) - pending[0].opened_at if pending else timedelta()
    return dg.AssetCheckResult(
        passed=waited <= OLDEST_MAY_WAIT,
        metadata={"segments": len(pending), "oldest waits for": f"{waited.total_seconds():.0f} s"},
    )


@dg.asset_check(
    asset=REPLAY_BATCHES.name,
    description="Each day's batches, their payloads and their events agree in number (DESIGN §4.1), over 8 days.",
)
def nothing_landed_is_missing(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """Count the three tables of intake against each other."""
    differences = lake.query(_DIFFERENCES, {"since": (utc_now() - _DAYS_LOOKED_AT).date()})
    return dg.AssetCheckResult(
        passed=differences.is_empty(),
        metadata={"days that differ": differences.height, "first of them": preview(differences)},
    )
