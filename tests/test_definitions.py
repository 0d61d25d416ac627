"""The code location: it loads anywhere, and is what this page says."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from retrace_assets.models.assets import GROUP as MODELS
from retrace_assets.signals.detectors import DETECTORS
from retrace_core.table import Kind
from retrace_core.tables import TABLES
from retrace_definitions import build_defs

ROOT = Path(__file__).parents[1]

# One line an asset: key, group, partitions, what it follows from. Detectors and SQL models have lists of their own.
ASSETS = """
clusters | triage | daily | signals/*
culprits | fix_loop | by incident | incidents, specs
fix_prompts | fix_loop | by incident | culprits, specs, test_runs
fix_prs | fix_loop | by incident | fix_prompts, test_runs
incidents | triage | daily | issues
issues | triage | daily | clusters
landing | ingest | - | -
llm_calls | fix_loop | - | -
page_changes | ingest | daily | replay_payloads, replays
rejected | ingest | daily | landing
replay_batches | ingest | daily | landing
replay_events | ingest | daily | landing
replay_payloads | ingest | daily | landing
replays | ingest | daily | replay_batches, replay_events
signals/* | detect | daily | page_changes, replay_events, replays
specs | fix_loop | by incident | incidents, replay_payloads
test_runs | fix_loop | by incident | specs
upkeep/dagster_runs | upkeep | - | -
upkeep/lake_files | upkeep | - | -
verifications | fix_loop | by incident | fix_prs
"""

_PARTITIONS = {dg.DailyPartitionsDefinition: "daily", dg.DynamicPartitionsDefinition: "by incident"}

HOT_STEPS = ["clusters", "incidents", "intake", "issues", "pages", "replays", "signals"]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    """The code location."""
    return build_defs()


def spec_line(spec: dg.AssetSpec) -> str:
    """An asset as `ASSETS` writes it."""
    partitions = _PARTITIONS.get(type(spec.partitions_def), "-")
    deps = sorted({name(dep.asset_key) for dep in spec.deps})
    return " | ".join((name(spec.key), str(spec.group_name), partitions, ", ".join(deps) or "-"))


def name(key: dg.AssetKey) -> str:
    """An asset's key; detectors are all alike."""
    return "signals/*" if key.path[0] == "signals" else key.to_user_string()


def test_assets_are_those_of_this_page(defs: dg.Definitions) -> None:
    specs = [spec for spec in defs.resolve_all_asset_specs() if spec.group_name != MODELS]

    assert sorted({spec_line(spec) for spec in specs}) == ASSETS.strip().splitlines()


def test_every_detector_is_an_asset_with_its_own_words(defs: dg.Definitions) -> None:
    specs = {spec.key.path[-1]: spec for spec in defs.resolve_all_asset_specs() if spec.key.path[0] == "signals"}

    assert set(specs) == set(DETECTORS)
    assert all("**Fires when**" in (spec.description or "") for spec in specs.values())


def test_every_table_people_read_is_an_asset(defs: dg.Definitions) -> None:
    keys = {spec.key.path[0] for spec in defs.resolve_all_asset_specs()}

    assert {table.name for table in TABLES.values() if table.kind is not Kind.LEDGER} <= keys


def test_every_asset_says_who_owns_it_what_it_is_made_with_and_what_it_is(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.description, spec.key


def test_daily_assets_are_valid_for_today_and_for_the_oldest_import(defs: dg.Definitions) -> None:
    """Without end_offset=1 today is no partition until midnight."""
    days = next(spec.partitions_def for spec in defs.resolve_all_asset_specs() if spec.key.path == ["replays"])
    assert days is not None

    keys = days.get_partition_keys()

    assert keys[0] == "2018-01-01"
    assert keys[-1] == dg.DailyPartitionsDefinition("2018-01-01", end_offset=1).get_last_partition_key()


def test_hot_job_runs_the_stages_in_one_process(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def("hot_job")

    assert sorted(node.name for node in job.nodes) == HOT_STEPS
    assert job.executor_def.name == "in_process"
    assert job.tags["retrace/lane"] == "hot"


def test_upkeep_job_makes_every_full_check(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def("upkeep_job")

    assert {node.name for node in job.nodes} == {
        "incidents_every_incident_has_evidence",
        "landing_no_segment_waits_long",
        "replay_batches_nothing_landed_is_missing",
        "rates",
        "upkeep__dagster_runs",
        "upkeep__lake_files",
    }


def test_what_wakes_things_runs_without_being_switched_on(defs: dg.Definitions) -> None:
    sensors = {sensor.name: sensor.default_status for sensor in defs.sensors or ()}
    schedules = {schedule.name: schedule.default_status for schedule in defs.schedules or ()}  # type: ignore[union-attr]

    assert sensors == dict.fromkeys(
        ("pending_segments", "resolved_incidents", "autopilot", "failed_runs", "hourly_models"),
        dg.DefaultSensorStatus.RUNNING,
    )
    assert schedules == {"hourly_upkeep": dg.DefaultScheduleStatus.RUNNING}


def test_code_location_is_valid(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_code_location_loads_in_a_fresh_interpreter_and_asks_for_a_home(tmp_path: Path) -> None:
    code = "import retrace_definitions as r; print(len(list(r.defs().resolve_all_asset_specs())))"

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "RETRACE_HOME": str(tmp_path / "none"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert int(loaded.stdout) >= len(ASSETS.splitlines())
    assert "is no Retrace home yet: run `retrace quickstart`" in loaded.stderr
    assert not (tmp_path / "none").exists()


def test_code_location_does_not_import_what_a_run_may_never_need() -> None:
    """Each run that gets a process of its own pays for imports."""
    code = "import sys, retrace_definitions; print(*{'playwright', 'httpx', 'starlette', 'rich'} & set(sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert loaded.stdout.split() == []
