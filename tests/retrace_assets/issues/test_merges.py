"""Merges fold into groups, whatever order they come in."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.issues.merges import merges
from retrace_assets.versions import Bug
from retrace_resources.state import Decision


def merged(fingerprint: str, into: str, environment: str = "e") -> Decision:
    return Decision(
        kind="merge",
        project_id="p",
        environment_id=environment,
        fingerprint=fingerprint,
        fingerprint_version=1,
        actor="ann",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        payload={"into": into},
    )


def parted(fingerprint: str, *groups: str) -> Decision:
    return replace(merged(fingerprint, ""), kind="split", payload={"leave": [list(group) for group in groups]})


def bug(fingerprint: str) -> Bug:
    return Bug("p", "e", fingerprint)


def test_bug_nobody_merged_is_its_own() -> None:
    folded = merges([])
    assert folded.root(bug("a")) == bug("a")
    assert folded.members(bug("a")) == (bug("a"),)


def test_merges_follow_each_other_to_one_root() -> None:
    folded = merges([merged("a", "b"), merged("c", "a"), merged("b", "d")])
    assert {folded.root(bug(name)) for name in "abcd"} == {bug("d")}
    assert folded.members(bug("d")) == (bug("d"), bug("b"), bug("a"), bug("c"))


def test_merge_that_would_close_a_circle_changes_nothing() -> None:
    folded = merges([merged("a", "b"), merged("b", "a"), merged("c", "c")])
    assert folded.root(bug("a")) == folded.root(bug("b")) == bug("b")
    assert folded.root(bug("c")) == bug("c")


def test_merge_stays_in_its_environment() -> None:
    folded = merges([merged("a", "b", environment="other")])
    assert folded.root(bug("a")) == bug("a")


def test_merge_into_nothing_changes_nothing() -> None:
    assert merges([merged("a", "")]).root(bug("a")) == bug("a")


def test_split_takes_groups_out_and_leaves_the_rest_together() -> None:
    folded = merges([merged("b", "a"), merged("c", "a"), merged("d", "a"), parted("a", "bc")])
    assert folded.members(bug("a")) == (bug("a"), bug("d"))
    assert folded.members(bug("b")) == (bug("b"), bug("c"))
    assert folded.root(bug("c")) == bug("b")


def test_split_of_what_is_not_merged_changes_nothing() -> None:
    assert merges([merged("b", "a"), parted("a", "c", "a")]).members(bug("a")) == (bug("a"), bug("b"))


def test_what_was_split_can_be_merged_again() -> None:
    folded = merges([merged("b", "a"), parted("a", "b"), merged("a", "b")])
    assert folded.members(bug("b")) == (bug("b"), bug("a"))


PAIRS = st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))


@given(st.lists(st.one_of(PAIRS, st.tuples(st.sampled_from("abcdef"), st.text("abcdef", max_size=4))), max_size=12))
def test_every_bug_is_in_exactly_the_group_of_its_root(acts: list[tuple[str, str]]) -> None:
    folded = merges(merged(one, other) if len(other) == 1 else parted(one, other) for one, other in acts)
    for name in "abcdef":
        root = folded.root(bug(name))
        assert folded.root(root) == root
        assert folded.members(root).count(bug(name)) == 1
        assert folded.members(root)[0] == root
