"""A test in words, a line a step and a line an assertion.

Belongs here: the sentences. Does not: making them inert (facts): what they name comes from a recorded page.
"""

from typing import assert_never

from retrace_core.spec_assertions import (
    Assertion,
    ElementCount,
    ElementText,
    ElementVisible,
    HasEffect,
    MessageAbsent,
    NoError,
    PageShowsContent,
    RequestSucceeds,
    StatusCode,
    TextContains,
    TextMatches,
    UrlContains,
)
from retrace_core.spec_steps import (
    Check,
    Click,
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
    WaitFor,
)


def step_in_words(step: Step) -> str:  # noqa: PLR0911, PLR0912 - one kind of step a line
    """What a step does."""
    match step:
        case Navigate():
            return f"open {step.url}" if step.kind == "goto" else f"go: {step.kind}"
        case Click():
            times = "double-click" if step.double else "click" if step.count == 1 else f"click {step.count} times"
            return f"{times} {_element(step.locator)}"
        case Fill():
            return f"fill {_element(step.locator)} with {step.text}"
        case Select():
            chosen = ", ".join((*step.labels, *step.values, *map(str, step.indexes)))
            return f"select {chosen} in {_element(step.locator)}"
        case Check():
            return f"{'check' if step.checked else 'uncheck'} {_element(step.locator)}"
        case Press():
            return f"press {step.key}" + (f" on {_element(step.locator)}" if step.locator else "")
        case Hover():
            return f"hover over {_element(step.locator)}"
        case Upload():
            return f"give {', '.join(step.files)} to {_element(step.locator)}"
        case Drag():
            return f"drag {_element(step.locator)} to {_element(step.to)}"
        case Scroll():
            return f"scroll to {_element(step.locator)}" if step.locator else f"scroll by {step.by_px} pixels"
        case Dialog():
            return f"{'accept' if step.accept else 'dismiss'} the next dialog"
        case WaitFor():
            return "wait until the page is ready"
        case _:
            assert_never(step)


def assertion_in_words(assertion: Assertion) -> str:  # noqa: PLR0911 - one kind of assertion a line
    """What must hold."""
    match assertion:
        case RequestSucceeds():
            limit = f" within {assertion.max_ms} ms" if assertion.max_ms is not None else ""
            where = f" of {assertion.host}" if assertion.host else ""
            return f"{assertion.method} {assertion.path}{where} is answered below {assertion.below}{limit}"
        case NoError():
            return f"no error {assertion.template}" if assertion.template else "no error at all"
        case HasEffect():
            return f"{assertion.after} has an effect within {assertion.within_ms} ms"
        case MessageAbsent():
            return f"no message {assertion.template}"
        case PageShowsContent():
            return f"{assertion.path or 'the page'} shows its content"
        case StatusCode():
            return f"the page is answered with {assertion.expected}"
        case TextContains() | UrlContains():
            where = "the page's text" if isinstance(assertion, TextContains) else "the page's address"
            return f"{where} contains {assertion.expected}"
        case TextMatches():
            return f"the page's text matches {assertion.expected}"
        case ElementVisible():
            return f"{_element(assertion.locator)} is visible"
        case ElementText():
            return f"{_element(assertion.locator)} says {assertion.expected}"
        case ElementCount():
            return f"there are {assertion.expected} of {_element(assertion.locator)}"
        case _:
            assert_never(assertion)


def _element(locator: Locator) -> str:
    name = f" “{locator.name}”" if locator.name else ""
    nth = f" (number {locator.nth + 1})" if locator.nth is not None else ""
    return f"{locator.by} {locator.value}{name}{nth}"
