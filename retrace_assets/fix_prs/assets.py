"""Fixes as Dagster sees them.

Belongs here: asset and metadata. Does not: trying (attempt), the rows (update). Rematerialising is another try: it
updates the branch and the pull request there are, and opens no second one.
"""

import dagster as dg

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import BY_INCIDENT
from retrace_assets.runs import explained
from retrace_assets.specs.reading import read_incident
from retrace_core.fix_loop_tables import FIX_PROMPTS, FIX_PRS, TEST_RUNS
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from retrace_resources.tester import Tester

_SPEC = table_spec(
    FIX_PRS,
    group=FIX_LOOP,
    deps=[dg.AssetKey(FIX_PROMPTS.name), dg.AssetKey(TEST_RUNS.name)],
    code_version="1",
    partitions=BY_INCIDENT,
)


# Agents, commands and repositories are no config: whoever reaches Dagster's UI could choose them. They come from
# config.yaml, or, in the process of the command line, from its options.
@dg.multi_asset(name=FIX_PRS.name, specs=[_SPEC])
def fix_prs(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    state: dg.ResourceParam[StateStore],
    fixer: dg.ResourceParam[Fixer],
    tester: dg.ResourceParam[Tester],
) -> dg.MaterializeResult[None]:
    """Let an agent fix an incident on a copy, judge its patch, and open or update a draft pull request."""
    # The code location is loaded by every run of Dagster, and few of them start an agent.
    from retrace_assets.fix_prs.update import propose  # noqa: PLC0415

    with explained(context):
        incident = read_incident(lake, context.partition_key)
        report = propose(lake, state, fixer, tester, incident)
    latest = lake.query(
        "SELECT fix_id, outcome, reason, agent, sandboxed, len(files) AS files, branch, pr_url, "
        "round(duration_ms) AS ms FROM fix_prs "
        "WHERE project_id = ? AND environment_id = ? AND incident_id = ? ORDER BY started_at DESC LIMIT 5",
        [incident["project_id"], incident["environment_id"], incident["incident_id"]],
    )
    metadata = report_metadata(report, snapshot=lake.snapshot_id())
    return dg.MaterializeResult(metadata={**metadata, "latest": preview(latest)})
