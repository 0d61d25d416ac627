"""A real Chromium for the shop's pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from retrace_resources.browser import launch


# Not for the session: Playwright runs one event loop a thread, and other modules need theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module; each test has its own page and context."""
    with launch() as running:
        yield running
