"""Verifications as Dagster sees them.

Belongs here: asset, its config and metadata. Does not: following a fix or testing what was merged (update).
"""

import dagster as dg
from pydantic import Field

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import BY_INCIDENT
from retrace_assets.runs import explained
from retrace_assets.specs.reading import read_incident
from retrace_assets.test_runs.certify import TIMES
from retrace_core.fix_loop_tables import FIX_PRS, VERIFICATIONS
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from retrace_resources.tester import Tester

_SPEC = table_spec(
    VERIFICATIONS, group=FIX_LOOP, deps=[dg.AssetKey(FIX_PRS.name)], code_version="1", partitions=BY_INCIDENT
)


class VerificationsConfig(dg.Config):
    """What a person asks for."""

    times: int = Field(default=TIMES, ge=1, le=100, description="How often the test runs.")
    app_url: str = Field(default="", description="Where the fixed app runs, when no command starts it.")


@dg.multi_asset(name=VERIFICATIONS.name, specs=[_SPEC])
def verifications(  # noqa: PLR0917 - what Dagster hands over, by name
    context: dg.AssetExecutionContext,
    config: VerificationsConfig,
    lake: dg.ResourceParam[Lake],
    state: dg.ResourceParam[StateStore],
    fixer: dg.ResourceParam[Fixer],
    tester: dg.ResourceParam[Tester],
) -> dg.MaterializeResult[None]:
    """Follow a fix's pull request; once it is merged, run the test on that commit."""
    # The code location is loaded by every run of Dagster, and few of them start an app.
    from retrace_assets.verifications.update import Look, verify  # noqa: PLC0415

    with explained(context):
        incident = read_incident(lake, context.partition_key)
        look = Look(lake=lake, state=state, fixer=fixer, tester=tester, times=config.times, app_url=config.app_url)
        report = verify(look, incident)
    latest = lake.query(
        "SELECT verification_id, outcome, reason, pr_state, commit_sha, len(run_ids) AS runs, checked_at "
        "FROM verifications WHERE project_id = ? AND environment_id = ? AND incident_id = ? "
        "ORDER BY checked_at DESC LIMIT 5",
        [incident["project_id"], incident["environment_id"], incident["incident_id"]],
    )
    metadata = report_metadata(report, snapshot=lake.snapshot_id())
    return dg.MaterializeResult(metadata={**metadata, "latest": preview(latest)})
