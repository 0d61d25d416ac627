"""`kill -9` of what takes in the landing loses nothing, doubles nothing, and is no trouble to the next run."""

from pathlib import Path

import pytest

from tests.reliability.killing import Found, Outcome, drain_one_by_one, kill_again_and_again, process_replays

pytestmark = pytest.mark.slow


def _require_whole(outcome: Outcome) -> None:
    # How many of the processes had already ended by themselves depends on the machine; a few must have been cut short.
    assert outcome.killed_at_work >= outcome.kills // 4
    assert outcome.found == Found(outcome.found.landed, lost=0, doubled=0, torn=0)
    assert outcome.ended_normally
    assert outcome.left == 0


def test_every_landed_batch_is_in_the_lake_once_after_twenty_kills_of_a_drain(home: Path) -> None:
    outcome = kill_again_and_again(home, drain_one_by_one, 20, longest_life=0.4, segments=4, seed=1)
    _require_whole(outcome)
    assert outcome.found.landed > 200


def test_every_landed_batch_is_in_the_lake_once_when_one_of_two_racing_drains_is_killed(home: Path) -> None:
    outcome = kill_again_and_again(home, drain_one_by_one, 8, workers=2, longest_life=0.5, segments=6, seed=2)
    _require_whole(outcome)


def test_a_killed_process_replays_leaves_nothing_that_stops_the_next(home: Path) -> None:
    outcome = kill_again_and_again(home, process_replays, 4, longest_life=1.5, segments=4, seed=3)
    _require_whole(outcome)
