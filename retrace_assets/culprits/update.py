"""Culprits: each incident asked for gets the files that may hold its bug, ranked on one commit of the repository.

Belongs here: what is read for a ranking, and the rows of `culprits`. Does not: ranking (ranking), the clues' columns
(gathering), or which repository it is (retrace_resources.fixer).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.gathering import clues_of_incident
from retrace_assets.culprits.ranking import rank
from retrace_assets.culprits.rerank import rerank_prompt, reranked
from retrace_assets.culprits.source_index import CODE_VERSION
from retrace_assets.culprits.stored_index import index_of
from retrace_assets.follow import replace_changed
from retrace_assets.report import StageReport
from retrace_assets.specs.reading import read_incident
from retrace_assets.specs.update import spec_id_of
from retrace_core.culprit import Culprit
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import CULPRITS
from retrace_core.tables import ISSUES, SIGNALS
from retrace_resources.lake import Lake
from retrace_resources.repository import Repository
from retrace_resources.spec_files import ui_specs

STAGE: Final = "culprits"

# A bug that many people met left the same clues with all of them.
_SIGNALS: Final = 5
_INCIDENT: Final = ("project_id", "environment_id", "incident_id")
_SCHEMA = pl.DataFrame(CULPRITS.arrow_schema.empty_table()).schema

_Row = Mapping[str, Any]
Ask = Callable[[str], str]
"""Asks a model; raises `model_unavailable`."""


def rebuild(  # noqa: PLR0917 - which incident, on which commit of what
    lake: Lake,
    home: Path,
    repository_name: str,
    repository_path: Path,
    ref: str,
    incident_id: str,
    *,
    ask: Ask | None = None,
) -> StageReport:
    """Rank the files of a repository at `ref` (empty: what is checked out) for an incident.

    A model that is given as `ask` may order them anew; without an answer the order stays. Raises `incident_not_found`
    and `repository_unusable`.
    """
    started = time.monotonic()
    incident = read_incident(lake, incident_id)
    repository = Repository(repository_path)
    commit = repository.commit_of(ref or "HEAD")
    index, is_new = index_of(home, repository, commit)
    spec = ui_specs(home).find(spec_id_of(incident["incident_id"]))
    clues = clues_of_incident(incident, _signals(lake, incident), spec)
    ranked = rank(index, clues, lambda paths: repository.read(commit, paths))
    ordered = _asked(ask, clues, ranked) if ask and ranked else None
    base = {name: incident[name] for name in _INCIDENT} | {"repo": repository_name, "commit_sha": commit}
    frame = _frame(base, ordered or ranked, reranked=ordered is not None)
    with lake.transaction() as transaction:
        keys = pl.DataFrame([{name: base[name] for name in _INCIDENT}], schema={n: _SCHEMA[n] for n in _INCIDENT})
        changed = replace_changed(transaction, CULPRITS, keys, frame)
    notes: dict[str, int | float | str] = {"files": len(index.paths), "commit": commit[:10], "indexed": int(is_new)}
    notes["changed"] = changed.height
    return StageReport(STAGE, rows_in=1, rows_out=frame.height, seconds=time.monotonic() - started, notes=notes)


def _asked(ask: Ask, clues: Clues, ranked: Sequence[Culprit]) -> tuple[Culprit, ...] | None:
    try:
        return reranked(ranked, ask(rerank_prompt(clues, ranked)))
    except RetraceError as error:
        if error.code is not ErrorCode.MODEL_UNAVAILABLE:
            raise
        return None


def _frame(base: _Row, culprits: Sequence[Culprit], *, reranked: bool) -> pl.DataFrame:
    rows = [
        {
            **base,
            "rank": culprit.rank,
            "path": culprit.path,
            "line": culprit.line,
            "score": culprit.score,
            "reasons": list(culprit.reasons),
            "owners": list(culprit.owners),
            "reranked": reranked,
            "code_version": CODE_VERSION,
        }
        for culprit in culprits
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _signals(lake: Lake, incident: _Row) -> list[dict[str, Any]]:
    """The signals of an incident, its issues' representatives first; evidence is decoded."""
    tenant = [incident["project_id"], incident["environment_id"]]
    issues = lake.query(
        f"SELECT signal_id, evidence FROM {ISSUES.name} WHERE project_id = ? AND environment_id = ? "
        "AND list_contains(?, issue_id) ORDER BY list_position(?, issue_id)",
        [*tenant, incident["issue_ids"], incident["issue_ids"]],
    )
    examples = [name for text in issues["evidence"] for name in json.loads(text).get("signal_ids", ())]
    wanted = list(dict.fromkeys([*issues["signal_id"].to_list(), *examples]))[:_SIGNALS]
    rows = lake.query(
        f"SELECT {', '.join(SIGNALS.column_names)} FROM signals WHERE project_id = ? AND environment_id = ? "
        "AND list_contains(?, signal_id) ORDER BY list_position(?, signal_id)",
        [*tenant, wanted, wanted],
    )
    return [{**row, "evidence": json.loads(row["evidence"])} for row in rows.iter_rows(named=True)]
