"""What a materialisation shows."""

from datetime import date, timedelta

import polars as pl

from retrace_assets.metadata import PREVIEW_ROWS, UI, named_days, preview, report_metadata
from retrace_assets.report import StageReport

FIRST = date(2026, 3, 10)


def days(count: int) -> frozenset[date]:
    """So many days in a row."""
    return frozenset(FIRST + timedelta(days=number) for number in range(count))


def test_a_report_of_nothing_says_so() -> None:
    assert report_metadata(StageReport("replays"), snapshot=7) == {
        "status": "nothing to do",
        "rows in": 0,
        "rows out": 0,
        "seconds": 0.0,
        "snapshot": 7,
    }


def test_notes_of_a_report_are_told_in_words() -> None:
    report = StageReport("intake", 3, 2, days(1), 0.12345, {"raw_bytes": 10})

    told = report_metadata(report, snapshot=7, rows_out=1)

    assert told == {
        "status": "updated",
        "rows in": 3,
        "rows out": 1,
        "seconds": 0.123,
        "days": "2026-03-10",
        "snapshot": 7,
        "raw bytes": 10,
    }


def test_many_days_are_told_by_the_first_and_the_last() -> None:
    assert named_days(days(2)) == "2026-03-10, 2026-03-11"
    assert named_days(days(365)) == "365 days from 2026-03-10 to 2027-03-09"


def test_a_preview_is_a_short_table_with_links_into_the_ui() -> None:
    rows = pl.DataFrame({"incident_id": [f"INC-{number}" for number in range(9)], "sessions": [1] * 9})

    table = preview(rows, {"incident_id": "incidents"}).md_str

    assert table.splitlines()[0] == "| incident_id | sessions |"
    assert table.splitlines()[2] == f"| [INC-0]({UI}/incidents/INC-0) | 1 |"
    assert len(table.splitlines()) == 2 + PREVIEW_ROWS
