"""Building models: what lands in the lake, what is replaced, and what one that fails stops."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from retrace_assets.models.model import Model, load_models
from retrace_assets.models.run import Built, NotBuilt, build_model, build_models
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import ISSUES
from retrace_resources.lake import Lake

HEADER = """\
-- description: Issues, counted.
-- grain: one row a status
-- owners: team:analysts
-- column: status: Where they stand.
-- column: issues: How many.
-- test: unique(status)
-- test: accepted(status: new, resolved)
"""
COUNTED = HEADER + "SELECT status, count(*) AS issues FROM issues GROUP BY status ORDER BY status"


def models_of(folder: Path, **files: str) -> tuple[Model, ...]:
    """Models written to a folder and read back."""
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return load_models(folder)


def issues(**statuses: str) -> pl.DataFrame:
    """Rows of `issues` by id and status."""
    schema = pl.Schema(ISSUES.arrow_schema)
    rows = [{"issue_id": name, "status": status, "fingerprints": []} for name, status in statuses.items()]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three issues."""
    home = tmp_path_factory.mktemp("template")
    with Lake(home) as lake, lake.transaction() as tx:
        tx.append(ISSUES, issues(a="new", b="new", c="resolved"))
    return home


@pytest.fixture
def lake(template: Path, tmp_path: Path) -> Iterator[Lake]:
    """A lake of the test's own."""
    with Lake(Path(shutil.copytree(template, tmp_path / "home"))) as lake:
        yield lake


def test_a_model_becomes_a_table_of_its_name_and_its_checks_are_counted(lake: Lake, tmp_path: Path) -> None:
    [model] = models_of(tmp_path, counted=COUNTED)

    built = build_model(lake, model)

    assert lake.query("FROM counted ORDER BY status").rows() == [("new", 2), ("resolved", 1)]
    assert built.columns == {"status": "VARCHAR", "issues": "BIGINT"}
    assert built.rows.rows() == [("new", 2), ("resolved", 1)]
    assert built.broken == {"unique_status": 0, "accepted_status": 0}
    assert built.is_sound
    assert built.commit_no == lake.snapshot_id()


def test_building_again_replaces_the_rows_and_makes_no_new_table(lake: Lake, tmp_path: Path) -> None:
    [model] = models_of(tmp_path, counted=COUNTED)
    table = "SELECT table_id FROM ducklake_table_info('lake') WHERE table_name = 'counted'"
    build_model(lake, model)
    made = lake.query(table).item()
    with lake.transaction() as tx:
        tx.append(ISSUES, issues(d="resolved"))

    build_model(lake, model)

    assert lake.query("FROM counted ORDER BY status").rows() == [("new", 2), ("resolved", 2)]
    assert lake.query(table).item() == made


def test_a_model_whose_columns_have_changed_gets_them(lake: Lake, tmp_path: Path) -> None:
    [model] = models_of(tmp_path, counted=COUNTED)
    build_model(lake, model)

    [changed] = models_of(tmp_path, counted=COUNTED.replace("count(*) AS", "count(*)::DOUBLE AS"))
    build_model(lake, changed)

    assert lake.query("FROM counted ORDER BY status").rows() == [("new", 2.0), ("resolved", 1.0)]
    assert build_model(lake, changed).columns["issues"] == "DOUBLE"


def test_a_header_that_does_not_name_the_columns_is_refused_and_nothing_is_written(lake: Lake, tmp_path: Path) -> None:
    [model] = models_of(tmp_path, counted=COUNTED.replace("AS issues", "AS number"))

    with pytest.raises(RetraceError, match="number") as refused:
        build_model(lake, model)

    assert refused.value.code is ErrorCode.MODEL_INVALID
    assert lake.query("SELECT * FROM duckdb_tables() WHERE table_name = 'counted'").is_empty()


def test_rows_that_break_a_check_are_counted_and_the_model_is_not_sound(lake: Lake, tmp_path: Path) -> None:
    [model] = models_of(tmp_path, counted=COUNTED.replace("new, resolved", "resolved"))

    built = build_model(lake, model)

    assert built.broken["accepted_status"] == 1
    assert not built.is_sound
    assert replace(built, model=replace(model, checks=model.checks[:1])).is_sound


def test_what_fails_stops_only_those_that_read_it(lake: Lake, tmp_path: Path) -> None:
    again = HEADER + "SELECT status, issues FROM {}"
    models = models_of(
        tmp_path,
        breaks=COUNTED.replace("FROM issues", "FROM issues WHERE issue_id::INT > 0"),
        misspelt=COUNTED.replace("FROM issues", "FROM issues WHERE staus = 'new'"),
        after_breaks=again.format("breaks"),
        after_after=again.format("after_breaks"),
        counted=COUNTED,
        unsound=COUNTED.replace("new, resolved", "resolved"),
        after_unsound=again.format("unsound"),
    )

    results = {result.model.name: result for result in build_models(lake, models)}

    assert {name for name, result in results.items() if isinstance(result, Built)} == {"counted", "unsound"}
    why = {name: result.why for name, result in results.items() if isinstance(result, NotBuilt)}
    assert set(why) == {"breaks", "after_breaks", "after_after", "misspelt", "after_unsound"}
    assert "after_breaks" in why["after_after"]
    assert 'column "staus" not found' in why["misspelt"]


def test_what_a_failure_says_quotes_no_row(lake: Lake, tmp_path: Path) -> None:
    with lake.transaction() as tx:
        tx.append(ISSUES, issues(**{"text of a page": "new"}))
    [model] = models_of(tmp_path, breaks=COUNTED.replace("FROM issues", "FROM issues WHERE issue_id::INT > 0"))

    [failed] = build_models(lake, [model])

    assert isinstance(failed, NotBuilt)
    assert failed.why == "ConversionException; `retrace sql --file dbt_like_sql/breaks.sql` shows the value"
