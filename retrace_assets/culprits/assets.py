"""Culprits as Dagster sees them.

Belongs here: asset and metadata. Does not: ranking (ranking), or the rows (update).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.culprits.source_index import CODE_VERSION
from retrace_assets.culprits.update import STAGE, Ask, rebuild
from retrace_assets.metadata import report_metadata
from retrace_assets.partitions import BY_INCIDENT
from retrace_assets.runs import explained
from retrace_assets.specs.reading import read_incident
from retrace_core.fix_loop_tables import CULPRITS, SPECS
from retrace_core.tables import INCIDENTS
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore

_SPEC = table_spec(
    CULPRITS,
    group=FIX_LOOP,
    deps=[
        dg.AssetDep(INCIDENTS.name, partition_mapping=dg.LastPartitionMapping()),
        dg.AssetKey(SPECS.name),
    ],
    code_version=CODE_VERSION,
    partitions=BY_INCIDENT,
)


@dg.multi_asset(name=STAGE, specs=[_SPEC])
def culprits(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    state: dg.ResourceParam[StateStore],
    settings: dg.ResourceParam[Settings],
    fixer: dg.ResourceParam[Fixer],
) -> dg.MaterializeResult[None]:
    """Rank the source files that may hold the bug of an incident."""
    with explained(context):
        repository = fixer.repository_of(state)
        where = repository.name, repository.path, fixer.base or repository.base
        incident = read_incident(lake, context.partition_key)
        report = rebuild(lake, settings.home, *where, context.partition_key, ask=_ask(lake, fixer, incident))
    return dg.MaterializeResult(metadata=report_metadata(report, snapshot=lake.snapshot_id()))


def _ask(lake: Lake, fixer: Fixer, incident: Mapping[str, Any]) -> Ask | None:
    """A model that may have the last word on the order, where one is configured."""
    # The code location is loaded by every run of Dagster, and few of them ask a model.
    from retrace_assets.llm_calls.update import keeping  # noqa: PLC0415
    from retrace_resources.llm import LanguageModel  # noqa: PLC0415

    tenant = incident["project_id"], incident["environment_id"]
    model = LanguageModel(fixer.llm, keeping(lake, tenant, incident["incident_id"]))
    return (lambda text: model.ask_text("rerank", text)) if model.configured() else None
