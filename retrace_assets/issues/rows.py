"""The rows of `issues` for some groups of bugs: reads what the fold needs and puts its parts together.

Belongs here: which part goes where. Does not: the queries (reading), the fold (fold) or which bugs (update).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from retrace_assets.issues.evidence import issue_evidence
from retrace_assets.issues.fold import ROOT, Story, issue_row, totals
from retrace_assets.issues.lifecycle import standing
from retrace_assets.issues.merges import bug_of, leaving
from retrace_assets.issues.reading import read_daily, read_examples, read_session_signals, read_walks
from retrace_assets.issues.steps import typed_steps
from retrace_assets.versions import Bug
from retrace_core.ids import issue_id
from retrace_resources.lake import Transaction
from retrace_resources.state import Decision

_Row = dict[str, Any]


def issue_rows(
    transaction: Transaction,
    clusters: pl.DataFrame,
    groups: Mapping[Bug, Sequence[Bug]],
    decisions: Iterable[Decision],
    previous: Mapping[str, _Row],
) -> list[_Row]:
    """Fold the clusters of some groups, with `root`, into rows of `issues`; a group without clusters gives none."""
    if clusters.is_empty():
        return []
    sums = totals(clusters, read_daily(transaction, clusters))
    stories = _stories(transaction, clusters, sums, previous)
    decided: dict[Bug, list[Decision]] = defaultdict(list)
    for decision in decisions:
        # A split says nothing of the bug that stays.
        for bug in leaving(decision) if decision.kind == "split" else [bug_of(decision)]:
            decided[bug].append(decision)
    rows = []
    for total in sums.iter_rows(named=True):
        root = _root(total)
        state = standing(total["sessions"], total["last_at"], decided[root])
        rows.append(issue_row(total, groups[root], state, stories[root]))
    return rows


def _stories(
    transaction: Transaction, clusters: pl.DataFrame, sums: pl.DataFrame, previous: Mapping[str, _Row]
) -> dict[Bug, Story]:
    sessions = read_session_signals(transaction, sums)
    representatives = sessions.join(sums.select(*ROOT, "signal_id"), on=[*ROOT, "signal_id"], how="semi")
    walks = _by(read_walks(transaction, representatives), "signal_id")
    examples = _by(read_examples(transaction, clusters), *ROOT)
    session_signals = _by(sessions, *ROOT)
    found = {_root(row): row for row in representatives.iter_rows(named=True)}
    stories: dict[Bug, Story] = {}
    for total in sums.iter_rows(named=True):
        root = _root(total)
        before = previous.get(issue_id(*root), {})
        representative = found.get(root)
        if representative is None:
            # Its signals have changed since its clusters were counted, which will be counted again.
            stories[root] = Story(before.get("evidence", "{}"), before.get("steps", "[]"))
            continue
        evidence = issue_evidence(representative, examples.get(root, []), session_signals[root])
        walk = walks.get((representative["signal_id"],), [])
        stories[root] = Story(json.dumps(evidence, ensure_ascii=False), _steps(walk, representative, before))
    return stories


def _steps(walk: Iterable[_Row], representative: _Row, before: Mapping[str, Any]) -> str:
    # Events are kept for fewer days than what was found in them.
    if not walk and before.get("signal_id") == representative["signal_id"]:
        return str(before["steps"])
    expected = json.loads(representative["evidence"])["expected"]
    return json.dumps(typed_steps(walk, {**representative, "expected": expected}), ensure_ascii=False)


def _by(rows: pl.DataFrame, *columns: str) -> dict[tuple[Any, ...], list[_Row]]:
    parts = rows.partition_by(list(columns), as_dict=True, maintain_order=True)
    return {key: part.to_dicts() for key, part in parts.items()}


def _root(row: Mapping[str, Any]) -> Bug:
    return Bug(row["project_id"], row["environment_id"], row["root"])
