"""From a spec's locator to the element on the page, by its fallbacks where it is lost.

Belongs here: Playwright's terms for ours, and healing. Does not: what is done with the element (steps).
"""

import json
import time
from collections.abc import Sequence
from typing import Any, Final, assert_never

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FrameLocator, Page
from playwright.sync_api import Locator as Found

from retrace_core.spec_steps import Locator
from retrace_resources.engine.stopped import Stopped

# Looked at in turns: an element that a fallback finds must not wait until the first locator has timed out for good.
_LOOK_MS: Final = 100
# How long the locator alone is given before its fallbacks are asked, as a share of the time there is.
_ALONE: Final = 0.6


def locate(page: Page, locator: Locator) -> Found:
    """All elements a locator means, in Playwright's terms."""
    root: Page | FrameLocator = page
    for css in locator.frames:
        root = root.frame_locator(css)
    scope = _match(root, locator.within) if locator.within else root
    return _match(scope, locator)


def find(page: Page, locator: Locator, fallbacks: Sequence[Locator], timeout_ms: float) -> tuple[Found, int | None]:
    """The one element a step is about, and the place of the fallback that found it, None for the locator itself.

    Waits until one is visible. Raises Stopped `locator_lost` when none finds an element, or only several equal ones.
    """
    started = time.monotonic()
    several = 0
    while True:
        waited = (time.monotonic() - started) * 1000
        asked = [locator, *fallbacks] if waited >= timeout_ms * _ALONE else [locator]
        for place, each in enumerate(asked):
            found, number = _usable(page, each)
            if found is not None and (number == 1 or each.nth is not None):
                return found, place - 1 if place else None
            several = max(several, number) if place == 0 else several
        if waited >= timeout_ms:
            break
        page.wait_for_timeout(_LOOK_MS)
    what = f"{several} elements are" if several > 1 else "nothing is"
    raise Stopped("locator_lost", f"{what} {describe(locator)}")


def describe(locator: Locator) -> str:
    """A locator in words; what is in it was redacted when the spec was made."""
    name = f" {json.dumps(locator.name, ensure_ascii=False)}" if locator.name else ""
    return f"{locator.by} {json.dumps(locator.value, ensure_ascii=False)}{name}"


def _usable(page: Page, locator: Locator) -> tuple[Found | None, int]:
    """The elements that a person could use, and how many they are; None while there is none."""
    found = locate(page, locator)
    try:
        shown = found.filter(visible=True)
        count = shown.count()
        if count:
            return shown, count
        if found.count() == 1 and _is_hidden_field(found):
            return found, 1
    except PlaywrightError:
        # The page is between two documents.
        return None, 0
    return None, 0


def _is_hidden_field(found: Found) -> bool:
    # Styled controls hide the input that is clicked or filled through its label.
    return bool(
        found.evaluate("element => element.matches('input[type=file], input[type=checkbox], input[type=radio]')")
    )


def _match(scope: Page | FrameLocator | Found, locator: Locator) -> Found:
    found = _all(scope, locator)
    return found if locator.nth is None else found.nth(locator.nth)


def _all(scope: Page | FrameLocator | Found, locator: Locator) -> Found:  # noqa: PLR0911 - one a case
    exact = locator.exact
    match locator.by:
        case "test_id":
            return scope.locator(f"[{locator.attribute}={json.dumps(locator.value)}]")
        case "role":
            role: Any = locator.value
            return scope.get_by_role(role, name=locator.name, exact=exact) if locator.name else scope.get_by_role(role)
        case "label":
            return scope.get_by_label(locator.value, exact=exact)
        case "placeholder":
            return scope.get_by_placeholder(locator.value, exact=exact)
        case "text":
            return scope.get_by_text(locator.value, exact=exact)
        case "alt":
            return scope.get_by_alt_text(locator.value, exact=exact)
        case "title":
            return scope.get_by_title(locator.value, exact=exact)
        case "css":
            return scope.locator(locator.value)
        case _:
            assert_never(locator.by)
