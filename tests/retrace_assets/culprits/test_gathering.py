"""An incident's columns become clues of their kinds."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.culprits.clues import Frame, Request
from retrace_assets.culprits.gathering import clues_of_incident
from retrace_core.spec import Spec
from retrace_core.spec_assertions import MessageAbsent, RequestSucceeds
from retrace_core.spec_steps import Click, Locator, Navigate

INCIDENT: dict[str, Any] = {
    "title": "A click on button “Pay” throws",
    "actual_outcome": "button “Pay” throws “cart.sum is not a function”",
    "suspected_cause": None,
    "first_seen_at": datetime(2026, 11, 20, 8),
    "reproduction": json.dumps(
        [
            {"action": "click", "target": {"role": "button", "name": "Pay", "css": "main > #pay-now"}},
            {"action": "assert", "target": {"name": "not a control"}},
        ]
    ),
    "evidence": json.dumps(
        {
            "console_excerpts": ["TypeError: cart.sum is not a function"],
            "network_failures": [{"method": "post", "url": "https://shop.example/api/orders/12?a=1"}],
            "primary_url": "https://shop.example/orders/12",
            "top_stack_frame": "submit@/src/Checkout.vue",
        }
    ),
}
SIGNAL: dict[str, Any] = {
    "url": "https://shop.example/cart",
    "route": "/cart",
    "method": "GET",
    "request": "/api/cart",
    "template": None,
    "frame": None,
    "release": "4f2c1d9",
    "evidence": {
        "error": {
            "message": "Cannot read properties of null (reading 'total')",
            "stack": "E\n at add (a/src/cart.ts:3:1)",
        },
        "element": {"name": "Add", "test_id": "add-to-cart", "css": None},
    },
}
SPEC = Spec(
    spec_id="inc-1-ui",
    name="Pay",
    exact_steps=(
        Navigate(id="open", url="/cart"),
        Click(
            id="pay", locator=Locator("test_id", "pay-button"), fallbacks=(Locator("role", "button", name="Pay now"),)
        ),
    ),
    assertions=(
        RequestSucceeds(id="a", method="PUT", path="/api/pay"),
        MessageAbsent(id="b", template="Card was refused"),
    ),
)


def test_an_incident_by_itself_gives_clues() -> None:
    clues = clues_of_incident(INCIDENT)
    assert clues.frames == (Frame("src/Checkout.vue", 0, "submit"),)
    assert clues.pages == ("/orders/:id",)
    assert clues.requests == (Request("POST", "/api/orders/:id"),)
    assert clues.messages == ("TypeError: cart.sum is not a function",)
    assert clues.shown == ("Pay",)
    assert clues.names == ("pay-now", "sum")
    assert clues.said.startswith("A click on button “Pay” throws\n")
    assert clues.first_seen_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_signals_and_the_test_add_theirs_and_a_stack_outweighs_its_top_frame() -> None:
    clues = clues_of_incident(INCIDENT, [SIGNAL], SPEC)
    assert clues.frames == (Frame("a/src/cart.ts", 3, "add"),)
    assert clues.pages == ("/cart", "/orders/:id")
    assert clues.requests == (
        Request("GET", "/api/cart"),
        Request("POST", "/api/orders/:id"),
        Request("PUT", "/api/pay"),
    )
    assert clues.messages[0] == "Cannot read properties of null (reading 'total')"
    assert clues.messages[-1] == "Card was refused"
    assert clues.shown == ("Add", "Pay", "Pay now")
    assert clues.names == ("add-to-cart", "pay-now", "pay-button", "total", "sum")
    assert clues.release == "4f2c1d9"


@given(st.text(), st.text(), st.one_of(st.text(), st.none()))
def test_any_columns_give_clues(title: str, message: str, frame: str | None) -> None:
    evidence = json.dumps({"console_excerpts": [message], "top_stack_frame": frame})
    clues = clues_of_incident({"title": title, "evidence": evidence, "reproduction": title})
    assert clues.said == title
