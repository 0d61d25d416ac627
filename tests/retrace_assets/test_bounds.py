"""Conditions that bound look-ups: they hold for every row that is wanted, and for few others."""

from datetime import date, datetime, timedelta

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.bounds import bounded

START = datetime(2026, 11, 23, 9, 0, 0, 123456)


def _sessions(*starts: datetime) -> pl.DataFrame:
    return pl.DataFrame({"day": [start.date() for start in starts], "started_at": starts}).cast(
        {"day": pl.Date, "started_at": pl.Datetime("us")}
    )


def _found(stored: pl.DataFrame, condition: str) -> pl.DataFrame:
    with duckdb.connect() as connection:
        connection.register("stored", stored.to_arrow())
        return pl.DataFrame(connection.execute(f"SELECT * FROM stored WHERE {condition} ORDER BY ALL").to_arrow_table())


@given(st.lists(st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1)), min_size=1, max_size=30))
def test_a_bound_holds_for_every_row_it_was_made_of(starts: list[datetime]) -> None:
    rows = _sessions(*starts)
    assert _found(rows, bounded(rows)).height == rows.height


def test_a_session_of_hours_ago_does_not_bring_in_what_began_since() -> None:
    stored = _sessions(*(START + timedelta(minutes=minutes) for minutes in range(200)))
    wanted = pl.concat([stored.head(1), stored.tail(3)])
    assert _found(stored, bounded(wanted)).equals(wanted)


def test_a_day_of_years_ago_does_not_bring_in_the_days_since() -> None:
    stored = pl.DataFrame({"day": [date(2020, 1, 1), date(2023, 1, 1), date(2026, 1, 1)]})
    wanted = stored.gather([0, 2])
    assert _found(stored, bounded(wanted)).equals(wanted)


def test_starts_close_together_are_bounded_as_one_span() -> None:
    assert "IN (TIMESTAMP" not in bounded(_sessions(START, START + timedelta(minutes=9)))


def test_no_rows_bound_nothing_at_all_in() -> None:
    assert bounded(_sessions()) == "false"


def test_columns_are_named_after_the_table_when_there_are_several() -> None:
    assert bounded(_sessions(START), "event").count("event.") == 2


def test_rows_without_days_and_starts_do_not_bound() -> None:
    assert bounded(pl.DataFrame({"key": ["a"]})) == "true"
