"""Fix prompts: the files of an incident's prompt, and the rows of `fix_prompts`.

Belongs here: what is read of the lake for a prompt, where its files lie. Does not: choosing and labelling facts
(facts), the wording (prompt). Nothing of it is ever committed to the repository: it lies with the reports.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from retrace_assets.culprits.reading import culprits_of
from retrace_assets.fix_prompts.facts import Facts, facts_of
from retrace_assets.fix_prompts.prompt import CODE_VERSION, FORMS, Form, render, render_json, what_is_refused
from retrace_assets.follow import replace_changed
from retrace_assets.report import StageReport
from retrace_assets.specs.reading import read_incident
from retrace_assets.specs.update import spec_id_of
from retrace_assets.test_runs.update import runs_of
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import FIX_PROMPTS
from retrace_core.spec import Spec
from retrace_core.spec_file import spec_hash
from retrace_resources.lake import Lake
from retrace_resources.settings_schema import Fix
from retrace_resources.spec_files import SpecFiles
from retrace_resources.whole_file import write_whole

STAGE: Final = "fix_prompts"

_PARTITION: Final = ("project_id", "environment_id", "incident_id")
_SCHEMA: Final = pl.DataFrame(FIX_PROMPTS.arrow_schema.empty_table()).schema

Row = Mapping[str, Any]


def rebuild(lake: Lake, specs: SpecFiles[Spec], folder: Path, incident_id: str, fix: Fix) -> StageReport:
    """Write an incident's prompts to a folder anew, and their rows; raises `incident_not_found`."""
    started = time.monotonic()
    facts, incident = read_facts(lake, specs, incident_id, fix)
    paths = write_prompts(facts, folder, facts.incident_id.lower())
    rows = [_row(incident, facts, form, paths[f"{form}.md"]) for form in FORMS]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    with lake.transaction() as transaction:
        changed = replace_changed(transaction, FIX_PROMPTS, frame.select(_PARTITION).unique(), frame)
    notes = {"changed": changed.height, "files_named": len(facts.files), "texts": len(facts.evidence)}
    return StageReport(STAGE, rows_in=1, rows_out=frame.height, seconds=time.monotonic() - started, notes=notes)


def read_facts(lake: Lake, specs: SpecFiles[Spec], incident_id: str, fix: Fix) -> tuple[Facts, Row]:
    """What a prompt may say of an incident as it is now, and its row; raises `incident_not_found`."""
    incident = read_incident(lake, incident_id)
    spec = specs.find(spec_id_of(incident["incident_id"]))
    repo, commit_sha = _ranked(lake, incident)
    facts = facts_of(
        incident,
        spec,
        culprits_of(lake, incident),
        _runs(lake, spec),
        repo=repo,
        commit_sha=commit_sha,
        refused=what_is_refused(fix),
    )
    return facts, incident


def prompt_path_of(lake: Lake, incident: Row, form: Form) -> Path:
    """Where an incident's prompt for an agent lies; raises `fix_not_found` where none was written."""
    found = lake.query(
        "SELECT path FROM fix_prompts WHERE project_id = ? AND environment_id = ? AND incident_id = ? AND form = ?",
        [*(incident[name] for name in _PARTITION), form],
    )
    if found.is_empty():
        name = incident["incident_id"]
        hint = f"retrace suggest-fixes --replay-issue {name} --repo NAME"
        raise RetraceError(ErrorCode.FIX_NOT_FOUND, f"{name} has no prompt yet", hint=hint)
    return Path(found["path"][0])


def write_prompts(facts: Facts, folder: Path, stem: str) -> dict[str, Path]:
    """Write the prompt in every form; returns the paths by what follows the stem. Raises `file_unwritable`."""
    contents = {f"{form}.md": render(facts, form).encode() for form in FORMS} | {"json": render_json(facts)}
    paths = {suffix: folder / f"{stem}.{suffix}" for suffix in contents}
    for suffix, content in contents.items():
        write_whole(paths[suffix], content)
    return paths


def _ranked(lake: Lake, incident: Row) -> tuple[str, str]:
    """The repository and commit whose files were ranked; empty where none were."""
    found = lake.query(
        "SELECT repo, commit_sha FROM culprits WHERE project_id = ? AND environment_id = ? AND incident_id = ? LIMIT 1",
        [incident[name] for name in _PARTITION],
    )
    return (found["repo"][0], found["commit_sha"][0]) if found.height else ("", "")


def _runs(lake: Lake, spec: Spec | None) -> Sequence[Row]:
    """Runs of the test as it is, the latest first: those of an older version prove nothing of it."""
    if spec is None:
        return []
    digest = spec_hash(spec)
    return [run for run in runs_of(lake, spec.spec_id) if run["spec_sha256"] == digest]


def _row(incident: Row, facts: Facts, form: str, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        **{name: incident[name] for name in _PARTITION},
        "form": form,
        "repo": facts.repo,
        "commit_sha": facts.commit_sha,
        "spec_id": facts.spec_id,
        "path": str(path),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "code_version": CODE_VERSION,
    }
