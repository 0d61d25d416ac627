"""Pull requests of a remote that is a folder on this machine: records of ours beside what the remote says itself.

Belongs here: the records, and telling a merge from the commits of the remote. Does not: pushing (fix_branch). What was
squashed or rebased by hand is another commit, and is not seen as a merge.
"""

from pathlib import Path
from typing import Literal

import msgspec

from retrace_resources.code_host.pull_request import Proposal, PullRequest, State
from retrace_resources.code_host.refusals import refused
from retrace_resources.git_command import run_git
from retrace_resources.whole_file import write_whole

_READABLE = 0o644


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a pull request; whether it was merged is asked of the remote."""

    title: str
    body: str
    branch: str
    base: str
    draft: bool
    state: Literal["open", "closed"]
    head_sha: str


class BareRemote:
    """The pull requests of a repository in a folder; `records` holds them, a JSON file and a page for people each."""

    name = "local"

    def __init__(self, path: Path, records: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._records = records

    def find(self, branch: str) -> PullRequest | None:
        """The pull request of a branch: merged, closed by a person, or open."""
        record = self._read(branch)
        return None if record is None else self._pull_request(record)

    def open(self, proposal: Proposal) -> PullRequest:
        """Open one in place of an earlier one; where one is open already it is updated."""
        found = self.find(proposal.branch)
        if found is not None and found.state == "open":
            return self.update(found, proposal)
        head = self._head(proposal.branch)
        if not head:
            raise refused(f"{self._path} has no branch {proposal.branch}", "push it first")
        if not self._head(proposal.base):
            raise refused(f"{self._path} has no branch {proposal.base}", "name another base")
        if self._holds(proposal.base, head):
            raise refused(f"{proposal.branch} has nothing that {proposal.base} has not", "commit something first")
        return self._keep(
            Record(
                title=proposal.title,
                body=proposal.body,
                branch=proposal.branch,
                base=proposal.base,
                draft=proposal.draft,
                state="open",
                head_sha=head,
            )
        )

    def update(self, pull_request: PullRequest, proposal: Proposal) -> PullRequest:
        """Say the title and body anew. Open or closed stay as people left them."""
        record = self._read(proposal.branch)
        if record is None:
            raise refused(f"{pull_request.url} is not there any more", "run it again, which opens another")
        kept = msgspec.structs.replace(record, title=proposal.title, body=proposal.body)
        return self._keep(msgspec.structs.replace(kept, head_sha=self._head(record.branch) or record.head_sha))

    def close(self, branch: str) -> None:
        """Close it without a merge, as a person does who does not want it."""
        record = self._read(branch)
        if record is None:
            raise refused(f"no pull request of {branch} is in {self._records}", "open one first")
        self._keep(msgspec.structs.replace(record, state="closed"))

    def _keep(self, record: Record) -> PullRequest:
        page = f"# {record.title}\n\n`{record.branch}` into `{record.base}`\n\n{record.body}\n"
        write_whole(self._file(record.branch, ".md"), page.encode(), mode=_READABLE)
        content = msgspec.json.format(msgspec.json.encode(record))
        write_whole(self._file(record.branch, ".json"), content, mode=_READABLE)
        return self._pull_request(record)

    def _read(self, branch: str) -> Record | None:
        file = self._file(branch, ".json")
        try:
            return msgspec.json.decode(file.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise refused(f"{file} is no record of a pull request: {error}", "move it away") from None

    def _pull_request(self, record: Record) -> PullRequest:
        head = self._head(record.branch) or record.head_sha
        merge_sha = self._merge_of(head, record.base)
        state: State = "merged" if merge_sha else record.state
        return PullRequest(self._file(record.branch, ".md").resolve().as_uri(), None, state, head, merge_sha)

    def _file(self, branch: str, suffix: str) -> Path:
        return self._records / (branch.replace("/", "--") + suffix)

    def _merge_of(self, head: str, base: str) -> str:
        """The oldest commit of the base's own line that has the head in it; empty when none has."""
        if not self._head(base) or not self._holds(base, head):
            return ""
        line = self._lines("rev-list", "--first-parent", f"refs/heads/{base}", "--not", f"{head}^@")
        with_it = {head, *self._lines("rev-list", "--ancestry-path", f"{head}..refs/heads/{base}")}
        return next(commit for commit in reversed(line) if commit in with_it)

    def _holds(self, base: str, head: str) -> bool:
        return run_git(self._path, "merge-base", "--is-ancestor", head, f"refs/heads/{base}").ok

    def _head(self, branch: str) -> str:
        """The commit of a branch; empty where there is none."""
        if not self._path.is_dir():
            raise refused(f"{self._path} is not there any more", "set the remote anew: git remote set-url")
        name = f"refs/heads/{branch}^{{commit}}"
        ran = run_git(self._path, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
        # It says nothing where there is no such branch.
        if not ran.ok and ran.said:
            raise refused(f"{self._path}: {ran.said}", "look at it with git status")
        return ran.output.strip() if ran.ok else ""

    def _lines(self, *arguments: str) -> list[str]:
        ran = run_git(self._path, *arguments)
        if not ran.ok:
            raise refused(f"git {arguments[0]} in {self._path}: {ran.said}", "look at it with git fsck")
        return ran.output.split()
