"""Pages of lists: whose rows are on them, and what is read for one."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_app.actions.listing import PageRequest, Place, Tenant
from retrace_app.actions.replays import ReplayFilter, list_replays
from retrace_core.tables import REPLAY_EVENTS, REPLAYS
from retrace_resources.lake import INLINED_ROWS, Lake

OURS = Tenant("proj_ours", "env_live")
OTHERS = (Tenant("proj_ours", "env_test"), Tenant("proj_theirs", "env_their_live"))
DAYS = [datetime.fromisoformat(f"2026-11-{day}T12:00") for day in (18, 19, 20)]
A_DAY = 2 * INLINED_ROWS


class ExplainedLake(Lake):
    """A lake that keeps what its queries say of each table they read."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.scans: list[dict[str, Any]] = []

    def query(self, sql: str, params: Any = None, **frames: pl.DataFrame) -> pl.DataFrame:
        plan = super().query(f"EXPLAIN (ANALYZE, FORMAT json) {sql}", params, **frames)
        self.scans += scans(json.loads(plan["explain_value"].item()))
        return super().query(sql, params, **frames)


def scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What a plan says of each table it reads."""
    told = plan.get("extra_info") or {}
    return [*([told] if "Table" in told else []), *(scan for child in plan["children"] for scan in scans(child))]


def sessions(tenant: Tenant, noon: datetime, number: int) -> list[dict[str, Any]]:
    return [
        {
            "project_id": tenant.project_id,
            "environment_id": tenant.environment_id,
            "day": noon.date(),
            "started_at": noon + timedelta(seconds=second // 2),
            # The same names in every tenant: only the tenant tells them apart.
            "session_id": f"s-{noon.day}-{second:03}",
            "replay_id": f"rpl_{noon.day}-{second:03}",
            "status": "closed" if second % 3 else "active",
        }
        for second in range(number)
    ]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExplainedLake]:
    """Three days of sessions in files of their own, a few more in the catalog; every other session saw /cart.

    A filter hands rows on by the hundred: with fewer a day, DuckDB would open the next file before it knows the page.
    """
    lake = ExplainedLake(tmp_path_factory.mktemp("home"))
    late = DAYS[-1] + timedelta(hours=1)
    commits = [(noon, A_DAY) for noon in DAYS] + [(late, 4)]
    for noon, number in commits:
        rows = [row for tenant in (OURS, *OTHERS) for row in sessions(tenant, noon, number)]
        if noon == late:
            rows = [
                {**row, "session_id": f"{row['session_id']}-late", "replay_id": "late" + row["replay_id"]}
                for row in rows
            ]
        events = [
            {
                **{name: row[name] for name in ("project_id", "environment_id", "day", "started_at", "session_id")},
                "url": url,
            }
            for number, row in enumerate(rows)
            # Of other tenants, those sessions saw it that ours did not.
            for url in ("/home", "/cart" if number % 2 == (row["project_id"] == OURS.project_id) else "/terms")
        ]
        with lake.transaction() as transaction:
            for table, found in ((REPLAYS, rows), (REPLAY_EVENTS, events)):
                frame = pl.DataFrame(found)
                schema = pl.Schema(table.arrow_schema)
                missing = [pl.lit(None, schema[name]).alias(name) for name in schema if name not in frame.columns]
                transaction.append(table, frame.with_columns(missing))
    yield lake
    lake.close()


def pages(lake: Lake, tenant: Tenant, chosen: ReplayFilter, limit: int) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    after: Place | None = None
    while True:
        page = list_replays(lake, tenant, chosen, PageRequest(after, limit))
        rows += page.rows
        after = page.end
        if after is None:
            return rows


@pytest.mark.parametrize(
    "chosen",
    [
        ReplayFilter(),
        ReplayFilter(status="active"),
        ReplayFilter(url="art"),
        ReplayFilter(url="/cart", status="closed", since=DAYS[1]),
        ReplayFilter(url="/cart", until=DAYS[1]),
    ],
    ids=["all", "status", "url", "url, status and since", "url and until"],
)
@pytest.mark.parametrize("tenant", [OURS, OTHERS[1]], ids=["ours", "theirs"])
def test_pages_hold_each_row_of_the_tenant_that_meets_the_filter_once(
    lake: ExplainedLake, tenant: Tenant, chosen: ReplayFilter
) -> None:
    expected = lake.query(
        "SELECT * FROM replays WHERE project_id = $project AND environment_id = $environment "
        "AND ($status IS NULL OR status = $status) AND ($since IS NULL OR started_at >= $since) "
        "AND ($until IS NULL OR started_at < $until) AND ($url IS NULL OR EXISTS (FROM replay_events AS event WHERE "
        "event.project_id = replays.project_id AND event.environment_id = replays.environment_id "
        "AND event.session_id = replays.session_id AND contains(event.url, $url))) "
        "ORDER BY started_at DESC, replay_id DESC",
        {
            "project": tenant.project_id,
            "environment": tenant.environment_id,
            "status": chosen.status,
            "since": chosen.since,
            "until": chosen.until,
            "url": chosen.url,
        },
    ).to_dicts()
    assert len(expected) > 30
    assert pages(lake, tenant, chosen, 30) == expected
    assert pages(lake, tenant, chosen, 500) == expected


def test_no_files_are_looked_for_by_the_tenant(lake: ExplainedLake) -> None:
    lake.scans.clear()
    list_replays(lake, OURS, ReplayFilter(status="closed"))
    [scan] = lake.scans
    assert "status=" in str(scan["Filters"])
    assert "project_id" not in str(scan["Filters"])


@pytest.mark.parametrize("chosen", [ReplayFilter(), ReplayFilter(url="/cart")], ids=["all", "url"])
def test_first_page_is_filled_from_the_newest_file(lake: ExplainedLake, chosen: ReplayFilter) -> None:
    lake.scans.clear()
    list_replays(lake, OURS, chosen, PageRequest(limit=50))
    [scan] = [scan for scan in lake.scans if scan["Table"] == REPLAYS.name]
    assert (scan["Total Files Read"], scan["Total Files Skipped"]) == ("1", "2")
