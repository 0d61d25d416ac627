"""API tests as people handle them: made of an incident, written by hand, listed, and run.

Belongs here: the files, the runs and their rows. Does not: making one (retrace_assets.specs.api), sending
(retrace_resources.api_engine).
"""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from retrace_app.actions.specs import Broken
from retrace_assets.specs.api import api_spec_of
from retrace_assets.specs.reading import candidates, read_incident
from retrace_assets.test_runs.failures import file_failures
from retrace_assets.test_runs.update import API, NOBODY, keep_run
from retrace_core.api_spec import ApiSpec, ApiStep
from retrace_core.api_spec_file import api_spec_from
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.test_run import TestRun
from retrace_resources.api_engine import run_api
from retrace_resources.app_process import running_app
from retrace_resources.engine.options import RunOptions
from retrace_resources.lake import Lake
from retrace_resources.run_records import runs_folder
from retrace_resources.settings import Settings
from retrace_resources.spec_files import api_specs
from retrace_resources.state import StateStore
from retrace_resources.tester import new_run_id


def make_api_spec(settings: Settings, incident_id: str) -> ApiSpec:
    """Make the API test of an incident whose request failed; what a person wrote in its place stays.

    Raises `incident_not_found`, `not_testable`, or `invalid_spec` where a test of that name was edited.
    """
    reasons: list[RetraceError] = []
    with Lake(settings.home) as lake:
        incident = read_incident(lake, incident_id)
        spec_id = f"{incident['incident_id'].lower()}-api"
        files = api_specs(settings.home)
        if (current := files.find(spec_id)) is not None:
            return current
        for candidate in candidates(lake, incident):
            by_id = {each["signal_id"]: each for each in candidate.session_signals}
            cause = by_id.get(candidate.signal["cause"] or "", candidate.signal)
            try:
                spec = api_spec_of(cause, spec_id, app_url=settings.tester.app_url)
            except RetraceError as error:
                reasons.append(error)
                continue
            source = msgspec.structs.replace(spec.source, incident_id=incident["incident_id"])
            made = msgspec.structs.replace(spec, source=source)
            files.write(made)
            return made
    raise reasons[0] if reasons else RetraceError(ErrorCode.NOT_TESTABLE, "its recordings are gone")


def create_api_spec(settings: Settings, raw: dict[str, Any]) -> ApiSpec:
    """Write an API test by hand, in the place of one of its name; raises `invalid_spec`."""
    spec = api_spec_from(raw)
    api_specs(settings.home).write(spec)
    return spec


def list_api_specs(settings: Settings) -> tuple[list[ApiSpec], list[Broken]]:
    """List all API tests, and apart from them the files that cannot be read."""
    files = api_specs(settings.home)
    specs, broken = [], []
    for spec_id in files.ids():
        try:
            specs.append(files.read(spec_id))
        except RetraceError as error:
            broken.append(Broken(spec_id=spec_id, problem=error.detail))
    return specs, broken


def run_api_test(
    settings: Settings, spec_id: str, *, app_url: str = "", start_command: str = "", build: str = "", times: int = 1
) -> list[TestRun]:
    """Run an API test; raises `spec_not_found`, `app_not_started`."""
    spec = api_specs(settings.home).read(spec_id)
    url = app_url or settings.tester.app_url or spec.app_url
    command = start_command or settings.tester.start_command
    options = RunOptions(
        app_url=url, build=build or url, values=_values(settings, spec), retries=settings.tester.max_retries
    )
    app = running_app(command, url, _log(settings, spec_id)) if command else nullcontext()
    runs: list[TestRun] = []
    with app, Lake(settings.home) as lake:
        tenant = _tenant(lake, spec)
        for _ in range(times):
            run_id = new_run_id()
            runs.append(run_api(spec, options, run_id, runs_folder(settings.home) / run_id))
            keep_run(lake, runs[-1], tenant, settings.home, kind=API)
        with StateStore.open(settings.home) as state:
            file_failures(lake, state, settings.home, spec)
    return runs


def _log(settings: Settings, spec_id: str) -> Path:
    return settings.home / "logs" / f"app-{spec_id}.log"


def _tenant(lake: Lake, spec: ApiSpec) -> tuple[str, str]:
    if not spec.source.incident_id:
        return NOBODY
    incident = read_incident(lake, spec.source.incident_id)
    return incident["project_id"], incident["environment_id"]


def _values(settings: Settings, spec: ApiSpec) -> dict[str, str]:
    """The variables a test names, and no other: what it sends is nobody else's business."""
    names = {wanted.env for wanted in spec.inputs.values()}
    for step in (*spec.setup_steps, *spec.steps, *spec.teardown_steps):
        names |= _named(step)
    return {name: value for name in names if name and (value := settings.variable(name))}


def _named(step: ApiStep) -> set[str]:
    by_type = {"none": set[str](), "bearer": {step.auth.token_env}, "headers": {step.auth.headers_env}}
    return {step.headers_env} | by_type[step.auth.type]
