"""A suppression matches what it says and nothing more, whatever a page calls its controls."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.signals.findings import FINDING_SCHEMA
from retrace_assets.signals.suppression import (
    LONGEST_CONDITION,
    Suppression,
    is_suppressed,
    literal,
    read_suppression,
    suppression_of,
)
from retrace_core.errors import ErrorCode, RetraceError

FINDING = {
    "target": 'button "Pay [now]*"',
    "route": "/orders/:id",
    "method": "POST",
    "request": "/api/orders/:id",
    "message": "POST /api/orders/:id answers 500 on /orders/:id",
    "template": "order <n> is gone",
    "reason_codes": ["network_5xx.status_5xx"],
}
TEXTS = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))


def matches(suppression: Suppression, **changed: object) -> bool:
    finding = pl.DataFrame([{**FINDING, **changed}], schema=FINDING_SCHEMA)
    return bool(finding.select(found=is_suppressed([suppression]))["found"].item())


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"selector": 'button "Pay [now]*"'}, True),
        ({"selector": 'button "Pay*'}, True),
        ({"selector": "*"}, True),
        ({"selector": "button"}, False),
        ({"selector": 'button "Pay n*'}, False),
        ({"route": "/orders/:id"}, True),
        ({"route": "/orders/*"}, True),
        ({"route": "/orders"}, False),
        ({"request": "POST /api/*"}, True),
        ({"request": "GET /api/*"}, False),
        ({"message_contains": "answers 500"}, True),
        ({"message_contains": "order <n> is"}, True),
        ({"message_contains": "Answers 500"}, False),
        ({"reason_code": "network_5xx.status_5xx"}, True),
        ({"reason_code": "network_5xx"}, False),
        ({"route": "/orders/:id", "reason_code": "network_5xx.status_5xx"}, True),
        ({"route": "/cart", "reason_code": "network_5xx.status_5xx"}, False),
    ],
)
def test_every_condition_must_hold_and_only_a_star_stands_for_other_text(
    conditions: dict[str, str], expected: bool
) -> None:
    assert matches(read_suppression(conditions)) is expected


def test_condition_on_what_a_finding_does_not_have_does_not_hold() -> None:
    assert not matches(Suppression(selector="*"), target=None)
    assert not matches(Suppression(request="*"), request=None)
    assert not matches(Suppression(route="*"), route=None)


def test_nothing_is_suppressed_without_suppressions() -> None:
    finding = pl.DataFrame([FINDING], schema=FINDING_SCHEMA)
    assert finding.select(found=is_suppressed([]))["found"].to_list() == [False]


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({}, "everything"),
        ({"selectr": "x"}, "selectr"),
        ({"route": " "}, "route"),
        ({"route": 3}, "route"),
        ({"route": "x" * (LONGEST_CONDITION + 1)}, "characters"),
    ],
)
def test_conditions_that_cannot_be_used_are_refused(conditions: dict[str, object], said: str) -> None:
    with pytest.raises(RetraceError, match=said) as refusal:
        read_suppression(conditions)
    assert refusal.value.code is ErrorCode.RULE_INVALID


@given(TEXTS, TEXTS)
def test_quieting_an_element_matches_it_and_no_other(target: str, other: str) -> None:
    suppression = suppression_of({**FINDING, "target": target})
    assert matches(suppression, target=target)
    assert matches(suppression, target=other) is (target == other)


@given(TEXTS)
def test_any_text_is_a_pattern_that_can_be_searched_for(pattern: str) -> None:
    assert matches(Suppression(selector=pattern), target=pattern) or "\\" in pattern
    assert matches(Suppression(selector=literal(pattern)), target=pattern)
    matches(Suppression(route=pattern, request=pattern, message_contains=pattern, reason_code=pattern))


@pytest.mark.parametrize("missing", [("target",), ("target", "request"), ("target", "request", "template")])
def test_quieting_falls_back_to_what_is_known_and_holds_on_its_page_only(missing: tuple[str, ...]) -> None:
    known = {name: None if name in missing else value for name, value in FINDING.items()}
    suppression = suppression_of(known)
    assert matches(suppression, **known)
    assert not matches(suppression, **{**known, "route": "/cart"})
    assert len(suppression.conditions) == 2
