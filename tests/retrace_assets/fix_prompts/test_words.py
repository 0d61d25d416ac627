"""A test in words."""

from typing import get_args

import pytest

from retrace_assets.fix_prompts.words import assertion_in_words, step_in_words
from retrace_core import spec_assertions as assertions
from retrace_core import spec_steps as steps
from retrace_core.spec_assertions import Assertion
from retrace_core.spec_steps import Locator, Step

SAVE = Locator("role", "button", name="Save", nth=1)
BOX = Locator("css", ".box")

STEPS: list[tuple[Step, str]] = [
    (steps.Navigate(id="s", url="/cart"), "open /cart"),
    (steps.Navigate(id="s", url="/cart", kind="back"), "go: back"),
    (steps.Click(id="s", locator=SAVE), "click role button “Save” (number 2)"),
    (steps.Click(id="s", locator=BOX, count=3), "click 3 times css .box"),
    (steps.Click(id="s", locator=BOX, double=True), "double-click css .box"),
    (steps.Fill(id="s", locator=BOX, text="rope"), "fill css .box with rope"),
    (steps.Select(id="s", locator=BOX, labels=("Red",), indexes=(2,)), "select Red, 2 in css .box"),
    (steps.Check(id="s", locator=BOX, checked=False), "uncheck css .box"),
    (steps.Press(id="s", key="Enter"), "press Enter"),
    (steps.Press(id="s", key="Enter", locator=BOX), "press Enter on css .box"),
    (steps.Hover(id="s", locator=BOX), "hover over css .box"),
    (steps.Upload(id="s", locator=BOX, files=(".pdf",)), "give .pdf to css .box"),
    (steps.Drag(id="s", locator=BOX, to=SAVE), "drag css .box to role button “Save” (number 2)"),
    (steps.Scroll(id="s", by_px=300), "scroll by 300 pixels"),
    (steps.Scroll(id="s", locator=BOX), "scroll to css .box"),
    (steps.Dialog(id="s", accept=False), "dismiss the next dialog"),
    (steps.WaitFor(id="s"), "wait until the page is ready"),
]
ASSERTIONS: list[tuple[Assertion, str]] = [
    (
        assertions.RequestSucceeds(id="a", method="GET", path="/x", host="api.example", max_ms=900),
        "GET /x of api.example is answered below 400 within 900 ms",
    ),
    (assertions.NoError(id="a"), "no error at all"),
    (assertions.NoError(id="a", template="TypeError: <x>"), "no error TypeError: <x>"),
    (assertions.HasEffect(id="a", after="click-2"), "click-2 has an effect within 2500 ms"),
    (assertions.MessageAbsent(id="a", template="Sorry"), "no message Sorry"),
    (assertions.PageShowsContent(id="a"), "the page shows its content"),
    (assertions.StatusCode(id="a"), "the page is answered with 200"),
    (assertions.TextContains(id="a", expected="Done"), "the page's text contains Done"),
    (assertions.UrlContains(id="a", expected="/done"), "the page's address contains /done"),
    (assertions.TextMatches(id="a", expected="D.ne"), "the page's text matches D.ne"),
    (assertions.ElementVisible(id="a", locator=BOX), "css .box is visible"),
    (assertions.ElementText(id="a", locator=BOX, expected="3"), "css .box says 3"),
    (assertions.ElementCount(id="a", locator=BOX, expected=3), "there are 3 of css .box"),
]


@pytest.mark.parametrize(("step", "words"), STEPS)
def test_step_in_words(step: Step, words: str) -> None:
    assert step_in_words(step) == words


@pytest.mark.parametrize(("assertion", "words"), ASSERTIONS)
def test_assertion_in_words(assertion: Assertion, words: str) -> None:
    assert assertion_in_words(assertion) == words


def test_every_step_and_assertion_has_words() -> None:
    assert {type(step) for step, _ in STEPS} == set(get_args(Step))
    assert {type(assertion) for assertion, _ in ASSERTIONS} == set(get_args(Assertion))
