"""One Chromium for the tests of a module, and another one when a test has lost it; a conftest takes both fixtures."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Error as PlaywrightError

from retrace_resources.browser import killed_after, launch
from retrace_resources.relaunching import relaunching

_LONGEST_S = 120


# Not for the session: Playwright runs one event loop a thread, and other modules need theirs.
@pytest.fixture(scope="module")
def browsers() -> Iterator[Callable[[], Browser]]:
    """What gives the module's Chromium."""
    with relaunching(launch, Browser.is_connected) as current:
        yield current


@pytest.fixture
def browser(browsers: Callable[[], Browser]) -> Browser:
    """A Chromium that runs; each test has a context of its own."""
    return browsers()


@contextmanager
def fresh_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A profile of its own. Chromium has been seen not to close one: then the browser is ended, and not the tests.

    Which process it is can only be asked of a browser that still answers: before the block, not after it.
    """
    with killed_after(_LONGEST_S, browser):
        context = browser.new_context(**options)
        try:
            yield context
        finally:
            with suppress(PlaywrightError):
                context.close()
