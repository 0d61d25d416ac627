"""Rows as the stages before leave them, for tests of prompts."""

import json
from datetime import datetime
from typing import Any

from retrace_core.spec import Input, Source, Spec
from retrace_core.spec_assertions import RequestSucceeds
from retrace_core.spec_steps import Click, Fill, Locator, Navigate
from retrace_core.tables import INCIDENTS

INCIDENT = "INC-2A3B4C"

SPEC = Spec(
    spec_id="inc-2a3b4c-ui",
    name="The order is not taken",
    inputs={"street": Input("text", example="Main Street 1")},
    exact_steps=(
        Navigate(id="open-1", url="/cart"),
        Fill(id="fill-2", locator=Locator("label", "Street"), text="{{ street }}"),
        Click(id="click-3", locator=Locator("role", "button", name="Pay now")),
    ),
    assertions=(RequestSucceeds(id="answered", after="click-3", method="POST", path="/api/orders"),),
    source=Source(incident_id=INCIDENT, session_id="s-1"),
)


def incident(**more: Any) -> dict[str, Any]:
    """A row of `incidents` of a request that fails; `evidence` is updated, all else replaced."""
    evidence = {
        "detector": "network_5xx",
        "reason_codes": ["status_5xx"],
        "counterfactual": "would not have fired had the answer been below 500",
        "console_excerpts": ["TypeError: total is undefined"],
        "network_failures": [{"method": "POST", "url": "https://shop.example/api/orders", "status": 500}],
        "primary_url": "https://shop.example/cart",
        "top_stack_frame": "submit (src/cart.js:41:9)",
        **more.pop("evidence", {}),
    }
    row: dict[str, Any] = {
        **dict.fromkeys(INCIDENTS.column_names),
        "project_id": "p",
        "environment_id": "e",
        "incident_id": INCIDENT,
        "aliases": [],
        "issue_ids": ["bug_1"],
        "fingerprint": "f1",
        "source_kind": "replay",
        "sources": "[]",
        "status": "new",
        "severity": "high",
        "confidence": "high",
        "title": "POST /api/orders answers 500",
        "summary": "Paying fails for everybody.",
        "expected_outcome": "The request is answered below 400.",
        "actual_outcome": "POST /api/orders answered 500",
        "app_url": "https://shop.example/cart",
        "evidence": json.dumps(evidence),
        "reproduction": json.dumps([{"index": 1, "action": "click", "description": "Click button “Pay now”"}]),
        "affected_count": 12,
        "affected_users": 9,
        "repro_status": "confirmed",
        "fix_status": "not_started",
    }
    return {**row, **more}


def run(verdict: str = "reproduced", build: str = "4f2c1d", **more: Any) -> dict[str, Any]:
    """What is read of a row of `test_runs`."""
    return {
        "verdict": verdict,
        "build": build,
        "detail": "POST /api/orders answered 500",
        "started_at": datetime(2026, 11, 24, 12),
        **more,
    }
