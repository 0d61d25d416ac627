"""Specs as Dagster sees them.

Belongs here: asset and metadata. Does not: making a spec (generate), or when a file is written (update).
"""

import dagster as dg

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.metadata import report_metadata
from retrace_assets.partitions import BY_INCIDENT
from retrace_assets.runs import explained
from retrace_assets.specs.generate import CODE_VERSION
from retrace_assets.specs.update import STAGE, rebuild
from retrace_core.fix_loop_tables import SPECS
from retrace_core.tables import INCIDENTS, REPLAY_PAYLOADS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.spec_files import ui_specs


def _today(table: str) -> dg.AssetDep:
    """An incident's row is the latest, whatever days its sessions are of."""
    return dg.AssetDep(table, partition_mapping=dg.LastPartitionMapping())


_SPEC = table_spec(
    SPECS,
    group=FIX_LOOP,
    deps=[_today(INCIDENTS.name), _today(REPLAY_PAYLOADS.name)],
    code_version=CODE_VERSION,
    partitions=BY_INCIDENT,
)


@dg.multi_asset(name=STAGE, specs=[_SPEC])
def specs(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Make the test of an incident anew; what a person edited stays."""
    with explained(context):
        report = rebuild(lake, ui_specs(settings.home), context.partition_key, app_url=settings.tester.app_url)
    return dg.MaterializeResult(metadata=report_metadata(report, snapshot=lake.snapshot_id()))
