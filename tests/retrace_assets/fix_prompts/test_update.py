"""The files of an incident's prompt, and their rows."""

import hashlib
import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_assets.fix_prompts.update import prompt_path_of, rebuild
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import CULPRITS, TEST_RUNS
from retrace_core.spec_file import spec_hash
from retrace_core.table import Table
from retrace_core.tables import INCIDENTS
from retrace_resources.lake import Lake
from retrace_resources.settings_schema import Fix
from retrace_resources.spec_files import ui_specs
from tests.retrace_assets.fix_prompts.rows import INCIDENT, SPEC, incident, run


def put(lake: Lake, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows; what is not said of them is null."""
    schema = pl.DataFrame(table.arrow_schema.empty_table()).schema
    full = [{name: row.get(name) for name in table.column_names} for row in rows]
    with lake.transaction() as transaction:
        transaction.append(table, pl.DataFrame(full, schema=schema, orient="row"))


def tested(home: Path, lake: Lake) -> None:
    """An incident with its test, red once, and two files."""
    put(lake, INCIDENTS, [incident()])
    tenant = {"project_id": "p", "environment_id": "e", "incident_id": INCIDENT}
    named = {**tenant, "repo": "org/shop", "commit_sha": "4f2c1d", "owners": [], "reasons": ["it is in the stack"]}
    put(lake, CULPRITS, [{**named, "rank": n, "path": f"src/{n}.js", "score": 9.0 - n} for n in (2, 1)])
    ran = {**tenant, **run(), "run_id": "r1", "spec_id": SPEC.spec_id, "spec_sha256": spec_hash(SPEC)}
    put(lake, TEST_RUNS, [ran, {**ran, "run_id": "r0", "spec_sha256": "of an older test"}])
    ui_specs(home).write(SPEC)


@pytest.fixture
def folder(home: Path, lake: Lake) -> Path:
    """Where the prompts lie once they were written."""
    tested(home, lake)
    rebuild(lake, ui_specs(home), home / "prompts", INCIDENT, Fix())
    return home / "prompts"


def test_an_incident_gets_a_prompt_for_each_agent_and_one_for_programs(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "inc-2a3b4c.claude.md",
        "inc-2a3b4c.codex.md",
        "inc-2a3b4c.json",
    ]
    said = (folder / "inc-2a3b4c.codex.md").read_text()
    assert said.index("1. src/1.js") < said.index("2. src/2.js")
    assert "red once on 4f2c1d" in said
    assert json.loads((folder / "inc-2a3b4c.json").read_text())["repo"] == "org/shop"


def test_what_people_sent_is_for_the_eyes_of_whoever_runs_retrace(folder: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_each_prompt_has_a_row_that_names_its_file(folder: Path, lake: Lake) -> None:
    rows = lake.query("SELECT * FROM fix_prompts ORDER BY form").to_dicts()
    assert [row["form"] for row in rows] == ["claude", "codex"]
    for row in rows:
        content = Path(row["path"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert (row["repo"], row["commit_sha"], row["spec_id"]) == ("org/shop", "4f2c1d", "inc-2a3b4c-ui")
        assert prompt_path_of(lake, incident(), row["form"]) == Path(row["path"])
    assert {Path(row["path"]).parent for row in rows} == {folder}


@pytest.mark.usefixtures("folder")
def test_writing_them_again_changes_nothing(home: Path, lake: Lake) -> None:
    before = lake.snapshot_id()
    report = rebuild(lake, ui_specs(home), home / "prompts", INCIDENT, Fix())
    assert report.notes["changed"] == 0
    assert lake.query("SELECT count(*) AS rows FROM fix_prompts")["rows"][0] == 2
    assert lake.snapshot_id() == before


def test_an_incident_without_test_and_files_gets_them_too(home: Path, lake: Lake) -> None:
    put(lake, INCIDENTS, [incident()])
    report = rebuild(lake, ui_specs(home), home / "prompts", INCIDENT, Fix())
    assert (report.rows_out, report.notes["files_named"]) == (2, 0)


def test_what_is_not_there_is_refused(home: Path, lake: Lake) -> None:
    with pytest.raises(RetraceError) as refused:
        rebuild(lake, ui_specs(home), home / "prompts", "INC-NOSUCH", Fix())
    assert refused.value.code is ErrorCode.INCIDENT_NOT_FOUND
    with pytest.raises(RetraceError) as refused:
        prompt_path_of(lake, incident(), "codex")
    assert refused.value.code is ErrorCode.FIX_NOT_FOUND
    assert INCIDENT in refused.value.hint
