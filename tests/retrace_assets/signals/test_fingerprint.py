"""A control that does not answer is one bug, however users show that it does not."""

import json

import polars as pl
import pytest

from retrace_assets.signals.fingerprint import FAMILIES, fingerprint
from tests.retrace_assets.signals.recordings import click
from tests.retrace_assets.signals.test_causes import Row, signals_of

END = {"at": 20_000, "kind": "scroll"}
# As seen before and after: the page does not change; without a row of the page nothing is known of it.
DEAD = {"page": {"before": 0, "traits": ["control"]}}


def found(*clicks: Row) -> Row:
    (signal,) = signals_of([*clicks, END]).to_dicts()
    return signal


def raging(name: str = "Pay now", **more: str) -> Row:
    return found(*(click(1_000 + 200 * number, name, **more) for number in range(4)))


def dead(name: str = "Pay now", **more: str) -> Row:
    return found(click(1_000, name, **DEAD, **more))


def test_one_session_that_rages_and_one_that_clicks_once_meet_the_same_bug() -> None:
    once, angry = dead(), raging()
    assert (once["detector"], angry["detector"]) == ("dead_click", "rage_click")
    assert (once["cause"], angry["cause"]) == (None, None)
    assert once["fingerprint"] == angry["fingerprint"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: raging("Save"), id="another control"),
        pytest.param(lambda: raging(url="https://shop.example/cart"), id="another page"),
    ],
)
def test_another_control_or_page_is_another_bug(other: object) -> None:
    assert callable(other)
    assert other()["fingerprint"] != dead()["fingerprint"]


def test_other_detectors_with_the_same_identity_stay_apart() -> None:
    names = ["rage_click", "error_click", "thrashed_cursor", "console_error"]
    assert len({fingerprint(name, ["/", "testid=a"]) for name in names}) == len(names)
    assert len({fingerprint(name, ["/", "testid=a"]) for name in FAMILIES}) == 1


def test_findings_about_a_click_do_not_say_that_they_came_after_one() -> None:
    frame = pl.DataFrame([dead(), raging()], infer_schema_length=None)
    assert [json.loads(evidence)["after_click"] for evidence in frame["evidence"]] == [None, None]
