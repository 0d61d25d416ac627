"""Running a test so many times on one build: the app is started where a command says so, and stopped after.

Belongs here: what a machine adds to a spec (commands, accounts, variables) and the order of the runs. Does not: one run
(engine), or what runs come to (retrace_assets.test_runs).
"""

import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.redaction import redact_text
from retrace_core.spec import Spec
from retrace_core.test_run import TestRun
from retrace_resources.engine.options import BrowserName, RunOptions
from retrace_resources.relaunching import relaunching
from retrace_resources.run_records import runs_folder
from retrace_resources.settings import Settings

if TYPE_CHECKING:
    from retrace_resources.engine.engine import Engine

_RESET_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: the test so many times on the build that runs at `app_url`.

    `red_elsewhere` says that this very test was red on another build: where its path does not exist here, that is why.
    """

    times: int = 1
    app_url: str = ""
    build: str = ""
    hermetic: bool = False
    red_elsewhere: bool = False


class RunOnce(Protocol):
    """Runs a test, or a variant of it, once, from the state a reset brings."""

    def __call__(self, variant: Spec, run_id: str, folder: Path, app_url: str = "") -> TestRun:
        """Leave the record in `folder`; an `app_url` is another build than the one that is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tester:
    """How tests run on this machine; an empty command does nothing. `on_run` is told of each run that ended.

    With `app_runs` whoever asks has started the app, and no command does. `kept_engine` gives the browser of a
    block that keeps one open.
    """

    home: Path
    variable: Callable[[str], str]
    app_url: str = ""
    start_command: str = ""
    app_runs: bool = False
    reset_command: str = ""
    storage_state: Path | None = None
    accounts: Mapping[str, Path] = field(default_factory=dict)
    retries: int = 0
    headless: bool = True
    browser: BrowserName = "chromium"
    on_run: Callable[[TestRun], None] = lambda _: None
    kept_engine: "Callable[[], Engine] | None" = None

    def resolve(self, spec: Spec, asked: Asked) -> Asked:
        """Say what was left open: where the app runs, and what its build is called."""
        url = asked.app_url or self.app_url or spec.app_url
        return replace(asked, app_url=url, build=asked.build or url)

    def run(self, spec: Spec, asked: Asked) -> Iterator[TestRun]:
        """Run a test as `resolve` has it, one run after the other.

        Raises `app_not_started`, `browser_not_found`, or `missing_input` for a stored login that is not there.
        """
        with self.ready(spec, asked) as run_once:
            for _ in range(asked.times):
                run_id = new_run_id()
                run = run_once(spec, run_id, runs_folder(self.home) / run_id)
                self.on_run(run)
                yield run

    @contextmanager
    def ready(self, spec: Spec, asked: Asked) -> Iterator[RunOnce]:
        """Start app and browser for `spec`; yields what runs it, or a variant of it, once; raises what `run` does."""
        # The code location is loaded by every run of Dagster, and most of them drive no browser.
        from retrace_resources.app_process import running_app  # noqa: PLC0415

        command = "" if self.app_runs else self.start_command or spec.start_command
        options = RunOptions(
            app_url=asked.app_url,
            build=asked.build,
            storage_state=self._state_of(spec),
            values=self._values(spec),
            hermetic=self.home / "ui-tests" / "hermetic" / f"{spec.spec_id}.json" if asked.hermetic else None,
            retries=self.retries,
            red_elsewhere=asked.red_elsewhere,
        )
        log = self.home / "logs" / f"app-{spec.spec_id}.log"
        app = running_app(command, asked.app_url, log, variables=spec.env_overrides) if command else nullcontext()
        with app, self._engine() as engine:

            def run_once(variant: Spec, run_id: str, folder: Path, app_url: str = "") -> TestRun:
                self._reset()
                return engine.run(variant, replace(options, app_url=app_url or asked.app_url), run_id, folder)

            yield run_once

    @contextmanager
    def keeping_browser(self) -> "Iterator[Tester]":
        """The same with one browser for whatever runs in the block."""
        with relaunching(self._engine, lambda engine: engine.runs) as kept:
            yield replace(self, kept_engine=kept)

    def _engine(self) -> "AbstractContextManager[Engine]":
        from retrace_resources.engine.engine import Engine  # noqa: PLC0415 - as above

        if self.kept_engine:
            return nullcontext(self.kept_engine())
        return Engine(headless=self.headless, browser=self.browser)

    def _reset(self) -> None:
        if not self.reset_command:
            return
        try:
            done = subprocess.run(  # noqa: S602 - a command that a person gave, for a shell
                self.reset_command, shell=True, capture_output=True, timeout=_RESET_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise _not_reset(self.reset_command, f"it took more than {_RESET_SECONDS:.0f} s") from None
        if done.returncode:
            said = redact_text(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])[:300]
            raise _not_reset(self.reset_command, f"it ended with {done.returncode}: {said}")

    def _state_of(self, spec: Spec) -> Path | None:
        path = self.storage_state or self.accounts.get(spec.start.account)
        if path is not None and not path.is_file():
            raise RetraceError(
                ErrorCode.MISSING_INPUT,
                f"there is no {path}",
                hint="log in once and save it: npx playwright open --save-storage=FILE URL",
            )
        return path

    def _values(self, spec: Spec) -> dict[str, str]:
        names = {each.env for each in spec.inputs.values()}
        names |= {spec.auth_password_env, spec.auth_jwt_env, spec.auth_headers_env}
        return {name: value for name in names if name and (value := self.variable(name))}


def tester_of(settings: Settings) -> Tester:
    """How tests run as the configuration has it."""
    block = settings.tester
    return Tester(
        home=settings.home,
        variable=settings.variable,
        app_url=block.app_url,
        start_command=block.start_command,
        reset_command=block.reset_command,
        accounts={role: path.expanduser() for role, path in block.accounts.items()},
        retries=block.max_retries,
    )


def new_run_id() -> str:
    """The id of a run: ids are in the order of time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _not_reset(command: str, why: str) -> RetraceError:
    return RetraceError(
        ErrorCode.APP_NOT_STARTED, f"`{redact_text(command)}` did not bring the app to its start: {why}"
    )
