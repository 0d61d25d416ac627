"""The rule of the hot job, over what is pending and what ran."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.limits import MIB
from retrace_sensors.decide import (
    FAILURES_TO_SET_ASIDE,
    NAMED_SEGMENTS,
    RUN_BYTES,
    HotRun,
    Launch,
    Outcome,
    PendingSegment,
    Wait,
    decide,
    segments_of,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


def segments(*names: str, size: int = MIB) -> list[PendingSegment]:
    """Pending segments of these names."""
    return [PendingSegment(name, size) for name in names]


def ended(outcome: Outcome, first: str = "", last: str = "", at: datetime = LONG_AGO) -> HotRun:
    """A run that has ended."""
    return HotRun(f"run-{first}-{last}", outcome, first, last or first, at)


def failed(first: str, last: str = "", at: datetime = LONG_AGO) -> HotRun:
    """A run over a range that failed."""
    return ended(Outcome.FAILED, first, last, at)


SUCCEEDED = ended(Outcome.SUCCEEDED)


def launched(decision: Launch | Wait) -> Launch:
    """The decision, which must be to launch."""
    assert isinstance(decision, Launch), decision
    return decision


def test_decision_waits_when_nothing_is_pending() -> None:
    assert decide([], [], NOW) == Wait("no closed segments")


def test_decision_takes_all_pending_segments_when_none_is_suspected() -> None:
    launch = launched(decide(segments("a", "b", "c"), [], NOW))

    assert launch == Launch("a..c#0", "a", "c")


def test_decision_names_the_run_when_one_is_in_flight() -> None:
    busy = HotRun("run-7", Outcome.IN_FLIGHT, "a", "a")

    assert decide(segments("b"), [busy], NOW) == Wait("run run-7 is queued or running")


def test_decision_waits_when_a_run_in_flight_is_not_the_newest() -> None:
    busy = HotRun("run-7", Outcome.IN_FLIGHT)

    assert isinstance(decide(segments("b"), [SUCCEEDED, busy], NOW), Wait)


def test_decision_takes_the_oldest_segments_that_fit_in_a_run() -> None:
    launch = launched(decide(segments("a", "b", "c", size=RUN_BYTES // 2), [], NOW))

    assert (launch.first, launch.last) == ("a", "b")


def test_decision_takes_one_segment_when_it_alone_is_over_the_limit() -> None:
    launch = launched(decide(segments("a", "b", size=2 * RUN_BYTES), [], NOW))

    assert (launch.first, launch.last) == ("a", "a")


def test_run_key_counts_every_ended_run_of_the_range_also_canceled_ones() -> None:
    runs = [ended(Outcome.CANCELED, "a", "b"), SUCCEEDED, failed("a", "b")]

    assert launched(decide(segments("a", "b"), runs, NOW)).run_key == "a..b#2"


def test_range_is_tried_again_by_name_when_it_failed_once() -> None:
    launch = launched(decide(segments("a", "b", "c", "d"), [failed("a", "d")], NOW))

    assert (launch.run_key, launch.only) == ("a..d#1", ("a", "b", "c", "d"))


def test_range_is_halved_when_it_failed_twice() -> None:
    launch = launched(decide(segments("a", "b", "c", "d", "e"), [failed("a", "e")] * 2, NOW))

    assert launch.only == ("a", "b", "c")


def test_other_half_is_next_when_the_first_half_went_well() -> None:
    runs = [ended(Outcome.SUCCEEDED, "a", "b"), *[failed("a", "d")] * 2]

    assert launched(decide(segments("c", "d"), runs, NOW)).only == ("c", "d")


def test_segments_beside_a_suspected_range_get_their_turn_after_a_failure() -> None:
    launch = launched(decide(segments("a", "b", "x", "y"), [failed("a", "b")], NOW))

    assert launch.only == ("x", "y")


def test_suspected_range_gets_its_turn_after_a_success() -> None:
    runs = [ended(Outcome.SUCCEEDED, "w", "w"), failed("a", "b")]

    assert launched(decide(segments("a", "b", "x", "y"), runs, NOW)).only == ("a", "b")


def test_segment_is_tried_three_times_alone_and_then_set_aside() -> None:
    twice = launched(decide(segments("a"), [failed("a")] * (FAILURES_TO_SET_ASIDE - 1), NOW))
    thrice = launched(decide(segments("a"), [failed("a")] * FAILURES_TO_SET_ASIDE, NOW))

    assert twice.set_aside == ()
    assert thrice.set_aside == ("a",)


def test_failures_the_machine_is_to_blame_for_cast_no_suspicion() -> None:
    runs = [ended(Outcome.UNLUCKY, "a", "b")] * 4

    assert launched(decide(segments("a", "b"), runs, NOW)) == Launch("a..b#4", "a", "b")


def test_decision_waits_longer_the_more_runs_in_a_row_failed() -> None:
    just_now = NOW - timedelta(seconds=1)

    def waits(count: int) -> bool:
        return isinstance(decide(segments("a"), [ended(Outcome.UNLUCKY, "a", at=just_now)] * count, NOW), Wait)

    assert not waits(1)
    assert waits(2)
    assert waits(9)


def test_decision_does_not_wait_when_a_run_between_the_failures_went_well() -> None:
    just_now = NOW - timedelta(seconds=1)
    runs = [failed("a", at=just_now), SUCCEEDED, failed("a", at=just_now), failed("a", at=just_now)]

    assert isinstance(decide(segments("a"), runs, NOW), Launch)


def test_segments_of_a_run_are_read_back_from_its_key() -> None:
    launch = launched(decide(segments("0179-1-2.arrow", "0180-1-3.arrow"), [], NOW))

    assert segments_of(launch.run_key) == ("0179-1-2.arrow", "0180-1-3.arrow")


@pytest.mark.parametrize("key", ["", "idle-20260310T120000", "after-run-7", "#", "a#1"])
def test_a_run_key_without_a_range_names_no_segments(key: str) -> None:
    assert segments_of(key) == ("", "")


def test_a_failed_run_is_followed_up_when_nothing_is_pending() -> None:
    """What it had taken in before it failed still has to reach the incidents."""
    assert launched(decide([], [failed("a", "b")], NOW)).run_key == "after-run-a-b"


def test_a_canceled_run_is_not_followed_up() -> None:
    assert isinstance(decide([], [ended(Outcome.CANCELED, "a")], NOW), Wait)


def test_idle_sessions_wake_the_hot_job_when_nothing_is_pending() -> None:
    launch = launched(decide([], [SUCCEEDED], NOW, idle_sessions=True))

    assert launch == Launch("idle-20260310T120000")


def test_a_range_names_a_bounded_number_of_segments_when_it_is_suspected() -> None:
    names = [f"{number:05d}" for number in range(3 * NAMED_SEGMENTS)]

    launch = launched(decide(segments(*names), [failed(names[0], names[-1])], NOW))

    assert len(launch.only) == NAMED_SEGMENTS


def replay(names: list[str], is_bad: Callable[[str], bool]) -> tuple[list[str], list[str], int]:
    """Run the rule until nothing is pending, runs failing when a bad segment is among theirs; no time passes."""
    pending, runs, taken, aside = sorted(names), list[HotRun](), list[str](), list[str]()
    clock = NOW
    keys = set[str]()
    while pending:
        clock += timedelta(hours=1)
        launch = launched(decide(segments(*pending), runs, clock))
        assert launch.run_key not in keys, "Dagster would skip a known key for ever"
        keys.add(launch.run_key)
        chosen = launch.only or tuple(name for name in pending if launch.first <= name <= launch.last)
        fails = not launch.set_aside and any(is_bad(name) for name in chosen)
        outcome = Outcome.FAILED if fails else Outcome.SUCCEEDED
        runs.insert(0, HotRun(launch.run_key, outcome, launch.first, launch.last, clock))
        if not fails:
            (aside if launch.set_aside else taken).extend(chosen)
            pending = [name for name in pending if name not in chosen]
    return taken, aside, len(runs)


@given(st.sets(st.integers(0, 999), min_size=1, max_size=64), st.data())
def test_exactly_the_bad_segments_are_set_aside_whichever_they_are(numbers: set[int], data: st.DataObject) -> None:
    names = sorted(f"{number:03d}" for number in numbers)
    bad = data.draw(st.sets(st.sampled_from(names), max_size=3))

    taken, aside, _ = replay(names, bad.__contains__)

    assert sorted(aside) == sorted(bad)
    assert sorted([*taken, *aside]) == names


def test_one_bad_segment_of_64_is_found_in_few_runs() -> None:
    names = [f"{number:03d}" for number in range(64)]

    worst = max(replay(names, lambda name, bad=bad: name == bad)[2] for bad in names)

    assert worst <= 24
