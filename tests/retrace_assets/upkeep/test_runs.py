"""Which runs may go."""

from datetime import UTC, datetime, timedelta

import pytest

from retrace_assets.upkeep.runs import (
    FAILED_RUNS_KEPT,
    FAILURES_KEPT_FOR,
    HOT_RUNS_KEPT,
    OTHER_RUNS_KEPT,
    PastRun,
    runs_to_delete,
)

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def past_runs(
    count: int, *, is_hot: bool = True, has_failed: bool = False, age: timedelta = timedelta()
) -> list[PastRun]:
    """Runs of one kind, newest first."""
    kind = f"{'hot' if is_hot else 'other'}{'-failed' if has_failed else ''}"
    return [
        PastRun(f"{kind}-{number}", is_hot, has_failed, NOW - age - timedelta(seconds=number))
        for number in range(count)
    ]


@pytest.mark.parametrize(("is_hot", "kept"), [(True, HOT_RUNS_KEPT), (False, OTHER_RUNS_KEPT)])
def test_the_newest_runs_of_a_kind_stay(is_hot: bool, kept: int) -> None:
    runs = past_runs(kept + 2, is_hot=is_hot)

    assert runs_to_delete(runs, set(), NOW) == [runs[-1].run_id, runs[-2].run_id]


def test_a_run_that_holds_the_latest_word_on_something_stays_however_old() -> None:
    runs = past_runs(HOT_RUNS_KEPT + 2)

    assert runs_to_delete(runs, {runs[-1].run_id}, NOW) == [runs[-2].run_id]


def test_failures_of_two_weeks_stay_beside_the_newest_runs() -> None:
    failure = past_runs(1, has_failed=True, age=FAILURES_KEPT_FOR - timedelta(hours=1))

    assert runs_to_delete(past_runs(HOT_RUNS_KEPT) + failure, set(), NOW) == []


def test_older_failures_go() -> None:
    failure = past_runs(1, has_failed=True, age=FAILURES_KEPT_FOR)

    assert runs_to_delete(past_runs(HOT_RUNS_KEPT) + failure, set(), NOW) == [failure[0].run_id]


def test_not_more_failures_are_kept_than_are_looked_at() -> None:
    failures = past_runs(FAILED_RUNS_KEPT + HOT_RUNS_KEPT, has_failed=True)

    assert len(runs_to_delete(failures, set(), NOW)) == FAILED_RUNS_KEPT + HOT_RUNS_KEPT - max(
        FAILED_RUNS_KEPT, HOT_RUNS_KEPT
    )


def test_rebuilds_do_not_push_hot_runs_out() -> None:
    runs = past_runs(3) + past_runs(OTHER_RUNS_KEPT, is_hot=False)

    assert runs_to_delete(runs, set(), NOW) == []
