"""From a red test to a fix that is proven: ranking files, prompts, the agent's try, and what became of it.

Belongs here: what can be asked for, and what came of it. Does not: the acts themselves (retrace_assets.fix_prs,
verifications).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from retrace_app.actions.fix_loop import materialize
from retrace_app.actions.incidents import MOST_LISTED, Incident, list_incidents, show_incident
from retrace_app.actions.listing import Tenant
from retrace_app.actions.reproduce import How, Reproduced, reproduce
from retrace_assets.culprits.reading import culprits_of
from retrace_assets.fix_prs.update import fixes_of
from retrace_assets.specs.reading import read_incident
from retrace_assets.test_runs.certify import TIMES
from retrace_assets.verifications.update import verifications_of
from retrace_core.culprit import Culprit
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.fix_loop_tables import CULPRITS, FIX_PROMPTS, FIX_PRS, VERIFICATIONS
from retrace_resources.fixer import Fixer, fixer_of
from retrace_resources.lake import Lake
from retrace_resources.repository import Repository
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore
from retrace_resources.tester import tester_of

Said = Callable[[str], None]

PUBLISHED: Final = ("opened", "updated", "branch_ready")
"""What a try comes to that leaves a branch; anything else was refused or came to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixHow:
    """How a fix is made; what is empty is taken from the configuration."""

    repo: str = ""
    repo_path: Path | None = None
    base: str = ""
    agent: str = ""
    validate_command: str = ""
    start_command: str = ""
    is_confined: bool = True
    may_be_untested: bool = False
    opens_request: bool = True
    is_draft: bool = True
    times: int = 0
    out: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """The files that may hold an incident's bug, and the prompts that name them."""

    incident_id: str
    repo: str
    candidate_files: list[Culprit]
    prompts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What a try came to; the names are the original's, beside what it had no words for."""

    incident_id: str
    fix_id: str
    repo: str
    branch: str
    prompt_path: str
    pr_url: str
    applied: bool
    agent: str
    candidate_files: list[str]
    status: str
    reason: str
    error: str
    patch_path: str
    files: list[str]
    red: int
    green: int
    seconds: float

    @property
    def is_published(self) -> bool:
        """Whether it left a branch."""
        return self.status in PUBLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """What `qa auto` did; `fix` is None when the bug was not seen."""

    incident: str
    repro: Reproduced
    fix: Fixed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a look at a fix came to."""

    verification_id: str
    incident_id: str
    fix_id: str
    outcome: str
    reason: str
    detail: str
    pr_state: str
    commit_sha: str
    status: str
    runs: int
    certificate_sha256: str


def suggest(settings: Settings, incident_id: str, how: FixHow, tenant: Tenant | None = None) -> Suggested:
    """Rank the files of a repository for an incident and write its prompts; with a tenant, only one of theirs.

    Raises `incident_not_found`, `repository_not_found`, `repository_unusable`.
    """
    incident = _incident(settings, incident_id, tenant)
    fixer = _fixer(settings, how)
    _materialize(settings, incident, fixer, CULPRITS, FIX_PROMPTS)
    return _suggested(settings, incident)


def fix(settings: Settings, incident_id: str, how: FixHow, on_step: Said = lambda _: None) -> Fixed:
    """Rank, prompt, let an agent try, judge its patch, and open or update a draft pull request.

    Raises `not_red`, `repository_not_found`, `repository_unusable`, `agent_not_found`, `sandbox_unavailable`,
    `pull_request_closed`, `code_host_refused`, `app_not_started`. A patch that was refused is no error.
    """
    incident = _incident(settings, incident_id)
    fixer = replace(_fixer(settings, how), on_step=on_step)
    on_step("Ranking the files")
    _materialize(settings, incident, fixer, CULPRITS, FIX_PROMPTS, FIX_PRS)
    return _fixed(settings, incident)


def auto(
    settings: Settings,
    how: FixHow,
    run_how: How,
    *,
    incident_id: str = "",
    tenant: Tenant | None = None,
    on_step: Said = lambda _: None,
    on_chosen: Said = lambda _: None,
) -> Automatic:
    """Take the most urgent open incident, or the one named: reproduce it, and fix it when it is red.

    Raises `incident_not_found` for an empty queue, and what `reproduce` and `fix` do.
    """
    # What a fix needs is looked for before a browser starts.
    _check_repository(settings, how)
    chosen = _incident(settings, incident_id, tenant)["incident_id"] if incident_id else _most_urgent(settings, tenant)
    on_chosen(chosen)
    on_step("Reproducing it")
    repro = reproduce(settings, chosen, run_how)
    if repro.verdict != "reproduced":
        return Automatic(incident=chosen, repro=repro, fix=None)
    return Automatic(incident=chosen, repro=repro, fix=fix(settings, chosen, how, on_step))


def verify_fix(settings: Settings, incident_id: str, how: FixHow, *, times: int = TIMES, app_url: str = "") -> Verified:
    """Follow an incident's pull request; once it is merged, or a person resolved it, test what is there.

    Raises `incident_not_found`, `not_testable`, `spec_not_found`, `repository_unusable`, `code_host_refused`.
    """
    incident = _incident(settings, incident_id)
    config = {VERIFICATIONS.name: {"times": times, "app_url": app_url}}
    materialize(
        settings, incident, [VERIFICATIONS], resources=_resources(settings, _fixer(settings, how)), config=config
    )
    return _verified(settings, incident)


def list_fixes(settings: Settings, incident_id: str = "", *, limit: int = 25) -> list[dict[str, Any]]:
    """Tries at fixes, the latest first, of one incident or of all."""
    with Lake(settings.home) as lake:
        if incident_id:
            return fixes_of(lake, read_incident(lake, show_incident(lake, incident_id).public_id))[:limit]
        query = f"SELECT {', '.join(FIX_PRS.column_names)} FROM fix_prs ORDER BY started_at DESC, fix_id DESC LIMIT ?"
        return list(lake.query(query, [limit]).iter_rows(named=True))


def show_fix(settings: Settings, reference: str) -> dict[str, Any]:
    """A try by its id, or the latest of an incident, with its patch. Raises `fix_not_found`."""
    with Lake(settings.home) as lake:
        query = f"SELECT {', '.join(FIX_PRS.column_names)} FROM fix_prs WHERE fix_id = ?"
        found = list(lake.query(query, [reference]).iter_rows(named=True))
    if not found and not reference.startswith("fix_"):
        found = list_fixes(settings, reference, limit=1)
    if not found:
        raise RetraceError(ErrorCode.FIX_NOT_FOUND, f"nothing is known as {reference!r}", hint="retrace repair list")
    path = settings.home / found[0]["patch_path"] if found[0]["patch_path"] else None
    patch = path.read_text("utf-8", "replace") if path and path.is_file() else ""
    return {**found[0], "patch": patch}


def _check_repository(settings: Settings, how: FixHow) -> None:
    with StateStore.open(settings.home) as state:
        Repository(_fixer(settings, how).repository_of(state).path)


def _most_urgent(settings: Settings, tenant: Tenant | None) -> str:
    """The open incident whose turn it is; those of one turn in the order of the queue."""
    with Lake(settings.home) as lake:
        listed = list_incidents(lake, ["open"], MOST_LISTED)
    found = sorted(
        (each for each in listed if tenant in (None, Tenant(each.project_id, each.environment_id))), key=_turn
    )
    if not found:
        raise RetraceError(ErrorCode.INCIDENT_NOT_FOUND, "no incident is open", hint="retrace qa list")
    return found[0].public_id


def _turn(incident: Incident) -> int:
    """New work first, then what was seen red and has no fix, then what waits for people (original.md §5.3)."""
    if incident.fix_status in ("fix_proposed", "pr_open", "merged"):
        return 2
    return 1 if incident.repro_status in ("confirmed", "not_confirmed") else 0


def _incident(settings: Settings, reference: str, tenant: Tenant | None = None) -> Mapping[str, Any]:
    """The row of an incident, also by a try at its fix."""
    name = show_fix(settings, reference)["incident_id"] if reference.startswith("fix_") else reference
    with Lake(settings.home) as lake:
        return read_incident(lake, show_incident(lake, name, tenant).public_id)


def _fixer(settings: Settings, how: FixHow) -> Fixer:
    own = fixer_of(settings)
    return replace(
        own,
        prompts=how.out.absolute() if how.out else own.prompts,
        repository=how.repo or own.repository,
        repository_path=how.repo_path,
        base=how.base,
        agent=how.agent or own.agent,
        start_command=how.start_command or own.start_command,
        validate_command=how.validate_command or own.validate_command,
        is_confined=how.is_confined,
        may_be_untested=how.may_be_untested,
        opens_request=how.opens_request,
        is_draft=how.is_draft,
        times=how.times or own.times,
    )


def _materialize(settings: Settings, incident: Mapping[str, Any], fixer: Fixer, *tables: Any) -> None:
    materialize(settings, incident, tables, resources=_resources(settings, fixer))


def _resources(settings: Settings, fixer: Fixer) -> dict[str, object]:
    return {"fixer": fixer, "tester": tester_of(settings)}


def _suggested(settings: Settings, incident: Mapping[str, Any]) -> Suggested:
    with Lake(settings.home) as lake:
        prompts = lake.query(
            "SELECT repo, path FROM fix_prompts WHERE project_id = ? AND environment_id = ? AND incident_id = ? "
            "ORDER BY form",
            _tenant(incident),
        )
        files = list(culprits_of(lake, incident))
    return Suggested(
        incident_id=incident["incident_id"],
        repo=prompts["repo"][0] if prompts.height else "",
        candidate_files=files,
        prompts=prompts["path"].to_list(),
    )


def _fixed(settings: Settings, incident: Mapping[str, Any]) -> Fixed:
    suggested = _suggested(settings, incident)
    with Lake(settings.home) as lake:
        row = fixes_of(lake, incident)[0]
        prompt_path = read_incident(lake, incident["incident_id"])["fix_prompt_path"]
    published = row["outcome"] in PUBLISHED
    return Fixed(
        incident_id=row["incident_id"],
        fix_id=row["fix_id"],
        repo=row["repo"],
        branch=row["branch"],
        prompt_path=prompt_path or "",
        pr_url=row["pr_url"],
        applied=published and bool(row["files"]),
        agent=row["agent"],
        candidate_files=[culprit.path for culprit in suggested.candidate_files],
        status=row["outcome"],
        reason=row["reason"],
        error="" if published else row["detail"],
        patch_path=row["patch_path"],
        files=list(row["files"]),
        red=len(row["red_run_ids"]),
        green=len(row["green_run_ids"]),
        seconds=row["duration_ms"] / 1000,
    )


def _verified(settings: Settings, incident: Mapping[str, Any]) -> Verified:
    with Lake(settings.home) as lake:
        row = verifications_of(lake, incident)[0]
        status = read_incident(lake, incident["incident_id"])["status"]
    same = ("verification_id", "incident_id", "fix_id", "outcome", "reason", "detail", "pr_state", "commit_sha")
    return Verified(
        **{name: row[name] for name in same},
        status=status,
        runs=len(row["run_ids"]),
        certificate_sha256=row["certificate_sha256"],
    )


def _tenant(incident: Mapping[str, Any]) -> list[Any]:
    return [incident["project_id"], incident["environment_id"], incident["incident_id"]]
