"""What must hold of the whole queue.

Belongs here: the full checks. Does not: those a step makes of what it has in hand (assets).
"""

import dagster as dg

from retrace_assets.incidents.assets import evidence_result, without_evidence
from retrace_core.tables import INCIDENTS
from retrace_resources.lake import Lake

_NAME = "every_incident_has_evidence"


@dg.asset_check(
    asset=INCIDENTS.name, name=_NAME, description="Every open incident names the signals it stands on (DESIGN §4.4)."
)
def every_incident_has_evidence(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """Look at all incidents."""
    return evidence_result(_NAME, without_evidence(lake))
