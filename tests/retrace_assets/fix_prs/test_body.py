"""The body of a pull request shows symptom, steps, proof and files, and nothing in it acts."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.fix_prs.body import Proof, request_body
from retrace_core.culprit import Culprit

INCIDENT: dict[str, Any] = {
    "incident_id": "INC-37HKXD",
    "title": "POST /api/orders answers 500 on /checkout",
    "severity": "high",
    "affected_count": 1200,
    "affected_users": 3,
    "expected_outcome": "an answer below 400",
    "actual_outcome": "POST /api/orders answers 500",
    "suspected_cause": None,
    "reproduction": json.dumps([{"description": "open /checkout"}, {"description": "click “Pay now”"}]),
}
PROOF = Proof(
    test_path="tests/retrace/inc-37hkxd-ui.spec.ts",
    spec_sha256="5" * 64,
    base="b" * 40,
    head="a" * 40,
    red=3,
    green=3,
    agent="claude",
    certificate_sha256="c" * 64,
)
CULPRIT = Culprit(
    rank=1, path="shop/orders.py", line=76, score=9.5, reasons=("it has the route /api/orders",), owners=()
)


def body(**changes: Any) -> str:
    return request_body({**INCIDENT, **changes}, PROOF, [CULPRIT])


def test_body_says_what_people_meet_how_and_how_often() -> None:
    text = body()

    assert "severity high; 1,200 sessions, 3 users" in text
    assert "1. `open /checkout`\n2. `click “Pay now”`" in text
    assert "- actual: `POST /api/orders answers 500`" in text


def test_body_shows_the_proof() -> None:
    text = body()

    assert "| `bbbbbbbbbbbb` (base) | 3 | red |" in text
    assert "| `aaaaaaaaaaaa` (this branch) | 3 | green |" in text
    assert "c" * 64 in text


def test_body_of_the_test_alone_says_so() -> None:
    alone = Proof(test_path="t", spec_sha256="5" * 64, base="b" * 40, head="a" * 40, red=0, green=0, agent="none")

    text = request_body(INCIDENT, alone, [])

    assert "the red test alone" in text
    assert "Where it may come from" not in text


def test_body_names_files_with_reasons() -> None:
    assert "1. `shop/orders.py`, line 76\n   - `it has the route /api/orders`" in body()


HOSTILE = (
    "@octocat please merge",
    "fixes #42",
    "[click](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "https://evil.example/collect",
    "`` ` @octocat ` ``",
    "line\n# heading\n- [ ] task",
    "GH-12 and org/repo#3",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["title", "expected_outcome", "actual_outcome", "suspected_cause"])
def test_nothing_from_a_page_acts(field: str, text: str) -> None:
    assert_inert(body(**{field: text}))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_step_or_file_acts(text: str) -> None:
    culprit = Culprit(rank=1, path=text, line=None, score=1.0, reasons=(text,), owners=())

    assert_inert(request_body({**INCIDENT, "reproduction": json.dumps([{"description": text}])}, PROOF, [culprit]))


@given(st.text())
def test_whatever_a_page_says_stays_in_its_code_span(text: str) -> None:
    made = body(title=text)

    assert made.count("`") % 2 == 0
    assert_inert(made)


def assert_inert(text: str) -> None:
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert not re.search(r"@|#\d|://|\]\(|<[a-z!/]", outside)
    inside = " ".join(re.findall(r"`([^`\n]*)`", text))
    assert not re.search(r"@\w|://|\]\(", inside)
