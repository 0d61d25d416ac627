"""Ids are hashes of content: stable, short, told apart, and safe for whatever a page calls its session."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.ids import batch_id, event_id, incident_id, issue_id, job_id, public_id, replay_id, signal_id

hostile = st.text(st.characters(exclude_categories=()), max_size=30)


def test_ids_are_what_they_were_in_the_first_release() -> None:
    """A change here renames everything a user has ever linked to."""
    assert replay_id("proj", "env", "session-1") == "rpl_6e95255f76fee9b8"
    assert issue_id("proj", "env", "fp") == "bug_e224e347690697ea"
    assert signal_id("env", "session-1", "rage_click", "w:0:1") == "sig_57b8491b0327b912"
    assert batch_id("env", "session-1", "w", 3) == "rb_883bed12e2b4172bce5a956ee1e75ada"
    assert job_id("env", "session-1") == "job_6ef7a300d10d6c1fda7a8edff2e7df37"
    assert incident_id("proj", "env", "fp", ()) == "INC-NRWTT7"


@given(hostile, hostile)
def test_every_text_a_page_can_send_has_an_id(session: str, window: str) -> None:
    assert re.fullmatch(r"rpl_[0-9a-f]{16}", replay_id("proj", "env", session))
    assert re.fullmatch(r"rb_[0-9a-f]{32}", batch_id("env", session, window, 0))
    assert re.fullmatch(r"job_[0-9a-f]{32}", job_id("env", session))


parts = st.lists(st.text(st.characters(exclude_characters="\x1f"), max_size=8), min_size=1, max_size=4)


@given(parts, parts)
def test_different_parts_have_different_ids(left: list[str], right: list[str]) -> None:
    assert (public_id("x_", *left) == public_id("x_", *right)) == (left == right)


def test_events_of_windows_that_look_alike_are_told_apart() -> None:
    assert len({event_id("a", 1, 2), event_id("a:1", 2, 2), event_id("a:1:2", 0, 0), event_id("a", 12, 2)}) == 4


def test_an_incident_takes_the_next_six_characters_while_the_first_are_taken() -> None:
    taken: set[str] = set()
    for _ in range(60):
        found = incident_id("proj", "env", "fp", taken)
        assert re.fullmatch(r"INC-[2-9A-HJKMNP-Z]{6}", found)
        assert found not in taken
        taken.add(found)


@pytest.mark.parametrize("other", [("proj2", "env", "fp"), ("proj", "env2", "fp"), ("proj", "env", "fp2")])
def test_incidents_of_other_projects_environments_and_fingerprints_have_other_ids(other: tuple[str, str, str]) -> None:
    assert incident_id(*other, ()) != incident_id("proj", "env", "fp", ())
