"""The data folder: what cannot be opened is named, what is too open is closed, and how long the disk lasts."""

import stat
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from retrace_app.actions.doctor.finding import Status
from retrace_app.actions.doctor.home import bytes_a_day, forecast
from retrace_core.tables import REPLAYS
from retrace_resources.lake import INLINED_ROWS, Lake
from tests.retrace_app.actions.doctor.examined import findings


def test_home_that_is_a_file_is_named_and_the_rest_is_still_looked_at(folder: Path) -> None:
    (folder / "data").write_text("not a folder")

    found = findings(fix=True)

    assert found["home"].status == "fail"
    assert found["recorder"].status == "ok"


def test_state_store_that_is_no_database_is_named(installed: Path) -> None:
    (installed / "retrace.db").write_bytes(b"not a database, but long enough to look at" * 100)

    found = findings(fix=True)

    assert found["state store"].status == "fail"
    assert "not a database" in found["state store"].found


def test_secrets_that_others_can_read_are_closed(installed: Path, folder: Path) -> None:
    (folder / ".env").chmod(0o644)
    assert findings()["privacy"].status == "warn"
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o644

    finding = findings(fix=True)["privacy"]

    assert (finding.status, finding.repaired) == ("ok", "closed .env to others")
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("free", "grown", "status", "days"),
    [
        (0, 0, "ok", 0),
        (30_000, 1_000, "ok", 30),
        (29_999, 1_000, "warn", 29),
        (2_000, 1_000, "warn", 2),
        (1_999, 1_000, "fail", 1),
        (0, 1, "fail", 0),
    ],
)
def test_disk_is_judged_by_the_days_it_lasts(free: int, grown: int, status: Status, days: int) -> None:
    assert forecast(free, grown) == (status, days)


def test_growth_is_the_mean_of_the_last_week_from_its_first_day_with_data(home: Path) -> None:
    def write(path: str, size: int) -> None:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(bytes(size))

    today = date(2026, 3, 10)
    assert bytes_a_day(home, today) == 0

    write("lake/data/main/replay_events/day=2026-03-07/a.parquet", 3_000)
    write("lake/data/main/signals/day=2026-03-09/b.parquet", 500)
    write("lake/data/main/replay_events/day=2026-03-01/old.parquet", 99_000)
    write("landing/replay/1.arrow", 500)

    assert bytes_a_day(home, today) == 1_000


def test_growth_is_read_from_the_files_a_lake_writes(home: Path) -> None:
    today = date(2026, 3, 10)
    schema = pl.Schema(REPLAYS.arrow_schema)
    row = {**dict.fromkeys(schema), "project_id": "p", "environment_id": "e", "day": today}
    with Lake(home) as lake, lake.transaction() as transaction:
        transaction.append(REPLAYS, pl.DataFrame([row] * (2 * INLINED_ROWS), schema=schema))

    written = sum(path.stat().st_size for path in (home / "lake").rglob("*.parquet"))

    assert written > 0
    assert bytes_a_day(home, today) == written
