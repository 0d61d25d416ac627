"""Clusters of many days come to one row, in words a person reads."""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from retrace_assets.issues.fold import MANY_USERS, summary, totals, withdrawn_row
from retrace_assets.versions import Bug
from retrace_core.ids import issue_id
from retrace_core.tables import CLUSTERS, ISSUES

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12)

Row = dict[str, Any]


def cluster(day: int = 0, fingerprint: str = "a", **more: Any) -> Row:
    """A cluster so many days after the first."""
    at = NOON + timedelta(days=day)
    row = {
        "project_id": "p",
        "environment_id": "e",
        "day": DAY + timedelta(days=day),
        "fingerprint": fingerprint,
        "fingerprint_version": 1,
        "detector": "console_error",
        "detectors": ["console_error"],
        "title": f"{fingerprint} on day {day}",
        "route": "/",
        "confidence": "medium",
        "severity": "medium",
        "signals": 1,
        "sessions": 1,
        "users": 1,
        "first_at": at,
        "last_at": at,
        "session_id": f"s{day}",
        "signal_id": f"{fingerprint}{day}",
        "started_at": at,
        "root": "a",
    }
    return row | more


def folded(*clusters: Row) -> Row:
    """What some clusters of the root `a` come to."""
    schema = pl.DataFrame(CLUSTERS.arrow_schema.empty_table()).schema
    schema["root"] = pl.String()
    frame = pl.DataFrame(list(clusters), schema=schema)
    daily = frame.group_by("project_id", "environment_id", "root", "day").agg(
        pl.col("sessions", "users").sum().cast(pl.Int64)
    )
    return totals(frame, daily).row(0, named=True)


def test_totals_add_up_days_and_keep_the_first_as_the_example() -> None:
    total = folded(
        cluster(2, signals=5, sessions=3, users=2, last_release="r9", first_release="r8"),
        cluster(0, signals=2, sessions=2, users=2, first_release="r1", last_release="r2"),
        cluster(1),
    )
    assert (total["signals"], total["sessions"], total["users"], total["days"]) == (8, 6, 5, 3)
    assert (total["signal_id"], total["session_id"], total["day"]) == ("a0", "s0", DAY)
    assert (total["first_at"], total["last_at"]) == (NOON, NOON + timedelta(days=2))
    assert (total["first_release"], total["last_release"]) == ("r1", "r9")
    assert total["title"] == "a on day 0"


def test_totals_take_the_words_of_the_bug_that_others_were_merged_into() -> None:
    total = folded(
        cluster(0, "b", severity="high", detector="rage_click", detectors=["rage_click"], confidence="high"),
        cluster(1, "a", confidence="low"),
    )
    assert (total["title"], total["detector"], total["signal_id"]) == ("a on day 1", "console_error", "a1")
    assert total["detectors"] == ["console_error", "rage_click"]
    assert (total["severity"], total["confidence"]) == ("high", "high")
    assert total["first_at"] == NOON


@pytest.mark.parametrize(
    ("users", "more", "severity"),
    [
        pytest.param(MANY_USERS, {}, "high", id="an exception many users met on one day"),
        pytest.param(MANY_USERS - 1, {}, "medium", id="one user fewer"),
        pytest.param(MANY_USERS, {"severity": "low"}, "low", id="a printed line"),
        pytest.param(MANY_USERS, {"detector": "rage_click"}, "medium", id="rage clicks"),
    ],
)
def test_severity_of_exceptions_goes_up_with_many_users(users: int, more: Row, severity: str) -> None:
    assert folded(cluster(0, users=users, **more))["severity"] == severity


def test_severity_does_not_go_up_because_one_user_came_back_every_day() -> None:
    assert folded(*(cluster(day) for day in range(MANY_USERS + 5)))["severity"] == "medium"


def test_summary_says_what_how_often_to_whom_and_when() -> None:
    total = folded(
        cluster(0, title="POST /api/orders answers 500 on /checkout", sessions=1_200, users=900, first_release="r1"),
        cluster(3, detectors=["console_error", "rage_click"], first_release="r2", last_release="r2"),
    )
    assert summary(total) == (
        "POST /api/orders answers 500 on /checkout. Seen in 1,201 sessions of 901 users on 2 days from 2026-11-23 to "
        "2026-11-26. Found by console_error; rage_click followed from it. Releases r1 to r2."
    )
    once = folded(cluster(0, title="Oops on /"))
    assert summary(once) == "Oops on /. Seen in 1 session of 1 user on 2026-11-23."


def test_summary_does_not_say_that_detectors_of_one_family_follow_from_each_other() -> None:
    total = folded(cluster(0, detector="dead_click", detectors=["console_error", "dead_click", "rage_click"]))
    assert "Found by dead_click and rage_click; console_error followed from it." in summary(total)
    alone = folded(cluster(0, detector="rage_click", detectors=["dead_click", "rage_click"]))
    assert "Found by rage_click and dead_click." in summary(alone)


def test_withdrawn_row_keeps_its_words_and_loses_its_counts() -> None:
    bug = Bug("p", "e", "a")
    before = {"title": "Oops on /", "route": "/", "detector": "x", "detectors": ["x"], "severity": "high"}
    row = withdrawn_row(bug, [bug], {**before, "confidence": "high", "sessions": 7})
    assert list(row) == list(ISSUES.column_names)
    assert (row["issue_id"], row["status"], row["title"], row["severity"]) == (
        issue_id(*bug),
        "withdrawn",
        "Oops on /",
        "high",
    )
    assert (row["sessions"], row["first_at"]) == (0, None)
    assert withdrawn_row(bug, [bug], None)["title"] == "No longer found"
