"""Shortening a test on the running app: red on the build with the bug in the same place, and green where it is not.

Belongs here: what two builds say of a shorter test. Does not: which steps may go (retrace_assets.specs.minimise).
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from retrace_assets.specs.minimise import MOST_TRIES, Minimised, minimise
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.test_run import TestRun, Verdict
from retrace_resources.settings import Settings
from retrace_resources.spec_files import ui_specs
from retrace_resources.tester import Asked, new_run_id, tester_of

# A red or green that is luck is not to decide about a step.
_CONFIRMED: Final = 3

OnTry = Callable[[TestRun], None]


def shorten(
    settings: Settings,
    spec_id: str,
    *,
    app_url: str = "",
    start_command: str = "",
    reset_command: str = "",
    green_url: str = "",
    storage_state: Path | None = None,
    most_tries: int = MOST_TRIES,
    on_try: OnTry = lambda _: None,
) -> Minimised:
    """Drop the steps that the failure does not need, and keep the shorter test as an edit.

    `green_url` is a build without the bug, where each shorter test must be green: without it only the failure's place
    is held. Raises `spec_not_found`, `not_testable` where the test is not red as it is (or not green there), and what
    running one does.
    """
    files = ui_specs(settings.home)
    spec = files.read(spec_id)
    own = tester_of(settings)
    tester = replace(
        own,
        start_command=start_command or own.start_command,
        reset_command=reset_command or own.reset_command,
        storage_state=storage_state or own.storage_state,
    )
    asked = tester.resolve(spec, Asked(app_url=app_url))
    with tester.ready(spec, asked) as run_once, TemporaryDirectory(prefix="retrace-shorten-") as folder:

        def run(variant: Spec, url: str) -> TestRun:
            run_id = new_run_id()
            return run_once(variant, run_id, Path(folder) / run_id, url)

        whole = run(spec, asked.app_url)
        _expect(whole, "reproduced")
        if green_url:
            _expect(run(spec, green_url), "not_reproduced")

        def is_same(shorter: Spec) -> bool:
            found = run(shorter, asked.app_url)
            on_try(found)
            return _is_same(whole, found) and (not green_url or run(shorter, green_url).verdict == "not_reproduced")

        done = minimise(spec, is_same, most_tries=most_tries)
        if done.dropped and not all(_is_same(whole, run(done.spec, asked.app_url)) for _ in range(_CONFIRMED)):
            raise _not_shortened(spec.spec_id, "the shorter test is not red each time")
    if done.dropped:
        files.keep(done.spec)
    return done


def _expect(run: TestRun, verdict: Verdict) -> None:
    if run.verdict != verdict:
        said = f"it is {run.verdict.replace('_', ' ')} at {run.app_url}, not {verdict.replace('_', ' ')}"
        raise _not_shortened(run.spec_id, f"{said}: {run.detail}" if run.detail else said)


def _is_same(whole: TestRun, shorter: TestRun) -> bool:
    """Whether the same assertion failed in the same way, after the same last step."""
    failed = [_failed(run) for run in (whole, shorter)]
    ends = [run.steps[-1].step_id for run in (whole, shorter) if run.steps]
    return shorter.verdict == "reproduced" and failed[0] == failed[1] and len(set(ends)) == 1


def _failed(run: TestRun) -> list[tuple[str, str]]:
    return [(result.assertion_id, result.expected) for result in run.assertions if result.ok is False]


def _not_shortened(spec_id: str, why: str) -> RetraceError:
    hint = "--app-url of the build with the bug, --green-url of one without"
    return RetraceError(ErrorCode.NOT_TESTABLE, f"{spec_id} is left as it is: {why}", hint=hint)
