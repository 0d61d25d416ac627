"""SQL models as Dagster sees them: one step, an asset a file, its tests as checks.

Belongs here: specs and metadata. Does not: reading the files (`model`), building (`run`), lineage (`lineage`).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from retrace_assets.metadata import preview
from retrace_assets.models.lineage import Lineage, column_lineage, holds_page_text
from retrace_assets.models.model import Check, Model, load_models
from retrace_assets.models.run import Built, NotBuilt, build_models
from retrace_assets.runs import explained
from retrace_assets.signals.assets import SIGNAL_KEYS
from retrace_core.table import Kind
from retrace_core.tables import SIGNALS, TABLES
from retrace_resources.lake import Lake

GROUP: Final = "models"
# Every hour, whether or not something came: a model that is older than this says that nothing runs, not that the night
# was quiet. Past the full hour, when most other jobs of a machine start.
EVERY_HOUR: Final = "7 * * * *"
WARN_AFTER: Final = timedelta(hours=3)
FAIL_AFTER: Final = timedelta(hours=12)

MODELS: Final = load_models()


def model_specs(models: tuple[Model, ...] = MODELS) -> list[dg.AssetSpec]:
    """One spec a model."""
    return [_spec(model) for model in models]


def check_specs(models: tuple[Model, ...] = MODELS) -> list[dg.AssetCheckSpec]:
    """One spec a test of a model."""
    return [_check_spec(model, check) for model in models for check in model.checks]


def _spec(model: Model) -> dg.AssetSpec:
    return dg.AssetSpec(
        model.name,
        deps=[key for ref in model.refs for key in _upstream(ref)],
        description=f"{model.description}\n\nGrain: {model.grain}.",
        metadata={"dagster/table_name": model.name, "file": f"dbt_like_sql/{model.name}.sql"},
        group_name=GROUP,
        kinds={"sql", "duckdb"},
        owners=list(model.owners),
        code_version=model.code_version,
        automation_condition=dg.AutomationCondition.cron_tick_passed(EVERY_HOUR)
        & ~dg.AutomationCondition.in_progress(),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FAIL_AFTER, warn_window=WARN_AFTER),
    )


def _upstream(ref: str) -> list[dg.AssetKey]:
    """The assets that write a table: `signals` has one a detector, a ledger none."""
    if ref == SIGNALS.name:
        return SIGNAL_KEYS
    return [] if ref in TABLES and TABLES[ref].kind is Kind.LEDGER else [dg.AssetKey(ref)]


def _check_spec(model: Model, check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=model.name,
        description=check.description,
        blocking=check.blocking,
        metadata={"sql": _sql(check.sql)},
    )


def _check_results(built: Built, selected: Any) -> Iterator[dg.AssetCheckResult]:
    for check in built.model.checks:
        if dg.AssetCheckKey(dg.AssetKey(built.model.name), check.name) in selected:
            yield dg.AssetCheckResult(
                asset_key=built.model.name,
                check_name=check.name,
                passed=not built.broken[check.name],
                severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
                metadata={"rows": built.broken[check.name], "find them": _sql(check.sql)},
            )


def _metadata(built: Built) -> dict[str, Any]:
    lineage = column_lineage(built.model, MODELS)
    shown = [name for name, kind in built.columns.items() if not holds_page_text(name, kind, lineage)]
    return {
        "dagster/row_count": built.rows.height,
        "dagster/column_schema": _column_schema(built),
        "dagster/column_lineage": _column_lineage(lineage),
        "column lineage": _lineage_table(lineage),
        "preview": preview(built.rows.select(shown)),
        "sql": _sql(built.model.sql),
        "snapshot": built.commit_no,
        "seconds": round(built.seconds, 3),
    }


def _column_schema(built: Built) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[dg.TableColumn(name, kind, built.model.columns[name]) for name, kind in built.columns.items()]
    )


def _column_lineage(lineage: Lineage) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_key=key, column_name=source)
                for table, source in sources
                for key in _upstream(table)
            ]
            for column, sources in lineage.items()
        }
    )


def _lineage_table(lineage: Lineage) -> dg.MarkdownMetadataValue:
    """Dagster's open-source UI does not draw column lineage, so it is also told in words."""
    lines = (
        f"| `{column}` | {', '.join(f'`{table}.{source}`' for table, source in sources) or 'rows are counted'} |"
        for column, sources in lineage.items()
    )
    return dg.MetadataValue.md("\n".join(("| column | made of |", "|---|---|", *lines)))


def _sql(text: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"```sql\n{text}\n```")


@dg.multi_asset(name=GROUP, specs=model_specs(), check_specs=check_specs(), can_subset=True)
def models(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Build the selected models, those first that others read, and run their tests."""
    selected = [model for model in MODELS if dg.AssetKey(model.name) in context.selected_asset_keys]
    failures: list[NotBuilt] = []
    with explained(context):
        for result in build_models(lake, selected):
            if isinstance(result, NotBuilt):
                failures.append(result)
                continue
            yield dg.MaterializeResult(asset_key=result.model.name, metadata=_metadata(result))
            yield from _check_results(result, context.selected_asset_check_keys)
    if failures:
        raise dg.Failure("; ".join(f"{each.model.name}: {each.why}" for each in failures), allow_retries=False)
