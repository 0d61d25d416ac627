"""Calls of a language model as Dagster sees them: noted by whatever calls, made by no run.

Belongs here: the asset's words. Does not: the rows (update).
"""

from typing import Final

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.partitions import BY_INCIDENT
from retrace_core.fix_loop_tables import LLM_CALLS as TABLE

# Some calls are of no incident, so its rows are in no partition.
LLM_CALLS: Final = table_spec(
    TABLE, group=FIX_LOOP, deps=[], code_version="1", description=TABLE.description, partitions=BY_INCIDENT
).replace_attributes(partitions_def=None)
