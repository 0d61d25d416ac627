"""From an incident to a test that is red: making its test, running it, and proving it by runs of two builds.

A run takes the environment of whoever asks for it: their variables with passwords, their folder, their screen. So it is
executed in this process, also while `retrace up` runs; the same Dagster shows it. Belongs here: executing the job, and
what came of it. Does not: making a test (retrace_assets.specs), running one (retrace_resources.tester).
"""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from retrace_app.actions.fix_loop import materialize
from retrace_assets.specs.reading import read_incident
from retrace_assets.specs.update import spec_id_of
from retrace_assets.test_runs.certify import TIMES
from retrace_assets.test_runs.failures import file_failures
from retrace_assets.test_runs.proving import certificate_path, issue_certificate
from retrace_assets.test_runs.update import run_spec, runs_of, testable
from retrace_core.certificate import Certificate, problems
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import SPECS, TEST_RUNS
from retrace_core.spec import Spec
from retrace_core.spec_file import healed_spec, spec_hash
from retrace_core.table import Table
from retrace_core.test_run import TestRun, Verdict
from retrace_resources.engine.options import BrowserName
from retrace_resources.lake import Lake
from retrace_resources.run_records import read_run
from retrace_resources.settings import Settings
from retrace_resources.spec_files import ui_specs
from retrace_resources.state import StateStore
from retrace_resources.tester import Asked, Tester, tester_of

# What of a request Dagster keeps with the run.
_CONFIG: Final = ("times", "app_url", "build", "hermetic")

OnRun = Callable[[TestRun], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a test is run; what is empty is taken from the configuration, or from the test."""

    app_url: str = ""
    start_command: str = ""
    reset_command: str = ""
    build: str = ""
    times: int = 1
    storage_state: Path | None = None
    hermetic: bool = False
    headed: bool = False
    browser: BrowserName = "chromium"
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """What the runs showed together: the worst of what keeps them from one verdict, or the verdict of all."""

    incident_id: str
    spec_id: str
    spec_path: str
    build: str
    verdict: Verdict
    reason: str
    detail: str
    flaky: bool
    runs: list[TestRun]


def make_spec(settings: Settings, incident_id: str) -> Spec:
    """Make an incident's test of its recording, without running it; raises `incident_not_found`, `not_testable`."""
    incident = _incident(settings, incident_id)
    _materialize(settings, incident, [SPECS], tester_of(settings), Asked())
    return _spec_of(settings, incident)


def reproduce(settings: Settings, incident_id: str, how: How, on_run: OnRun = lambda _: None) -> Reproduced:
    """Make an incident's test and run it.

    Raises `incident_not_found`, `not_testable`, `app_not_started`, `missing_input`, `browser_not_found`.
    """
    return _run_incident(settings, _incident(settings, incident_id), [SPECS, TEST_RUNS], how, on_run)


def run_test(settings: Settings, spec_id: str, how: How, on_run: OnRun = lambda _: None) -> Reproduced:
    """Run a test as it is, an incident's as its asset; raises `spec_not_found` and what `reproduce` does."""
    spec = ui_specs(settings.home).read(spec_id)
    if spec.source.incident_id and spec_id == spec_id_of(spec.source.incident_id):
        return _run_incident(settings, _incident(settings, spec.source.incident_id), [TEST_RUNS], how, on_run)
    runs: list[TestRun] = []
    tester = _tester(settings, how, runs, on_run)
    with Lake(settings.home) as lake, StateStore.open(settings.home) as state:
        run_spec(lake, state, tester, spec, _asked(how, tester))
        file_failures(lake, state, settings.home, spec)
    return _together(spec, "", runs)


def list_runs(settings: Settings, spec_id: str, limit: int) -> list[dict[str, Any]]:
    """Runs of a test, the latest first."""
    with Lake(settings.home) as lake:
        return runs_of(lake, spec_id, limit=limit)


def show_run(settings: Settings, run_id: str) -> TestRun:
    """The record of a run; raises `run_not_found`."""
    return read_run(settings.home, run_id)


def heal(settings: Settings, spec_id: str) -> Spec:
    """Put the fallbacks that the latest run needed in the place of the locators that were lost.

    Raises `run_not_found` where no run of the test as it is now had to.
    """
    files = ui_specs(settings.home)
    spec = files.read(spec_id)
    digest = spec_hash(spec)
    runs = [run for run in list_runs(settings, spec_id, 1) if run["healed"] and run["spec_sha256"] == digest]
    if not runs:
        hint = f"retrace tester run {spec_id}"
        raise RetraceError(ErrorCode.RUN_NOT_FOUND, f"the latest run of {spec_id!r} lost no locator", hint=hint)
    run = read_run(settings.home, runs[0]["run_id"])
    mended = healed_spec(spec, run.healed)
    files.keep(mended)
    return mended


def prove(settings: Settings, incident_id: str, *, times: int = TIMES) -> tuple[Certificate, Path]:
    """Issue an incident's certificate of the runs there are; raises `certificate_invalid` saying which are missing."""
    with Lake(settings.home) as lake:
        incident = read_incident(lake, incident_id)
        spec = _spec_of(settings, incident)
        certificate = issue_certificate(lake, settings.home, spec, incident["incident_id"], times=times)
    return certificate, certificate_path(settings.home, incident["incident_id"])


def verify(settings: Settings, incident_or_file: str) -> Certificate:
    """Check a certificate and all it names, without a network or browser; raises `certificate_invalid`."""
    path = Path(incident_or_file)
    path = path if path.is_file() else certificate_path(settings.home, incident_or_file)
    try:
        certificate = msgspec.json.decode(path.read_bytes(), type=Certificate)
    except FileNotFoundError:
        hint = f"retrace qa certificate {incident_or_file}"
        raise RetraceError(ErrorCode.CERTIFICATE_INVALID, f"there is no {path}", hint=hint) from None
    except (OSError, msgspec.DecodeError) as error:
        raise RetraceError(ErrorCode.CERTIFICATE_INVALID, f"{path}: {error}") from None
    found = problems(certificate, lambda name: _content(settings.home, name))
    if found:
        raise RetraceError(ErrorCode.CERTIFICATE_INVALID, "; ".join(found[:5]))
    return certificate


def _incident(settings: Settings, incident_id: str) -> Mapping[str, Any]:
    with Lake(settings.home) as lake:
        return read_incident(lake, incident_id)


def _spec_of(settings: Settings, incident: Mapping[str, Any]) -> Spec:
    with Lake(settings.home) as lake:
        return testable(lake, ui_specs(settings.home), incident)


def _run_incident(
    settings: Settings, incident: Mapping[str, Any], tables: Sequence[Table], how: How, on_run: OnRun
) -> Reproduced:
    runs: list[TestRun] = []
    tester = _tester(settings, how, runs, on_run)
    _materialize(settings, incident, tables, tester, _asked(how, tester))
    return _together(_spec_of(settings, incident), incident["incident_id"], runs)


def _materialize(
    settings: Settings, incident: Mapping[str, Any], tables: Sequence[Table], tester: Tester, asked: Asked
) -> None:
    config = {TEST_RUNS.name: {name: getattr(asked, name) for name in _CONFIG}} if TEST_RUNS in tables else {}
    materialize(settings, incident, tables, resources={"tester": tester}, config=config)


def _tester(settings: Settings, how: How, runs: list[TestRun], on_run: OnRun) -> Tester:
    def note(run: TestRun) -> None:
        runs.append(run)
        on_run(run)

    own = tester_of(settings)
    return replace(
        own,
        start_command=how.start_command or own.start_command,
        reset_command=how.reset_command or own.reset_command,
        storage_state=how.storage_state or own.storage_state,
        headless=not how.headed,
        browser=how.browser,
        retries=own.retries if how.retries is None else how.retries,
        on_run=note,
    )


def _asked(how: How, tester: Tester) -> Asked:
    build = how.build or (_commit() if tester.start_command else "")
    return Asked(times=how.times, app_url=how.app_url, build=build, hermetic=how.hermetic)


def _commit() -> str:
    """The commit the app is started from, marked where there is more than it; empty where there is none."""
    said = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return said.stdout.strip() if said.returncode == 0 else ""


def _together(spec: Spec, incident_id: str, runs: Sequence[TestRun]) -> Reproduced:
    """A verdict that not all share is none: the run that says why is the first that differs."""
    verdicts = {run.verdict for run in runs}
    odd = next((run for run in runs if run.verdict == "inconclusive"), runs[0])
    agreed = len(verdicts) == 1
    return Reproduced(
        incident_id=incident_id,
        spec_id=spec.spec_id,
        spec_path=f"ui-tests/specs/{spec.spec_id}.json",
        build=runs[0].build,
        verdict=runs[0].verdict if agreed else "inconclusive",
        reason=str(odd.reason or ("" if agreed else "flaky")),
        detail=odd.detail,
        flaky=not agreed or any(run.flaky for run in runs),
        runs=list(runs),
    )


def _content(home: Path, name: str) -> bytes | None:
    path = (home / name).resolve()
    # A certificate comes from anywhere: it may name only what is in the folder of runs.
    if not path.is_relative_to((home / "ui-tests").resolve()) or not path.is_file():
        return None
    return path.read_bytes()
