"""Test runs as Dagster sees them.

Belongs here: asset, its config and metadata. Does not: running (retrace_resources.tester), the rows (update).
"""

import dagster as dg
from pydantic import Field

from retrace_assets.asset_specs import FIX_LOOP, table_spec
from retrace_assets.metadata import preview, report_metadata
from retrace_assets.partitions import BY_INCIDENT
from retrace_assets.runs import explained
from retrace_assets.specs.reading import read_incident
from retrace_assets.test_runs.failures import file_failures
from retrace_assets.test_runs.update import STAGE, run_spec, testable
from retrace_core.fix_loop_tables import SPECS, TEST_RUNS
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.spec_files import ui_specs
from retrace_resources.state import StateStore
from retrace_resources.tester import Asked, Tester

_SPEC = table_spec(TEST_RUNS, group=FIX_LOOP, deps=[dg.AssetKey(SPECS.name)], code_version="1", partitions=BY_INCIDENT)


# Commands and files are no config: whoever reaches Dagster's UI could have them run. They come from config.yaml, or,
# in the process of the command line, from its options.
class TestRunsConfig(dg.Config):
    """What a person asks for."""

    times: int = Field(default=1, ge=1, le=100, description="How often the test runs.")
    app_url: str = Field(default="", description="Where the app runs; empty: where the test says.")
    build: str = Field(default="", description="Commit or name of what runs there.")
    hermetic: bool = Field(default=False, description="Serve what did not fail from the first run's recording.")


@dg.multi_asset(name=STAGE, specs=[_SPEC])
def test_runs(  # noqa: PLR0917 - what Dagster hands over, by name
    context: dg.AssetExecutionContext,
    config: TestRunsConfig,
    lake: dg.ResourceParam[Lake],
    state: dg.ResourceParam[StateStore],
    settings: dg.ResourceParam[Settings],
    tester: dg.ResourceParam[Tester],
) -> dg.MaterializeResult[None]:
    """Run the test of an incident: red says that the bug is there, green that it is not."""
    asked = Asked(times=config.times, app_url=config.app_url, build=config.build, hermetic=config.hermetic)
    with explained(context):
        incident = read_incident(lake, context.partition_key)
        spec = testable(lake, ui_specs(settings.home), incident)
        report = run_spec(lake, state, tester, spec, asked, incident=incident)
        file_failures(lake, state, settings.home, spec)
    latest = lake.query(
        "SELECT run_id, verdict, reason, build, round(duration_ms) AS ms, run_dir FROM test_runs WHERE spec_id = ? "
        "ORDER BY started_at DESC, run_id DESC LIMIT 5",
        [spec.spec_id],
    )
    metadata = report_metadata(report, snapshot=lake.snapshot_id())
    return dg.MaterializeResult(metadata={**metadata, "latest": preview(latest)})
