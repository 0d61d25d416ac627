"""Running a spec: one browser for many runs, one fresh context a run.

Belongs here: the order of a run and its verdict. Does not: steps (steps), assertions (judge), files (artifacts).
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Error as PlaywrightError

from retrace_core.spec import Spec
from retrace_core.spec_assertions import (
    Assertion,
    HasEffect,
    MessageAbsent,
    NoError,
    PageShowsContent,
    RequestSucceeds,
    StatusCode,
)
from retrace_core.spec_file import spec_hash
from retrace_core.spec_steps import Navigate, Step
from retrace_core.test_run import AssertionResult, FailureClass, Reason, StepResult, TestRun, Verdict
from retrace_resources.browser import killed_after, launch, launch_other
from retrace_resources.engine.artifacts import Folder
from retrace_resources.engine.effect import Effect, do_and_observe
from retrace_resources.engine.inputs import input_values, secret_values
from retrace_resources.engine.judge import is_red_already, judge
from retrace_resources.engine.locate import find
from retrace_resources.engine.login import log_in, login_headers
from retrace_resources.engine.options import BrowserName, RunOptions
from retrace_resources.engine.steps import Acting, do
from retrace_resources.engine.stopped import Stopped
from retrace_resources.engine.traffic import Traffic
from retrace_resources.engine.watch import Watch

_CLASSES: Final[Mapping[Reason, FailureClass]] = {
    "app_down": "environment",
    "browser_crashed": "environment",
    "missing_input": "test_data",
    "login_failed": "auth",
    "wrong_start_state": "auth",
    "locator_lost": "locator",
    "broken_step": "step",
    "not_observed": "step",
    "path_only_with_bug": "step",
    "timed_out": "timeout",
}
_LISTENED_FOR: Final = (RequestSucceeds, NoError, MessageAbsent)
# A bug in loading a page leaves nothing of it to begin from: that, too, is seen.
_SEEN_BY_LOADING: Final = (*_LISTENED_FOR, PageShowsContent)
# What may go away by itself: trying again is no cheating, and the run says so.
_TRANSIENT: Final = frozenset(("app_down", "browser_crashed", "timed_out"))
# What a run may take beyond its deadline, for its last step, its assertions and its artifacts.
_GRACE_S: Final = 60.0

# How a run ends on a build where the way to the failure is gone with it.
_PATH_LOST: Final = frozenset(("locator_lost", "broken_step"))


class Engine:
    """A browser that runs specs, one after the other; to be used in the thread that opened it."""

    def __init__(self, *, headless: bool = True, browser: BrowserName = "chromium") -> None:
        """Nothing starts before the block does."""
        self._headless, self._name = headless, browser

    def __enter__(self) -> Self:
        """Start the browser; raises `browser_not_found`."""
        if self._name == "chromium":
            self._launched = launch(headless=self._headless)
        else:
            self._launched = launch_other(self._name, headless=self._headless)
        self._browser: Browser = self._launched.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop it, with all its processes."""
        self._launched.__exit__(None, None, None)

    @property
    def runs(self) -> bool:
        """Whether its browser is still there: a page can take it down."""
        return self._browser.is_connected()

    def run(self, spec: Spec, options: RunOptions, run_id: str, folder: Path) -> TestRun:
        """Run a spec once, and again as often as `retries` says while what stopped it may go away by itself.

        Leaves its artifacts and `run.json` in `folder`. Never raises for what an app or a page does.
        """
        began = time.monotonic()
        started_at = datetime.now(UTC)
        attempts: list[_Attempt] = []
        while not attempts or (self.runs and len(attempts) <= options.retries and attempts[-1].reason in _TRANSIENT):
            attempts.append(self._attempt(spec, options, folder))
        last = attempts[-1]
        run = TestRun(
            run_id=run_id,
            spec_id=spec.spec_id,
            spec_sha256=spec_hash(spec),
            session_id=spec.source.session_id,
            incident_id=spec.source.incident_id,
            build=options.build,
            app_url=options.app_url or spec.app_url,
            browser=f"{self._name} {self._browser.version}",
            verdict=last.verdict,
            reason=last.reason,
            detail=last.detail,
            failure_class=_CLASSES[last.reason] if last.reason else "app_bug" if last.verdict == "reproduced" else "",
            attempts=len(attempts),
            flaky=len({attempt.verdict for attempt in attempts}) > 1,
            hermetic=options.hermetic is not None,
            started_at=started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            duration_ms=round((time.monotonic() - began) * 1000, 1),
            steps=tuple(last.steps),
            assertions=tuple(last.results),
            healed=tuple(last.acting.healed) if last.acting else (),
        )
        return last.folder.finish(run)

    def _attempt(self, spec: Spec, options: RunOptions, path: Path) -> "_Attempt":
        attempt = _Attempt(spec, options, Folder(path))
        try:
            values = input_values(spec, options.values)
            headers = login_headers(spec, options.values)
        except Stopped as stopped:
            attempt.stop(stopped)
            return attempt
        secrets = [*secret_values(spec, values), *headers.values(), options.values.get(spec.auth_password_env, "")]
        attempt.folder = Folder(path, [secret for secret in secrets if secret])
        watch = Watch()
        traffic = Traffic(spec, attempt.app_url, options, headers, watch)
        try:
            with killed_after(options.deadline_ms / 1000 + _GRACE_S, self._browser):
                self._go(attempt, watch, traffic, values)
        except PlaywrightError:
            if self.runs:
                raise
            attempt.stop(Stopped("browser_crashed", "the browser ended, or stood still and was ended"))
        traffic.close()
        return attempt

    def _go(self, attempt: "_Attempt", watch: Watch, traffic: Traffic, values: Mapping[str, str]) -> None:
        spec, options, folder = attempt.spec, attempt.options, attempt.folder
        with self._context(spec, options) as context:
            # A trace holds what was typed.
            traced = not folder.has_secrets
            if traced:
                # No film strip: taking it costs a third of a run, and the snapshots show the page at every step.
                context.tracing.start(snapshots=True)
            context.add_init_script(_probe())
            traffic.attach(context)
            page = context.new_page()
            watch.attach(page)
            if options.hermetic and spec.start.clock_ms is not None:
                page.clock.set_fixed_time(spec.start.clock_ms)
            attempt.acting = Acting(page, watch, attempt.app_url, options, values, folder.path)
            attempt.go()
            folder.log(watch, attempt.steps)
            folder.screenshot(page)
            if traced:
                with suppress(PlaywrightError):
                    context.tracing.stop(path=folder.trace())

    @contextmanager
    def _context(self, spec: Spec, options: RunOptions) -> Iterator[BrowserContext]:
        width, height = spec.start.viewport
        wanted: dict[str, Any] = {
            "locale": spec.start.locale or None,
            "timezone_id": spec.start.timezone or None,
            "has_touch": spec.start.touch,
            "storage_state": options.storage_state,
        }
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            service_workers="block",
            ignore_https_errors=True,
            **wanted,
        )
        context.set_default_timeout(options.step_ms)
        try:
            yield context
        finally:
            with suppress(PlaywrightError):
                context.close()


@dataclass
class _Attempt:
    """One try: how far it came and what it showed."""

    spec: Spec
    options: RunOptions
    folder: Folder
    acting: Acting | None = None
    steps: list[StepResult] = field(default_factory=list)
    results: list[AssertionResult] = field(default_factory=list)
    effects: dict[str, Effect] = field(default_factory=dict)
    stopped: Stopped | None = None
    verdict: Verdict = "inconclusive"
    reason: Reason | None = None
    detail: str = ""

    @property
    def app_url(self) -> str:
        """Where the app runs."""
        return self.options.app_url or self.spec.app_url

    def stop(self, stopped: Stopped) -> None:
        """End without a verdict."""
        self.stopped, self.reason, self.detail = stopped, stopped.reason, stopped.detail
        if self.options.red_elsewhere and stopped.reason in _PATH_LOST:
            self.reason = "path_only_with_bug"

    def go(self) -> None:
        """Log in, do the steps, judge."""
        acting = self._acting
        until = time.monotonic() + self.options.deadline_ms / 1000
        try:
            log_in(acting, self.spec)
            for index, step in enumerate(self.spec.exact_steps):
                if time.monotonic() > until:
                    raise Stopped(
                        "timed_out", f"{step.id} was not begun within {self.options.deadline_ms / 1000:.0f} s"
                    )
                self._step(index, step)
                if self._is_red_already():
                    break
        except Stopped as stopped:
            self.stopped = stopped
        except PlaywrightError as error:
            line = error.message.strip().partition("\n")[0]
            self.stopped = Stopped("browser_crashed" if acting.has_lost_browser else "broken_step", line)
        self._judge()

    @property
    def _acting(self) -> Acting:
        if self.acting is None:
            raise RuntimeError("an attempt is begun before it goes")
        return self.acting

    def _step(self, index: int, step: Step) -> None:
        acting, watch = self._acting, self._acting.watch
        watch.step = index
        started_ms = watch.now_ms()
        error = ""
        observed = [each for each in self.spec.assertions if isinstance(each, HasEffect) and each.after == step.id]
        try:
            if observed:
                effect = do_and_observe(acting, step, observed[0])
                self.effects |= {each.id: effect for each in observed}
            else:
                do(acting, step)
            if index == 0:
                self._look_at_the_start()
        except Stopped as stopped:
            error = stopped.detail
            if index == 0 and stopped.reason == "broken_step":
                raise Stopped("app_down", f"{self.app_url}: {stopped.detail}") from None
            raise
        finally:
            took = round(watch.now_ms() - started_ms, 1)
            action = str(type(step).__struct_config__.tag)
            self.steps.append(
                StepResult(step.id, action, not error, round(started_ms, 1), took, url=acting.page.url, error=error)
            )
        acting.is_first = False

    def _look_at_the_start(self) -> None:
        """Raise Stopped unless the app is up and the run begins where the recording did."""
        acting = self._acting
        statuses = [call.status for call in acting.watch.calls if call.is_document and call.status]
        if statuses and statuses[-1] >= 500 and not any(isinstance(each, StatusCode) for each in self.spec.assertions):
            raise Stopped("app_down", f"{self.app_url} answered {statuses[-1]}")
        landmark = self.spec.start.landmark
        if landmark is None:
            return
        try:
            find(acting.page, landmark, (), self.options.first_page_ms)
        except Stopped as lost:
            asked = acting.page.evaluate("window.__retrace_probe.hasPassword()")
            why = "it asks for a login" if asked else lost.detail
            account = self.spec.start.account
            hint = f"; {account!r} was logged in (tester.accounts names its stored login)" if account else ""
            raise Stopped("wrong_start_state", f"not the page of the recording: {why}{hint}") from None

    def _is_red_already(self) -> bool:
        return any(
            is_red_already(each, self._acting, after)
            for each in self.spec.assertions
            if (after := self._since(each)) is not None
        )

    def _judge(self) -> None:
        acting = self._acting
        since_ms = acting.watch.now_ms()
        for assertion in self.spec.assertions:
            after = self._since(assertion)
            # A run that broke off says something only of what had been begun by then, and only if it failed.
            if after is not None:
                with suppress(PlaywrightError):
                    self.results.append(judge(assertion, acting, after, self.effects, since_ms=since_ms))
        red = [result for result in self.results if result.ok is False]
        if red and not self._is_elsewhere():
            self.verdict, self.detail = "reproduced", f"{red[0].expected}: {red[0].observed}"
        elif self.stopped is not None:
            self.stop(self.stopped)
        elif len(self.results) == len(self.spec.assertions) and all(result.ok for result in self.results):
            self.verdict = "not_reproduced"
        else:
            unknown = next((result for result in self.results if result.ok is None), None)
            self.reason = "not_observed"
            self.detail = f"{unknown.expected}: {unknown.observed}" if unknown else "not all could be judged"

    def _is_elsewhere(self) -> bool:
        """Whether the run never was where the failure is: what fails there is another failure."""
        return self.stopped is not None and self.stopped.reason in ("app_down", "login_failed", "missing_input")

    def _since(self, assertion: Assertion) -> int | None:
        """The index of the step from which an assertion is judged, if the run came that far."""
        done = [step.step_id for step in self.steps if step.ok]
        if isinstance(assertion, _SEEN_BY_LOADING) and self._is_start_lost():
            done = [self.spec.exact_steps[0].id]
        if assertion.after:
            return done.index(assertion.after) if assertion.after in done else None
        # What is listened for can be heard at any time; what is looked at is looked at in the end.
        has_begun = bool(done) if isinstance(assertion, _LISTENED_FOR) else len(done) == len(self.spec.exact_steps)
        return 0 if has_begun else None

    def _is_start_lost(self) -> bool:
        """The first page did load, and shows something else than it did when it was recorded: nothing, perhaps."""
        lost = self.stopped is not None and self.stopped.reason == "wrong_start_state"
        return lost and isinstance(self.spec.exact_steps[0], Navigate)


@cache
def _probe() -> str:
    return Path(__file__).with_name("probe.js").read_text("utf-8")
