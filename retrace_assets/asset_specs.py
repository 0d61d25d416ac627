"""What the UI says of an asset before it ever ran: words, columns, kinds, owner, taken from the tables.

Belongs here: turning a table into an asset's spec. Does not: what a run reports (metadata).
"""

from collections.abc import Iterable, Mapping
from typing import Final

import dagster as dg

from retrace_assets.partitions import BY_INCIDENT, DAYS
from retrace_core.table import Table
from retrace_resources.dagster_names import HOT_LANE, LANE_TAG

OWNERS: Final = ["team:retrace"]

INGEST: Final = "ingest"
DETECT: Final = "detect"
TRIAGE: Final = "triage"
FIX_LOOP: Final = "fix_loop"
UPKEEP: Final = "upkeep"


def table_spec(
    table: Table,
    *,
    group: str,
    deps: Iterable[dg.AssetKey | dg.AssetDep],
    code_version: str,
    key: dg.AssetKey | None = None,
    description: str = "",
    metadata: Mapping[str, object] | None = None,
    partitions: dg.PartitionsDefinition[str] = DAYS,
) -> dg.AssetSpec:
    """Describe the asset of a table, or, with `key` and `description`, of some of its rows.

    What is kept by day is kept up by the hot run; what is kept by incident is made when somebody asks.
    """
    return dg.AssetSpec(
        key or dg.AssetKey(table.name),
        deps=list(deps),
        description=description or f"{table.description}\n\n{_kept(table, partitions)}",
        metadata={"dagster/column_schema": _column_schema(table), "dagster/table_name": table.name, **(metadata or {})},
        group_name=group,
        code_version=code_version,
        owners=OWNERS,
        tags={LANE_TAG: HOT_LANE} if partitions is DAYS else {},
        kinds={"polars", "duckdb", table.kind.value},
        partitions_def=partitions,
    )


def _column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                column.description,
                dg.TableColumnConstraints(nullable=column.name not in table.key),
            )
            for column in table.columns
        ]
    )


def _kept(table: Table, partitions: dg.PartitionsDefinition[str]) -> str:
    key = f"One row for each ({', '.join(table.key)}). " if table.key else ""
    if partitions is BY_INCIDENT:
        return f"{key}A partition holds what is made for one incident."
    return key + (
        "Kept by day." if "day" in table.column_names else "A day stands for what was seen on it; the rows have no day."
    )
