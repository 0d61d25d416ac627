"""Names of a fix: made of an incident's title, which anybody with a browser may have written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.fix_prs.naming import branch_name, commit_message, request_title, spec_path

INCIDENT = {"incident_id": "INC-37HKXD", "title": "POST /api/orders answers 500 on /checkout"}


def test_branch_is_named_after_incident_and_title() -> None:
    assert branch_name(INCIDENT) == "retrace/INC-37HKXD-post-api-orders-answers-500-on-checkout"


def test_branch_of_a_title_without_words_is_the_incident() -> None:
    assert branch_name({**INCIDENT, "title": "✗ …"}) == "retrace/INC-37HKXD"


@given(st.text())
def test_branch_is_a_plain_word_whatever_the_title(title: str) -> None:
    name = branch_name({**INCIDENT, "title": title})

    assert re.fullmatch(r"retrace/INC-37HKXD(?:-[a-z0-9]+)*", name)
    assert len(name) < 80


def test_title_and_message_say_what_is_fixed() -> None:
    assert request_title(INCIDENT) == "Fix INC-37HKXD: POST /api/orders answers 500 on /checkout"
    assert commit_message(INCIDENT, has_patch=True).startswith("Fix INC-37HKXD: POST")
    assert commit_message(INCIDENT, has_patch=False).startswith("Add the test of INC-37HKXD: POST")


@pytest.mark.parametrize(
    "title", ["thanks @octocat", "closes #1", "see https://evil.example/x", "a\n\nCo-authored-by: me", "[x](y)"]
)
def test_nothing_in_a_title_acts(title: str) -> None:
    for text in (
        request_title({**INCIDENT, "title": title}),
        commit_message({**INCIDENT, "title": title}, has_patch=True),
    ):
        assert "\n" not in text
        assert not re.search(r"@\w|#\d|://|\]\(", text)


def test_test_lies_in_the_configured_folder() -> None:
    assert spec_path("e2e/retrace/", "inc-37hkxd-ui") == "e2e/retrace/inc-37hkxd-ui.spec.ts"
