"""Pull requests through GitHub's own program, `gh`, as the person who is signed in to it.

Belongs here: the commands, and what is read from what they print. Does not: pushing (fix_branch), or a token of ours
(github). Reference: https://cli.github.com/manual/gh_pr.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from retrace_core.errors import RetraceError
from retrace_resources.code_host.github import NO_DRAFTS
from retrace_resources.code_host.pull_request import Proposal, PullRequest, State
from retrace_resources.code_host.refusals import refused, said

# It asks GitHub a few times over: a slow network takes ten seconds.
_SECONDS: Final = 60.0
_FIELDS: Final = "number,url,state,headRefOid,mergeCommit"
# `--head` knows no owners, so that forks have to be left out here; whoever opens more than these is noticed.
_LISTED: Final = "100"
_STATES: Final[Mapping[str, State]] = {"OPEN": "open", "CLOSED": "closed", "MERGED": "merged"}
_URL = re.compile(r"https?://\S+/pull/(?P<number>\d+)")
_DRAFTS = re.compile(r"draft pull requests are not supported", re.IGNORECASE)
_EXISTS = re.compile(r"pull request for branch .* already exists|pull request already exists", re.IGNORECASE)
_SIGNED_OUT = re.compile(r"gh auth login|GH_TOKEN|HTTP 401", re.IGNORECASE)

# It must neither ask, nor page, colour or explain itself: what it prints is read by us.
_QUIET: Final = {
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GH_NO_EXTENSION_UPDATE_NOTIFIER": "1",
    "GH_PAGER": "cat",
    "GH_SPINNER_DISABLED": "1",
    "NO_COLOR": "1",
}
_LOUD: Final = frozenset({"GH_FORCE_TTY", "GH_DEBUG", "CLICOLOR_FORCE", "DEBUG"})


class Gh:
    """The pull requests of `owner/name` on a host `gh` is signed in to; `environment` is what it is started with."""

    name = "gh"

    def __init__(self, repository: str, *, environment: Mapping[str, str], host: str = "github.com") -> None:
        """Start nothing yet."""
        self._host = host
        # With its host: otherwise GH_HOST would decide where an owner/name is.
        self._repository = f"{host}/{repository}"
        self._environment = {name: value for name, value in environment.items() if name not in _LOUD} | _QUIET

    def usable(self) -> bool:
        """Whether the program is there and signed in to the host."""
        try:
            return self._program() != "" and self._run("auth", "status", "--hostname", self._host).returncode == 0
        except RetraceError:
            return False

    def find(self, branch: str) -> PullRequest | None:
        """The latest pull request of a branch of this repository, whatever its state; never one of a fork."""
        listed = self._read(
            *("pr", "list", "--repo", self._repository, "--head", branch, "--state", "all"),
            *("--json", f"{_FIELDS},isCrossRepository", "--limit", _LISTED),
        )
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self._strange("gh pr list")
        ours = (each for each in listed if not each.get("isCrossRepository"))
        return next((self._pull_request(each) for each in ours), None)

    def open(self, proposal: Proposal) -> PullRequest:
        """Open one; where one is open already it is updated."""
        done = self._create(proposal, *(("--draft",) if proposal.draft else ()))
        note = ""
        if proposal.draft and done.returncode and _DRAFTS.search(done.stderr):
            done, note = self._create(proposal), NO_DRAFTS
        if done.returncode and not _EXISTS.search(done.stderr):
            raise self._refusal("gh pr create", done)
        created = list(_URL.finditer(done.stdout))
        if done.returncode == 0 and created:
            return self._view(created[-1]["number"], note)
        found = self.find(proposal.branch)
        if found is None:
            raise self._refusal("gh pr create", done)
        return self.update(found, proposal) if done.returncode else found

    def update(self, pull_request: PullRequest, proposal: Proposal) -> PullRequest:
        """Say the title and body anew. Draft or ready, open or closed stay as people left them."""
        number = str(pull_request.number)
        done = self._run(
            *("pr", "edit", number, "--repo", self._repository, "--title", proposal.title, "--body-file", "-"),
            stdin=proposal.body,
        )
        if done.returncode:
            raise self._refusal("gh pr edit", done)
        return self._view(number)

    def _create(self, proposal: Proposal, *draft: str) -> "subprocess.CompletedProcess[str]":
        return self._run(
            *("pr", "create", "--repo", self._repository, *draft, "--title", proposal.title, "--body-file", "-"),
            *("--base", proposal.base, "--head", proposal.branch),
            stdin=proposal.body,
        )

    def _view(self, number: str, note: str = "") -> PullRequest:
        return self._pull_request(self._read("pr", "view", number, "--repo", self._repository, "--json", _FIELDS), note)

    def _pull_request(self, described: object, note: str = "") -> PullRequest:
        try:
            found = cast(Mapping[str, Any], described)
            merge_sha = str((found["mergeCommit"] or {}).get("oid", ""))
            state = _STATES[found["state"]]
            return PullRequest(
                str(found["url"]), int(found["number"]), state, str(found["headRefOid"]), merge_sha, note
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._strange("gh pr") from None

    def _read(self, *arguments: str) -> object:
        done = self._run(*arguments)
        if done.returncode:
            raise self._refusal(f"gh {arguments[0]} {arguments[1]}", done)
        try:
            return msgspec.json.decode(done.stdout)
        except msgspec.DecodeError:
            raise self._strange(f"gh {arguments[0]} {arguments[1]}") from None

    def _program(self) -> str:
        return shutil.which("gh", path=self._environment.get("PATH", "")) or ""

    def _run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        command = f"gh {arguments[0]} {arguments[1]}"
        try:
            return subprocess.run(
                [self._program() or "gh", *arguments],
                input=stdin,
                env=self._environment,
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise refused(f"{command} took longer than {_SECONDS:.0f} s", "look at the network") from None
        except OSError as error:
            raise refused(f"{command}: {error.strerror}", "install gh, or set GITHUB_TOKEN") from None

    def _refusal(self, command: str, done: "subprocess.CompletedProcess[str]") -> RetraceError:
        message = done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}"
        hint = f"see what it finds: gh pr list --repo {self._repository} --state all"
        if _SIGNED_OUT.search(message):
            hint = f"sign in: gh auth login --hostname {self._host}"
        return refused(f"{command}: {said(message)}", hint)

    def _strange(self, command: str) -> RetraceError:
        return refused(f"{command} printed what no version of it that is known does", "update gh")
