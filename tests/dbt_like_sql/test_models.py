"""The models we ship: that their headers are true, and what they answer on days that can be counted by hand."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from retrace_assets.models.lineage import column_lineage
from retrace_assets.models.model import FOLDER, Model, load_models
from retrace_assets.models.syntax import parse
from retrace_core.tables import TABLES

MODELS = {model.name: model for model in load_models()}
TENANT = {"project_id": "p", "environment_id": "e"}
FIRST = date(2026, 11, 20)
NOON = datetime.fromisoformat("2026-11-20T12:00")

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table of the lake, empty, and the models over them as views."""
    with closing(duckdb.connect()) as connection:
        for table in TABLES.values():
            connection.execute(table.ddl)
        for model in MODELS.values():
            connection.execute(f"CREATE VIEW {model.name} AS {model.sql}")
        yield connection


def insert(tables: duckdb.DuckDBPyConnection, name: str, *rows: dict[str, Any]) -> None:
    """Add rows of one tenant; columns that are not named are null."""
    schema = pl.Schema(TABLES[name].arrow_schema)
    frame = pl.DataFrame([{column: (TENANT | row).get(column) for column in schema} for row in rows], schema=schema)
    tables.register("rows", frame.to_arrow())
    tables.execute(f"INSERT INTO {name} FROM rows")


def answer(tables: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Rows of a query by column."""
    cursor = tables.execute(sql)
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@every_model
def test_the_header_names_the_columns_of_the_select(model: Model, tables: duckdb.DuckDBPyConnection) -> None:
    described = tables.execute(f"DESCRIBE {model.sql}").fetchall()
    assert [name for name, *_ in described] == list(model.columns)


@every_model
def test_checks_and_lineage_can_be_asked(model: Model, tables: duckdb.DuckDBPyConnection) -> None:
    for check in model.checks:
        assert tables.execute(check.sql).fetchall() == []
    assert list(column_lineage(model, MODELS.values())) == list(model.columns)


@every_model
def test_a_person_finds_the_sentence_the_grain_and_an_owner(model: Model) -> None:
    assert model.description.endswith(".")
    assert model.grain.startswith("one row ")
    assert all(owner.startswith("team:") for owner in model.owners)
    assert all(text.endswith((".", "…")) or ":" in text for text in model.columns.values())


def test_every_file_of_the_folder_is_a_model_or_a_test() -> None:
    assert {path.stem for path in FOLDER.glob("*.sql")} == set(MODELS)
    tests = {path.stem.partition("__")[2] for path in (FOLDER / "tests").glob("*.sql")}
    assert tests <= {check.name for model in MODELS.values() for check in model.checks}


def test_the_questions_of_the_readme_can_be_asked(tables: duckdb.DuckDBPyConnection) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    questions = re.findall(r'retrace sql "(.+)"', readme) + re.findall(r"```sql\n(SELECT.+?)```", readme, re.DOTALL)

    assert len(questions) == 4
    for question in questions:
        tables.execute(parse(tables, question).sql)
    for file in re.findall(r"--file dbt_like_sql/(\S+)", readme):
        assert (FOLDER / file).exists()


def session(day: date, name: str) -> dict[str, Any]:
    """A row of `replays`: a session, received until noon of its day."""
    until = datetime.combine(day, NOON.time())
    return {"day": day, "session_id": name, "started_at": until, "received_last_at": until}


def signal(day: date, of: str, fingerprint: str = "f1", **more: Any) -> dict[str, Any]:
    """A row of `signals`."""
    return {"day": day, "session_id": of, "fingerprint": fingerprint, "detector": "rage_click"} | more


def issue(**more: Any) -> dict[str, Any]:
    """A row of `issues` with two fingerprints."""
    return {
        "issue_id": "bug_1",
        "fingerprints": ["f1", "f2"],
        "first_at": NOON,
        "last_at": NOON,
        "first_release": "1.0",
        "last_release": "1.2",
    } | more


def incident(**more: Any) -> dict[str, Any]:
    """A row of `incidents` of that issue."""
    return {
        "incident_id": "INC-1",
        "issue_ids": ["bug_1"],
        "status": "new",
        "severity": "high",
        "first_seen_at": NOON,
        "last_seen_at": NOON + timedelta(days=1),
        "affected_count": 99,
        "affected_users": 98,
    } | more


def test_incident_impact_counts_sessions_users_and_their_share_of_the_period(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    second, later = FIRST + timedelta(days=1), FIRST + timedelta(days=4)
    insert(tables, "replays", *(session(FIRST, f"a{n}") for n in range(3)), session(second, "b0"), session(later, "z"))
    insert(
        tables,
        "signals",
        signal(FIRST, "a0", distinct_id="ann"),
        signal(FIRST, "a0", "f2", distinct_id="ann", detector="dead_click"),
        signal(second, "b0"),
        signal(later, "z", "another"),
    )
    insert(tables, "issues", issue())
    insert(tables, "incidents", incident())

    [row] = answer(tables, "FROM incident_impact")

    assert (row["signals"], row["sessions"], row["users"]) == (3, 2, 2)
    assert (row["sessions_in_period"], row["session_share"]) == (4, 0.5)
    assert (row["days_seen"], row["days_open"]) == (2, 4.0)
    assert (row["first_release"], row["last_release"]) == ("1.0", "1.2")
    assert row["detectors"] == ["dead_click", "rage_click"]


@pytest.mark.parametrize(
    ("status", "resolved_at", "days_open"),
    [
        ("resolved", NOON + timedelta(hours=12), 0.5),
        ("verified", NOON + timedelta(hours=12), 0.5),
        ("regressed", NOON + timedelta(hours=12), 4.0),
        ("new", None, 4.0),
    ],
)
def test_incident_impact_is_open_until_resolved_or_until_the_latest_data(
    tables: duckdb.DuckDBPyConnection, status: str, resolved_at: datetime | None, days_open: float
) -> None:
    insert(tables, "replays", session(FIRST + timedelta(days=4), "z"))
    insert(tables, "issues", issue(resolved_at=resolved_at))
    insert(tables, "incidents", incident(status=status))

    assert answer(tables, "SELECT days_open FROM incident_impact") == [{"days_open": days_open}]


def test_incident_impact_believes_the_source_of_an_incident_without_signals(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    insert(tables, "incidents", incident(issue_ids=[], first_seen_at=NOON, last_seen_at=NOON))

    [row] = answer(tables, "FROM incident_impact")

    assert (row["sessions"], row["users"], row["signals"], row["detectors"]) == (99, 98, 0, [])
    assert (row["session_share"], row["first_release"], row["days_open"]) == (None, None, 0.0)


def event(of: str, kind: str, route: str | None = "/item/:id", **more: Any) -> dict[str, Any]:
    """A row of `replay_events`."""
    return {"day": FIRST, "session_id": of, "kind": kind, "route": route} | more


def test_friction_by_route_counts_what_happened_on_each_page(tables: duckdb.DuckDBPyConnection) -> None:
    insert(
        tables,
        "replay_events",
        *(event("a", "click") for _ in range(3)),
        event("b", "click"),
        event("b", "network", status=200),
        event("c", "network", status=503),
        event("c", "network", status=0),
        event("d", "console", level="warn"),
        event("d", "console", level="error"),
        event("d", "exception"),
        event("e", "meta", "/"),
        event("e", "mutation", None),
    )
    insert(
        tables,
        "signals",
        signal(FIRST, "a", route="/item/:id"),
        signal(FIRST, "a", route="/item/:id", detector="dead_click"),
        signal(FIRST, "a", route="/elsewhere"),
    )

    home, item = answer(tables, "FROM friction_by_route")

    assert (home["route"], home["sessions"], home["friction_share"]) == ("/", 1, 0.0)
    assert (item["route"], item["sessions"], item["clicks"]) == ("/item/:id", 4, 4)
    assert (item["errors"], item["requests"], item["failed_requests"]) == (2, 3, 2)
    assert (item["signals"], item["rage_clicks"]) == (2, 1)
    assert (item["friction_sessions"], item["friction_share"]) == (3, 0.75)


def test_ingest_lag_tells_how_long_batches_were_on_their_way(tables: duckdb.DuckDBPyConnection) -> None:
    hour = NOON.replace(minute=0)
    insert(
        tables,
        "replay_batches",
        *(
            {
                "session_id": f"s{number % 5}",
                "received_at": hour + timedelta(minutes=1),
                "sent_at": hour + timedelta(minutes=1) - timedelta(milliseconds=number * 10),
                "last_at": hour + timedelta(minutes=1) - timedelta(seconds=number),
                "event_count": 2,
                "raw_bytes": 100,
            }
            for number in range(101)
        ),
        {"session_id": "next", "received_at": hour + timedelta(hours=1), "event_count": 1, "raw_bytes": 5},
    )

    first, second = answer(tables, "FROM ingest_lag")

    assert first == TENANT | {
        "hour": hour,
        "batches": 101,
        "sessions": 5,
        "events": 202,
        "bytes": 10_100,
        "sent_to_received_p50_ms": 500,
        "sent_to_received_p95_ms": 950,
        "event_to_received_p50_ms": 50_000,
        "event_to_received_p95_ms": 95_000,
    }
    assert (second["hour"], second["batches"], second["sent_to_received_p50_ms"]) == (
        hour + timedelta(hours=1),
        1,
        None,
    )


def test_checks_of_files_find_what_they_say(tables: duckdb.DuckDBPyConnection) -> None:
    checks = {check.name: check for model in MODELS.values() for check in model.checks}
    insert(tables, "replays", session(FIRST, "kept"))
    insert(tables, "signals", signal(FIRST, "kept"), signal(FIRST, "pruned"))
    insert(tables, "issues", issue())
    insert(tables, "incidents", incident())
    insert(tables, "replay_batches", {"received_at": NOON, "sent_at": NOON + timedelta(hours=3), "raw_bytes": 1})

    assert len(answer(tables, checks["sessions_fit_the_period"].sql)) == 1
    assert len(answer(tables, checks["clocks_are_right"].sql)) == 1
