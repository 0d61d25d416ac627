"""One try at a fix, act by act: red before, an agent's patch, the gate, a commit, green after, a draft pull request.

Belongs here: the order of the acts, and what each failure comes to. Does not: what is refused (gate, judging), what
people read of it (naming, body), doing any of it (retrace_resources), the row that is left (update).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from retrace_assets.culprits.reading import culprits_of
from retrace_assets.fix_prompts.prompt import Form
from retrace_assets.fix_prompts.update import prompt_path_of
from retrace_assets.fix_prs.body import Proof, request_body
from retrace_assets.fix_prs.gate import policy_of, refusals
from retrace_assets.fix_prs.judging import Checks, judge, red_on
from retrace_assets.fix_prs.naming import branch_name, commit_message, request_title, spec_path
from retrace_assets.fix_prs.refusal import Refusal
from retrace_assets.fix_prs.validation import inferred_validation
from retrace_assets.llm_calls.update import keeping
from retrace_assets.specs.playwright_file import playwright_file
from retrace_assets.test_runs.proving import issue_certificate
from retrace_assets.test_runs.update import keep_run, run_spec, runs_of, testable
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.spec_file import spec_hash
from retrace_core.test_run import TestRun
from retrace_resources.agents import Agent, find_agent, run_agent
from retrace_resources.builds import Builds
from retrace_resources.code_host.pull_request import CodeHost, Proposal, PullRequest
from retrace_resources.fix_branch import INCIDENT_TRAILER, Base, Published, base_of, commit_fix, publish, worktree
from retrace_resources.fixer import Fixer
from retrace_resources.lake import Lake
from retrace_resources.llm import call_of
from retrace_resources.model_usage import Usage
from retrace_resources.repository import Repository
from retrace_resources.spec_files import ui_specs
from retrace_resources.state import ConnectedRepository, StateStore
from retrace_resources.tester import Asked, Tester
from retrace_resources.work_copy import changes_of, paths_of

Outcome = Literal["opened", "updated", "branch_ready", "refused", "agent_failed", "no_patch"]

# A regression after a merged fix gets a branch of its own; nobody merges a tenth fix of one bug.
_MOST_BRANCHES: Final = 9
# Other tests that a patch is held to, those that ran last first.
_MOST_OTHERS: Final = 20

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is at hand for a try; `known` is the pull request of an earlier one, `agent` None for the test alone."""

    lake: Lake
    state: StateStore
    fixer: Fixer
    tester: Tester
    incident: Row
    spec: Spec
    repository: ConnectedRepository
    git: Repository
    base: Base
    branch: str
    host: CodeHost | None
    known: PullRequest | None
    agent: Agent | None
    prompt_path: Path

    def builds(self) -> Builds:
        """What the repository's commits make."""
        return self.fixer.builds(self.repository, self.git, self.spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a try came to; `reason` is a code of the gate or of the agent, `detail` the same in a sentence."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    patch: bytes = b""
    files: tuple[str, ...] = ()
    red: Sequence[TestRun] = ()
    green: Sequence[TestRun] = ()
    published: Published | None = None
    request: PullRequest | None = None


def begin(lake: Lake, state: StateStore, fixer: Fixer, tester: Tester, incident: Row) -> Attempt:
    """Look whether everything a fix needs is there, before anything runs.

    Raises `not_red` for a test that nobody saw red, `pull_request_closed`, `invalid_transition` for a merged fix,
    `repository_not_found`, `repository_unusable`, `agent_not_found`, `code_host_refused`, `app_not_started` without a
    command that starts the app, and `not_testable` or `spec_not_found`.
    """
    spec = testable(lake, ui_specs(fixer.home), incident)
    _must_be_red(lake, fixer, incident, spec)
    agent = find_agent(fixer.agent)
    if agent is not None and not fixer.start_command_of(spec):
        raise RetraceError(
            ErrorCode.APP_NOT_STARTED,
            "no command starts the app, so no patch can be judged",
            hint="--start-cmd 'npm start', or `tester.start_command`; {port} stands for its port",
        )
    repository = fixer.repository_of(state)
    git = Repository(repository.path)
    base = base_of(git, fixer.base or repository.base, repository.remote)
    host = fixer.code_host(repository, git) if fixer.opens_request else None
    branch, known = _branch(incident, host)
    return Attempt(
        lake=lake,
        state=state,
        fixer=fixer,
        tester=tester,
        incident=incident,
        spec=spec,
        repository=repository,
        git=git,
        base=base,
        branch=branch,
        host=host,
        known=known,
        agent=agent,
        prompt_path=prompt_path_of(lake, incident, _form(agent)),
    )


def carry_out(attempt: Attempt) -> Tried:
    """Try once. Raises `sandbox_unavailable`, `app_not_started`, `code_host_refused` and what git refuses."""
    with_test = _with_test(attempt)
    if attempt.agent is None and with_test == attempt.base.commit:
        return Tried(outcome="no_patch", reason="no_patch", detail="the repository has the test already")
    if attempt.agent is None:
        return _published(attempt, Tried(outcome="branch_ready"), with_test)
    attempt.fixer.on_step("Running the test on the base")
    checks = _checks(attempt)
    before = red_on(attempt.builds(), _Runner(attempt), checks, attempt.base.commit)
    if before.refusal:
        return _refused(Tried(outcome="refused", red=before.red), before.refusal)
    attempt.fixer.on_step(f"{attempt.agent.name} works on a copy")
    tried = replace(_patched(attempt, attempt.agent, with_test), red=before.red)
    return _admitted(attempt, tried, with_test, checks) if tried.patch and tried.outcome != "agent_failed" else tried


def _patched(attempt: Attempt, agent: Agent, with_test: str) -> Tried:
    """Let the agent work beside the red test, and take from it nothing but a patch."""
    fixer = attempt.fixer
    done = run_agent(
        agent,
        attempt.prompt_path.read_text("utf-8"),
        git_dir=attempt.git.git_dir,
        commit=with_test,
        log=fixer.home / "logs" / f"agent-{attempt.incident['incident_id'].lower()}.log",
        sandbox=fixer.block.sandbox,
        checkout=attempt.repository.path,
        llm=fixer.llm,
        is_confined=fixer.is_confined,
        on_usage=_noting(attempt),
    )
    if done.reason != "ended" or done.exit_code:
        reason = done.reason if done.reason != "ended" else "agent_failed"
        return Tried(outcome="agent_failed", reason=reason, detail=done.detail, patch=done.patch)
    if not done.patch:
        return Tried(outcome="no_patch", reason="no_patch", detail=f"{agent.name} changed nothing")
    return Tried(outcome="refused", patch=done.patch)


def _noting(attempt: Attempt) -> Callable[[Usage], None]:
    """Note what the agent's model took: the agent has no key, so each of its calls is seen."""
    incident = attempt.incident
    keep = keeping(attempt.lake, (incident["project_id"], incident["environment_id"]), incident["incident_id"])
    return lambda usage: keep(call_of(usage, attempt.fixer.llm.provider))


def _admitted(attempt: Attempt, tried: Tried, with_test: str, checks: Checks) -> Tried:
    """Put a patch through the gate: what is read from it first, then what running it shows."""
    attempt.fixer.on_step("Judging the patch")
    git_dir, base = attempt.git.git_dir, attempt.base.commit
    changes = changes_of(git_dir, with_test, tried.patch)
    tried = replace(tried, files=tuple(change.path for change in changes))
    if found := refusals(changes, policy_of(attempt.fixer.block), paths_of(git_dir, with_test)):
        return _refused(tried, found[0], more=len(found) - 1)
    head = _commit(attempt, tried.patch)
    attempt.fixer.on_step("Running the tests on the patched app")
    # A project has many other tests, and starting a browser takes as long as a short one.
    with attempt.tester.keeping_browser() as tester:
        judged = judge(attempt.builds(), _Runner(replace(attempt, tester=tester)), checks, base, head)
    if judged.refusal:
        return _refused(tried, judged.refusal)
    return _published(attempt, replace(tried, green=judged.green), head)


def _refused(tried: Tried, refusal: Refusal, *, more: int = 0) -> Tried:
    detail = f"{refusal.path}: {refusal.why}" if refusal.path else refusal.why
    return replace(
        tried,
        outcome="refused",
        reason=refusal.code.value,
        detail=f"{detail} (and {more} more)" if more else detail,
    )


def _published(attempt: Attempt, tried: Tried, head: str) -> Tried:
    """Push a commit that was admitted, and open or update its pull request."""
    attempt.fixer.on_step("Opening the draft pull request" if attempt.host else "Leaving a branch")
    remote = attempt.repository.remote if attempt.fixer.opens_request else ""
    published = publish(attempt.git, head, attempt.branch, remote)
    tried = replace(tried, outcome="branch_ready", published=published)
    if attempt.host is None or not published.pushed:
        return tried
    proposal = Proposal(
        title=request_title(attempt.incident),
        body=request_body(attempt.incident, _proof(attempt, tried, head), culprits_of(attempt.lake, attempt.incident)),
        branch=attempt.branch,
        base=attempt.base.branch,
        draft=attempt.fixer.is_draft,
    )
    if attempt.known is None:
        return replace(tried, outcome="opened", request=attempt.host.open(proposal))
    return replace(tried, outcome="updated", request=attempt.host.update(attempt.known, proposal))


def _proof(attempt: Attempt, tried: Tried, head: str) -> Proof:
    digest = ""
    if tried.green:
        times = min(len(tried.red), len(tried.green))
        incident_id = attempt.incident["incident_id"]
        digest = issue_certificate(attempt.lake, attempt.fixer.home, attempt.spec, incident_id, times=times).sha256
    return Proof(
        test_path=spec_path(attempt.fixer.block.spec_folder, attempt.spec.spec_id),
        spec_sha256=spec_hash(attempt.spec),
        base=attempt.base.commit,
        head=head,
        red=len(tried.red),
        green=len(tried.green),
        agent=attempt.agent.name if attempt.agent else "none",
        certificate_sha256=digest,
    )


def _with_test(attempt: Attempt) -> str:
    """A commit that has the test: the base itself, once a fix was merged and did not last."""
    files = _test_files(attempt)
    there = dict(attempt.git.read(attempt.base.commit, files))
    return attempt.base.commit if there == files else _commit(attempt, b"")


def _commit(attempt: Attempt, patch: bytes) -> str:
    with worktree(attempt.git, attempt.base.commit) as folder:
        return commit_fix(
            folder,
            patch,
            _test_files(attempt),
            commit_message(attempt.incident, has_patch=bool(patch)),
            {INCIDENT_TRAILER: attempt.incident["incident_id"]},
        )


def _test_files(attempt: Attempt) -> dict[str, bytes]:
    path = spec_path(attempt.fixer.block.spec_folder, attempt.spec.spec_id)
    return {path: playwright_file(attempt.spec).encode()}


def _checks(attempt: Attempt) -> Checks:
    command = attempt.fixer.validate_command
    if not command:
        paths = {file.path for file in attempt.git.files(attempt.base.commit)}
        command = inferred_validation(paths, dict(attempt.git.read(attempt.base.commit, ["package.json"])))
    return Checks(
        spec=attempt.spec,
        others=_other_specs(attempt),
        validate_command=command,
        is_inferred=not attempt.fixer.validate_command,
        times=attempt.fixer.times,
    )


def _other_specs(attempt: Attempt) -> list[Spec]:
    """The project's other tests that once came to a verdict, those that ran last first."""
    rows = attempt.lake.query(
        "SELECT spec_id FROM test_runs WHERE kind = 'ui' AND verdict != 'inconclusive' AND spec_id != ? "
        "AND project_id IN (?, '') GROUP BY spec_id ORDER BY max(started_at) DESC LIMIT ?",
        [attempt.spec.spec_id, attempt.incident["project_id"], _MOST_OTHERS],
    )
    files = ui_specs(attempt.fixer.home)
    return [spec for spec_id in rows["spec_id"] if (spec := files.find(spec_id)) is not None]


class _Runner:
    """Runs a test on a build that is served already; each run is kept, the incident's own also tells the queue."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __call__(self, spec: Spec, url: str, build: str, times: int) -> Sequence[TestRun]:
        attempt = self._attempt
        asked = Asked(times=times, app_url=url, build=build)
        runs: list[TestRun] = []
        tester = replace(attempt.tester, app_runs=True, on_run=runs.append)
        if spec.spec_id == attempt.spec.spec_id:
            run_spec(attempt.lake, attempt.state, tester, spec, asked, incident=attempt.incident)
            return runs
        tenant = attempt.incident["project_id"], attempt.incident["environment_id"]
        for run in tester.run(spec, asked):
            keep_run(attempt.lake, run, tenant, attempt.fixer.home)
        return runs


def _must_be_red(lake: Lake, fixer: Fixer, incident: Row, spec: Spec) -> None:
    """A report from a browser may be made up: only a red test lets an agent near it, or a person who says so."""
    if fixer.may_be_untested:
        return
    digest = spec_hash(spec)
    if not any(run["verdict"] == "reproduced" and run["spec_sha256"] == digest for run in runs_of(lake, spec.spec_id)):
        raise RetraceError(
            ErrorCode.NOT_RED,
            f"the test of {incident['incident_id']} was never red as it is now",
            hint=f"retrace qa reproduce {incident['incident_id']}, or --untested to go without",
        )


def _branch(incident: Row, host: CodeHost | None) -> tuple[str, PullRequest | None]:
    """The branch of the fix, and the pull request it has already."""
    first = branch_name(incident)
    names = [first, *(f"{first}-{number}" for number in range(2, _MOST_BRANCHES + 1))]
    for name in names:
        known = host.find(name) if host else None
        if known is None or known.state == "open":
            return name, known
        if known.state == "closed":
            raise RetraceError(
                ErrorCode.PULL_REQUEST_CLOSED,
                f"{known.url} was closed without a merge",
                hint="open it again, or delete its branch to begin anew",
            )
        if incident["status"] != "regressed":
            raise RetraceError(
                ErrorCode.INVALID_TRANSITION,
                f"the fix is merged already: {known.url}",
                hint=f"retrace repair verify {incident['incident_id']}",
            )
    raise RetraceError(ErrorCode.INVALID_TRANSITION, f"{len(names)} fixes of {first} were merged already")


def _form(agent: Agent | None) -> Form:
    return "claude" if agent is not None and agent.name == "claude" else "codex"
