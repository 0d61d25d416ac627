"""Pairwise figures of groupings, and the generated bugs."""

import pytest

from bench.grouping.__main__ import Grouping
from bench.grouping.bugs import BUGS, sessions


def _grouping(*groups: tuple[int, str]) -> Grouping:
    return Grouping(frozenset(((f"s{place}", bug), group) for place, (bug, group) in enumerate(groups)))


def test_precision_falls_when_two_bugs_share_a_group() -> None:
    mixed = _grouping((1, "a"), (1, "a"), (2, "a"))
    assert mixed.precision == pytest.approx(1 / 3)
    assert mixed.recall == 1.0
    assert mixed.mixed == [[1, 2]]


def test_recall_falls_when_a_bug_is_in_two_groups() -> None:
    split = _grouping((1, "a"), (1, "a"), (1, "b"))
    assert split.precision == 1.0
    assert split.recall == pytest.approx(1 / 3)
    assert split.split == [(1, 2)]


def test_sessions_are_the_same_for_the_same_seed_and_meet_every_bug() -> None:
    once = list(sessions(1_500, 1_770_000_000_000))
    assert once == list(sessions(1_500, 1_770_000_000_000))
    assert {bug for _, bug in once if bug is not None} == set(range(len(BUGS)))
    assert len(BUGS) == 60
