"""What tells that a page is the one that was recorded: a control that is there then, and is not a matter of data.

Belongs here: choosing it. Does not: waiting for it (the engine).
"""

import re
from collections.abc import Iterator
from typing import Final

from retrace_assets.specs.locators import RenderedPage, locators_of
from retrace_core.accessible import role_of
from retrace_core.nodes import Node
from retrace_core.spec_steps import Locator

# Who is logged in decides what a page can do, and these are what tells it.
_ACCOUNT: Final = re.compile(
    r"(?i)\b(?:log|sign)[ -]?(?:out|in|on)\b|\baccount\b|\bprofile\b|\bsettings\b|\blogout\b|\blogin\b"
)
_SOUGHT: Final = ("link", "button", "textbox", "searchbox", "combobox", "heading", "tab")
_SAYS_MOST: Final = ("button", "textbox", "searchbox", "combobox", "tab", "heading", "link")
_MOST: Final = 40
# By these an element is found whatever the data; a place among others is none of them.
_SURE: Final = frozenset(("test_id", "role", "label", "placeholder"))


def landmark_of(page: RenderedPage) -> Locator | None:
    """The landmark of a first page: a control of the account if there is one, else the first that is unique."""
    found = [(name, locator) for name, _, locator in _controls(page)]
    return next((locator for name, locator in found if _ACCOUNT.search(name)), found[0][1] if found else None)


def control_names(page: RenderedPage) -> set[tuple[str, str]]:
    """Role and name of every control, to tell what is new."""
    return {(role, name) for name, role, _ in _named(page)}


def is_sure(locator: Locator) -> bool:
    """Whether finding the element says that the page is the one that was recorded: it is found by what it is."""
    return locator.by in _SURE and locator.nth is None and locator.within is None and bool(_words_of(locator))


def landmark_since(page: RenderedPage, before: set[tuple[str, str]]) -> Locator | None:
    """A control that the first page had not, for a step whose own element would be found on other pages too.

    Controls that act come first: headings and links are often named after the data.
    """
    new = [(role, node) for name, role, node in _named(page) if (role, name) not in before]
    ordered = sorted(new, key=lambda each: _SAYS_MOST.index(each[0]))
    return next(_sure(page, (node for _, node in ordered)), None)


def newcomer(page: RenderedPage, before: set[tuple[str, str]]) -> Locator | None:
    """A control that was not there before: what to wait for when an act must have come to its end."""
    new = (node for name, role, node in _named(page) if (role, name) not in before)
    return next(_sure(page, new), None)


def _controls(page: RenderedPage) -> Iterator[tuple[str, str, Locator]]:
    for name, role, node in _named(page):
        if locator := next(_sure(page, iter([node])), None):
            yield name, role, locator


def _named(page: RenderedPage) -> Iterator[tuple[str, str, Node]]:
    left = _MOST
    for node in page.nodes():
        role = role_of(node)
        if role not in _SOUGHT:
            continue
        if name := page.usable(page.name(node)):
            yield name, role, node
            left -= 1
            if not left:
                return


def _sure(page: RenderedPage, nodes: Iterator[Node]) -> Iterator[Locator]:
    for node in nodes:
        locator = next(iter(locators_of(page, node)), None)
        if locator and is_sure(locator):
            yield locator


def _words_of(locator: Locator) -> str:
    # A role alone is on every page.
    return locator.name if locator.by == "role" else locator.value
