"""Doing what a step says.

Belongs here: each action, carried out the way a person would, and waiting for what must hold before it. Does not:
finding elements (locate), or what follows from the step (watch, judge).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator as Found
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from retrace_core.parametrise import route_template
from retrace_core.spec_file import fill_placeholders
from retrace_core.spec_steps import (
    AtPath,
    Check,
    Click,
    Condition,
    Dialog,
    Drag,
    Fill,
    Hover,
    Locator,
    Navigate,
    Press,
    Scroll,
    Select,
    Step,
    Upload,
    Visible,
    WaitFor,
)
from retrace_core.test_run import Healed
from retrace_resources.engine.files import file_of
from retrace_resources.engine.locate import describe, find
from retrace_resources.engine.options import RunOptions
from retrace_resources.engine.stopped import Stopped
from retrace_resources.engine.watch import Watch

_LOOK_MS: Final = 50
# What is not answered by then is slow for people too, and they go on.
_ANSWER_MS: Final = 4_000
# As people do: a form that checks each key has time to.
_KEY_DELAY_MS: Final = 15


@dataclass
class Acting:
    """Where steps are done, with what, and what had to be healed so far."""

    page: Page
    watch: Watch
    app_url: str
    options: RunOptions
    values: Mapping[str, str]
    folder: Path
    is_first: bool = True
    healed: list[Healed] = field(default_factory=list)

    @property
    def has_lost_browser(self) -> bool:
        """Whether the page, or the whole browser, has crashed."""
        browser = self.page.context.browser
        return self.watch.crashed or browser is None or not browser.is_connected()

    @property
    def timeout_ms(self) -> float:
        """How long the next step may take: the first page may have to be built."""
        return self.options.first_page_ms if self.is_first else self.options.step_ms


def do(acting: Acting, step: Step) -> None:
    """Wait for what must hold before a step, then do it; raises Stopped."""
    _let_answer(acting)
    for condition in step.before:
        wait_for(acting, condition)
    try:
        _do(acting, step)
    except PlaywrightTimeout as error:
        raise Stopped("broken_step", f"{step.id}: {_said(error)}") from None
    except PlaywrightError as error:
        if acting.has_lost_browser:
            raise Stopped("browser_crashed", f"{step.id}: the page crashed") from None
        raise Stopped("broken_step", f"{step.id}: {_said(error)}") from None


def _let_answer(acting: Acting) -> None:
    """Wait until what the step before has sent is taken, if it changes anything: a person saw that before going on.

    A reading request may stay open for good, and one that is never answered is left behind.
    """
    until = time.monotonic() + _ANSWER_MS / 1000
    while acting.watch.has_unanswered(acting.app_url) and time.monotonic() < until:
        acting.page.wait_for_timeout(_LOOK_MS)


def wait_for(acting: Acting, condition: Condition) -> None:
    """Wait until a condition holds; raises Stopped `broken_step`."""
    until = time.monotonic() + acting.timeout_ms / 1000
    while not _holds(acting, condition):
        if time.monotonic() > until:
            raise Stopped("broken_step", f"waited in vain: {_words(condition)}")
        acting.page.wait_for_timeout(_LOOK_MS)


def element_of(acting: Acting, step_id: str, locator: Locator, fallbacks: tuple[Locator, ...] = ()) -> Found:
    """The element of a step, healed where it has to be."""
    found, fallback = find(acting.page, locator, fallbacks, acting.timeout_ms)
    if fallback is not None and step_id not in [healed.step_id for healed in acting.healed]:
        acting.healed.append(Healed(step_id, fallback))
    return found


def _do(acting: Acting, step: Step) -> None:  # noqa: PLR0912 - one a case
    page, timeout = acting.page, acting.timeout_ms
    match step:
        case Navigate():
            _navigate(acting, step)
        case Click():
            _click(element_of(acting, step.id, step.locator, step.fallbacks), step, timeout)
        case Fill():
            _fill(acting, element_of(acting, step.id, step.locator, step.fallbacks), step)
        case Select():
            field_ = element_of(acting, step.id, step.locator, step.fallbacks)
            chosen = [*step.labels] or None, [*step.values] or None, [*step.indexes] or None
            field_.select_option(label=chosen[0], value=chosen[1], index=chosen[2], timeout=timeout)
        case Check():
            _check(element_of(acting, step.id, step.locator, step.fallbacks), step, timeout)
        case Press():
            if step.locator is None:
                page.keyboard.press(step.key)
            else:
                element_of(acting, step.id, step.locator, step.fallbacks).press(step.key, timeout=timeout)
        case Hover():
            element_of(acting, step.id, step.locator, step.fallbacks).hover(timeout=timeout)
        case Upload():
            files = [file_of(name, acting.folder) for name in step.files]
            element_of(acting, step.id, step.locator, step.fallbacks).set_input_files(files, timeout=timeout)
        case Drag():
            target = element_of(acting, step.id, step.to)
            element_of(acting, step.id, step.locator, step.fallbacks).drag_to(target, timeout=timeout)
        case Scroll():
            if step.locator is None:
                page.mouse.wheel(0, step.by_px)
            else:
                element_of(acting, step.id, step.locator).scroll_into_view_if_needed(timeout=timeout)
        case Dialog():
            acting.watch.answers.append((step.accept, step.text))
        case WaitFor():
            pass
        case _:
            assert_never(step)


def _navigate(acting: Acting, step: Navigate) -> None:
    page, timeout = acting.page, acting.timeout_ms
    match step.kind:
        case "goto":
            address = urljoin(acting.app_url.rstrip("/") + "/", step.url)
            before = page.url
            page.goto(address, wait_until="domcontentloaded", timeout=timeout)
            # Another fragment of the same page is no load, and an app that routes by it does not start anew.
            if "#" in address and before.partition("#")[0] == address.partition("#")[0] and before == address:
                page.reload(wait_until="domcontentloaded", timeout=timeout)
        case "reload":
            page.reload(wait_until="domcontentloaded", timeout=timeout)
        case "back":
            page.go_back(wait_until="domcontentloaded", timeout=timeout)
        case "forward":
            page.go_forward(wait_until="domcontentloaded", timeout=timeout)


def _click(found: Found, step: Click, timeout: float) -> None:
    for _ in range(step.count):
        if step.double:
            found.dblclick(button=step.button, modifiers=[*step.modifiers], timeout=timeout)
        else:
            found.click(button=step.button, modifiers=[*step.modifiers], timeout=timeout)


def _check(found: Found, step: Check, timeout: float) -> None:
    if found.is_checked() == step.checked:
        return
    try:
        # A click as a person does it: what a handler does with the state is the app's business.
        found.click(timeout=timeout)
    except PlaywrightTimeout:
        # The input of a styled control is hidden or covered; its label is what is clicked.
        found.set_checked(step.checked, force=True, timeout=timeout)


def _fill(acting: Acting, found: Found, step: Fill) -> None:
    text = fill_placeholders(step.text, dict(acting.values))
    if step.keys:
        found.click(timeout=acting.timeout_ms)
        found.press("ControlOrMeta+a")
        found.press_sequentially(text, delay=_KEY_DELAY_MS, timeout=acting.timeout_ms + len(text) * 2 * _KEY_DELAY_MS)
    else:
        found.fill(text, timeout=acting.timeout_ms)


def _holds(acting: Acting, condition: Condition) -> bool:
    match condition:
        case AtPath():
            return is_at(acting.page.url, condition.path)
        case Visible():
            try:
                find(acting.page, condition.locator, (), 0)
            except Stopped:
                return False
            return True
        case _:
            assert_never(condition)


def is_at(url: str, path: str) -> bool:
    """Whether an address is of a route, given as its template."""
    return route_template(url) == path or urlsplit(url).path == path


def _words(condition: Condition) -> str:
    return (
        f"the page is {condition.path}" if isinstance(condition, AtPath) else f"{describe(condition.locator)} is seen"
    )


def _said(error: PlaywrightError) -> str:
    """The first line of what Playwright says, without its log of tries."""
    return error.message.strip().partition("\n")[0][:300]
