"""Materialising what is kept by incident, in this process: specs, test runs, culprits, prompts, fixes, verifications.

Each of them takes the environment of whoever asks: variables with passwords, a checkout, an agent that is logged in. So
it is executed here, also while `retrace up` runs; the same Dagster shows it. Belongs here: executing the job on a
partition, and what it was refused with. Does not: any of the assets.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.table import Table
from retrace_resources.dagster_names import FIX_LOOP_JOB, SILENT
from retrace_resources.settings import Settings

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult


def materialize(
    settings: Settings,
    incident: Mapping[str, Any],
    tables: Sequence[Table],
    *,
    resources: Mapping[str, object],
    config: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Materialise an incident's partition of some tables, in their order; raises what they refuse with.

    `resources` stand in the place of the configured ones, `config` is by table.
    """
    # Every command of the queue can come here and most do not: importing Dagster takes longer than they do.
    from dagster import AssetKey  # noqa: PLC0415

    from retrace_app.actions.pipeline import failure_of  # noqa: PLC0415
    from retrace_assets.partitions import BY_INCIDENT  # noqa: PLC0415
    from retrace_definitions import build_defs  # noqa: PLC0415
    from retrace_resources.dagster_instance import open_instance  # noqa: PLC0415
    from retrace_resources.dagster_resources import default_resources  # noqa: PLC0415

    partition = incident["incident_id"]
    ops = {name: {"config": dict(values)} for name, values in (config or {}).items()}
    definitions = build_defs(resource_overrides={**default_resources(settings), **resources})
    with open_instance(settings.home) as instance:
        instance.add_dynamic_partitions(BY_INCIDENT.name or "", [partition])
        result = definitions.resolve_job_def(FIX_LOOP_JOB).execute_in_process(
            instance=instance,
            partition_key=partition,
            run_config={"loggers": SILENT, "ops": ops},
            asset_selection=[AssetKey(table.name) for table in tables],
            raise_on_error=False,
        )
        if not result.success:
            raise _refusal(result) or failure_of(instance, result.run_id, "it gives no reason")


def _refusal(result: "ExecuteInProcessResult") -> RetraceError | None:
    """What an asset refused with, as it was raised there."""
    for event in result.all_events:
        given = event.step_failure_data.user_failure_data if event.is_step_failure else None
        metadata = {name: str(value.value) for name, value in (given.metadata if given else {}).items()}
        if "code" in metadata:
            code = next(code for code in ErrorCode if code.value == metadata["code"])
            return RetraceError(code, metadata.get("detail", ""), hint=metadata.get("hint", ""))
    return None
