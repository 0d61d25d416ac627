"""Where one finding of a report ends and the next begins."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.fix_prompts.findings import MOST_FINDINGS, Finding, findings_of


def titles(text: str) -> list[str]:
    return [finding.title for finding in findings_of(text)]


def test_each_heading_with_words_of_its_own_is_a_finding_and_what_is_below_belongs_to_it() -> None:
    report = """# Report of 2026-11-24

12 sessions were looked at.

## Summary

2 findings.

## Findings

### 1. The order is not taken

POST /api/orders answers 500.

#### Evidence

- TypeError: total is undefined

### 2. The menu does not open

Nothing happens.
"""
    assert findings_of(report) == [
        Finding(
            "1. The order is not taken",
            ("POST /api/orders answers 500.", "Evidence", "- TypeError: total is undefined"),
        ),
        Finding("2. The menu does not open", ("Nothing happens.",)),
    ]


def test_a_list_of_incidents_names_each() -> None:
    digest = "# Digest\n\n## New\n\n- INC-2A3B4C The order is not taken \n- bug_0123456789abcdef Menu\n\n## Resolved\n"
    assert [finding.incident for finding in findings_of(digest)] == ["INC-2A3B4C", "bug_0123456789abcdef"]


def test_points_of_a_finding_are_no_findings() -> None:
    assert titles("## The order is not taken\n\n- severity: high\n- seen: 12\n") == ["The order is not taken"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_report_for_programs_is_read_too(wrapped: bool) -> None:
    entries = [{"incident_id": "INC-2A3B4C", "title": "The order is not taken", "users": 9}, {"no": "title"}, 3]
    (finding,) = findings_of(json.dumps({"findings": entries} if wrapped else entries))
    assert (finding.title, finding.incident) == ("INC-2A3B4C The order is not taken", "INC-2A3B4C")
    assert "users: 9" in finding.lines


@pytest.mark.parametrize(
    ("text", "found"),
    [("", []), ("\n\n", []), ("The order is not taken\nand why", ["The order is not taken"]), ("# Only a title", [])],
)
def test_a_text_without_structure_is_one_finding(text: str, found: list[str]) -> None:
    assert titles(text) == found


def test_only_so_many_findings_are_read() -> None:
    assert len(findings_of("## A finding\n\nwords\n\n" * 200)) == MOST_FINDINGS


@given(st.text(st.sampled_from("#- \n*[{\"'}]:,aINC-2A3B4Cé\x00"), max_size=300))
def test_any_text_at_all_is_read(text: str) -> None:
    for finding in findings_of(text):
        assert finding.title
