"""Fix prompts as Dagster sees them.

Belongs here: asset and metadata. Does not: what a prompt says (facts, prompt), or where its files lie (update).
"""

import dagster as dg

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.fix_prompts.prompt import CODE_VERSION
from retrace_assets.fix_prompts.update import STAGE, rebuild
from retrace_assets.metadata import report_metadata
from retrace_assets.partitions import BY_INCIDENT
from retrace_assets.runs import explained
from retrace_core.fix_loop_tables import CULPRITS, FIX_PROMPTS, SPECS, TEST_RUNS
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.spec_files import ui_specs

_SPEC = table_spec(
    FIX_PROMPTS,
    group=FIX_LOOP,
    deps=[dg.AssetKey(table.name) for table in (SPECS, CULPRITS, TEST_RUNS)],
    code_version=CODE_VERSION,
    partitions=BY_INCIDENT,
)


@dg.multi_asset(name=STAGE, specs=[_SPEC])
def fix_prompts(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], fixer: dg.ResourceParam[Fixer]
) -> dg.MaterializeResult[None]:
    """Write the prompts of an incident for coding agents; evidence in them is inert, fenced and labelled."""
    with explained(context):
        report = rebuild(lake, ui_specs(fixer.home), fixer.prompts, context.partition_key, fixer.block)
    return dg.MaterializeResult(metadata=report_metadata(report, snapshot=lake.snapshot_id()))
