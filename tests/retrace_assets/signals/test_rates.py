"""Whether a detector finds what it used to find."""

from datetime import date, timedelta

import polars as pl
import pytest

from retrace_assets.signals.rates import ENOUGH_SESSIONS, compare_rates

DAY = date(2026, 3, 10)


def judged(before: list[int], found: int, *, sessions: int = 100) -> dict[str, object]:
    """The judgement of a detector that found so much on the days before, and today."""
    days = [DAY - timedelta(days=len(before) - number) for number in range(len(before) + 1)]
    counts = pl.DataFrame({"detector": ["d"] * len(days), "day": days, "signals": [*before, found]})
    visits = pl.DataFrame({"day": days, "sessions": [sessions] * len(days)})
    (row,) = compare_rates(counts, visits, DAY).to_dicts()
    return row


def test_a_day_like_the_others_is_usual() -> None:
    assert judged([10, 12, 9, 11], 13) == {
        "detector": "d",
        "sessions": 100,
        "found": 13,
        "expected": pytest.approx(10.5),
        "unusual": False,
    }


@pytest.mark.parametrize("found", [0, 200])
def test_a_detector_that_went_deaf_or_cries_wolf_is_unusual(found: int) -> None:
    assert judged([30, 28, 33], found)["unusual"] is True


def test_few_signals_more_are_chance_however_many_times_as_many() -> None:
    assert judged([1, 0, 1], 4)["unusual"] is False


def test_more_visits_explain_more_signals() -> None:
    days = [DAY - timedelta(days=number) for number in range(4)]
    counts = pl.DataFrame({"detector": ["d"] * 4, "day": days, "signals": [400, 40, 40, 40]})
    visits = pl.DataFrame({"day": days, "sessions": [1000, 100, 100, 100]})

    assert compare_rates(counts, visits, DAY)["unusual"].to_list() == [False]


@pytest.mark.parametrize(("days", "sessions"), [(2, 100), (3, (ENOUGH_SESSIONS - 1) // 3)])
def test_too_short_a_history_says_nothing(days: int, sessions: int) -> None:
    row = judged([30] * days, 0, sessions=sessions)

    assert (row["expected"], row["unusual"]) == (None, False)


def test_a_day_without_visits_expects_nothing() -> None:
    days = [DAY - timedelta(days=number) for number in range(1, 5)]
    counts = pl.DataFrame({"detector": ["d"] * 4, "day": days, "signals": [40] * 4})
    visits = pl.DataFrame({"day": days, "sessions": [100] * 4})

    assert compare_rates(counts, visits, DAY).to_dicts() == [
        {"detector": "d", "sessions": 0, "found": 0, "expected": 0.0, "unusual": False}
    ]


def test_no_history_at_all_is_no_row() -> None:
    counts = pl.DataFrame(schema={"detector": pl.String, "day": pl.Date, "signals": pl.Int64})
    visits = pl.DataFrame(schema={"day": pl.Date, "sessions": pl.Int64})

    assert compare_rates(counts, visits, DAY).is_empty()
