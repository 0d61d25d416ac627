"""Suggesting fixes: prompts for coding agents, of an incident or of each finding in a report.

Belongs here: which report, which finding stands for an incident, and where its prompts go. Does not: an incident's
prompts (actions.fix), reading a report (retrace_assets.fix_prompts.findings). Nothing is written but the prompts of
what was asked for: other findings, and what is known of them, stay as they are.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from retrace_app.actions.fix import Suggested
from retrace_assets.culprits.clues import clues_of_text
from retrace_assets.culprits.ranking import rank
from retrace_assets.culprits.stored_index import index_of
from retrace_assets.fix_prompts.facts import facts_of_finding
from retrace_assets.fix_prompts.findings import Finding, findings_of
from retrace_assets.fix_prompts.prompt import what_is_refused
from retrace_assets.fix_prompts.update import write_prompts
from retrace_core.culprit import Culprit
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.fixer import fixer_of
from retrace_resources.repository import Repository
from retrace_resources.settings import Settings
from retrace_resources.settings_schema import Fix
from retrace_resources.state import StateStore

MOST_BYTES: Final = 2_000_000
"""Bytes of a report that is read."""

_SUFFIXES: Final = frozenset({".md", ".json"})
_SLUG_CHARS: Final = 48


class Ranking(NamedTuple):
    """The likeliest files of a repository at a commit."""

    repo: str
    commit_sha: str
    culprits: Sequence[Culprit]


Suggest = Callable[[str], Suggested]
"""Makes the prompts of an incident; raises `incident_not_found` or `issue_not_found`."""

Rank = Callable[[str], Ranking]
"""Ranks files by a text alone."""


def latest_report(output_dir: Path) -> Path:
    """The report that was written last; raises `report_not_found`."""
    found = [path for path in output_dir.glob("*") if path.suffix in _SUFFIXES and path.is_file()]
    if not found:
        hint = "retrace run, retrace digest, or --replay-issue INC-…"
        raise RetraceError(ErrorCode.REPORT_NOT_FOUND, f"there is no report in {output_dir}", hint=hint)
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def rank_by_text(settings: Settings, repo: str, repo_path: Path | None) -> Rank:
    """Rank the files of the repository fixes go to; raises `repository_not_found`, `repository_unusable`."""
    own = fixer_of(settings)
    with StateStore.open(settings.home) as state:
        connected = replace(own, repository=repo or own.repository, repository_path=repo_path).repository_of(state)
    repository = Repository(connected.path)
    commit = repository.commit_of(connected.base or "HEAD")
    index, _ = index_of(settings.home, repository, commit)

    def ranked(text: str) -> Ranking:
        found = rank(index, clues_of_text(text), lambda paths: repository.read(commit, paths))
        return Ranking(connected.name, commit, found)

    return ranked


def suggest_for_report(report: Path, folder: Path, fix: Fix, *, suggest: Suggest, rank_text: Rank) -> list[Suggested]:
    """Make the prompts of each finding; one that names an incident there is gets that incident's.

    Raises `report_not_found`, and what `rank_text` and `suggest` do.
    """
    return [
        _of_incident(finding, suggest)
        or _of_text(finding, _name(report, number, finding), folder, fix, rank_text(_text(finding)))
        for number, finding in enumerate(findings_of(_read(report)), start=1)
    ]


def _of_incident(finding: Finding, suggest: Suggest) -> Suggested | None:
    if not finding.incident:
        return None
    try:
        return suggest(finding.incident)
    except RetraceError as error:
        if error.code not in (ErrorCode.INCIDENT_NOT_FOUND, ErrorCode.ISSUE_NOT_FOUND):
            raise
        return None


def _of_text(finding: Finding, name: str, folder: Path, fix: Fix, ranking: Ranking) -> Suggested:
    facts = facts_of_finding(
        name,
        (finding.title, *finding.lines),
        ranking.culprits,
        repo=ranking.repo,
        commit_sha=ranking.commit_sha,
        refused=what_is_refused(fix),
    )
    paths = write_prompts(facts, folder, name)
    return Suggested(
        incident_id=name,
        repo=ranking.repo,
        candidate_files=list(ranking.culprits),
        prompts=[str(path) for suffix, path in sorted(paths.items()) if suffix.endswith(".md")],
    )


def _read(report: Path) -> str:
    try:
        with report.open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise RetraceError(ErrorCode.REPORT_NOT_FOUND, f"{report}: {error.strerror}") from None


def _text(finding: Finding) -> str:
    return "\n".join((finding.title, *finding.lines))


def _name(report: Path, number: int, finding: Finding) -> str:
    """`<report>-<number>-<title>`: the same finding of the same report has the same files."""
    return "-".join(filter(None, (_slug(report.stem), f"{number:02}", _slug(finding.title))))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_SLUG_CHARS].strip("-")
