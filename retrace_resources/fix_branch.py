"""The branch of a fix: what it starts from, the commit it holds, and getting it to the remote.

The person's checkout, its index and its HEAD are never touched. Belongs here: writing to a repository. Does not:
reading one (repository), what is in the patch, or pull requests (code_host).
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.remotes import remote_of
from retrace_resources.git_command import git, run_git
from retrace_resources.repository import Repository

INCIDENT_TRAILER: Final = "Retrace-Incident"
"""The trailer that says a commit is ours, and for which incident."""

_NOBODY: Final = ("Retrace", "retrace@localhost")


@dataclass(frozen=True, slots=True)
class Base:
    """The branch a fix is merged into and the commit it starts from; `fetched`: the remote has just been asked."""

    branch: str
    commit: str
    fetched: bool


@dataclass(frozen=True, slots=True)
class Published:
    """A branch with its fix; `pushed`: the remote has it; `replaced`: the commit that was its head, or empty."""

    branch: str
    head_sha: str
    pushed: bool
    replaced: str


@contextmanager
def worktree(repository: Repository, commit: str) -> Iterator[Path]:
    """A folder with a commit checked out, detached, while the block runs; submodules stay empty."""
    around = Path(tempfile.mkdtemp(prefix="retrace-fix-")).resolve()
    folder = around / "tree"
    try:
        # A partial clone fetches the files it lacks.
        git(repository.path, "worktree", "add", "--detach", "--quiet", str(folder), commit, connects=True)
        yield folder
    finally:
        shutil.rmtree(around, ignore_errors=True)
        # Named, where `prune` would also forget worktrees of others that are on a disk not mounted now.
        with suppress(RetraceError):
            run_git(repository.path, "worktree", "remove", "--force", "--force", str(folder))


def base_of(repository: Repository, base: str = "", remote: str = "origin") -> Base:
    """The branch asked for, else the remote's own, else the one checked out; fetched first where there is a remote.

    Raises `repository_unusable` for a detached HEAD without a base, and for a branch nobody has.
    """
    has_remote = bool(push_url(repository, remote))
    branch = base or (_own_branch(repository, remote) if has_remote else "") or _checked_out(repository.path)
    if not branch:
        raise _unusable(f"{repository.path} is on no branch", "say which one fixes are merged into: --base main")
    if not _is_name(branch):
        raise _unusable(f"{branch!r} is no name of a branch", "see the names with: git branch -a")
    fetched = has_remote and _fetch(repository, remote, branch)
    known = (_tracking(remote, branch), _local(branch)) if has_remote else (_local(branch),)
    commit = next(filter(None, (_commit(repository.path, name) for name in known)), "")
    if not commit:
        raise _unusable(f"{repository.path} has no branch {branch!r}", "see the names with: git branch -a")
    return Base(branch, commit, fetched)


def commit_fix(
    worktree: Path, patch: bytes, files: Mapping[str, bytes], message: str, trailers: Mapping[str, str]
) -> str:
    """Apply a patch, add files, commit; returns the commit.

    Raises `patch_refused` for a patch that does not apply, a file outside the worktree, and where nothing changes.
    """
    if patch:
        applied = run_git(worktree, "apply", "--index", "--whitespace=nowarn", "-", stdin=patch)
        if not applied.ok:
            raise _patch_refused(f"the patch does not apply: {applied.said}", "make it from this very commit")
    for path, content in files.items():
        _add(worktree, path, content)
    if run_git(worktree, "diff", "--cached", "--quiet", "--no-ext-diff", "HEAD").ok:
        raise _patch_refused("the patch changes nothing", "it may have been merged already")
    # One line each: the last paragraph is what git reads trailers from.
    last = "\n".join(f"{name}: {' '.join(value.split())}" for name, value in trailers.items())
    text = f"{message.strip()}\n\n{last}\n"
    options = ("--quiet", "--no-verify", "--no-gpg-sign", "--cleanup=whitespace", "--file=-")
    git(worktree, "commit", *options, stdin=text.encode("utf-8", "replace"), variables=_identity(worktree))
    return git(worktree, "rev-parse", "HEAD")


def publish(repository: Repository, commit: str, branch: str, remote: str = "origin") -> Published:
    """Make a commit the head of a branch: on the remote, or in the repository itself where there is no remote.

    A branch that is there is replaced only when all that would be lost is ours, of the same incident; raises
    `repository_unusable` otherwise, and for a branch that is checked out or the default one.
    """
    if branch in {repository.default_branch(), _own_branch(repository, remote, asks=False)} or not _is_name(branch):
        raise _unusable(f"no fix is pushed to {branch!r}", "name a branch of its own")
    if not push_url(repository, remote):
        return _set_here(repository, commit, branch)
    before = _head_there(repository, remote, branch)
    if before == commit:
        return Published(branch, commit, pushed=True, replaced="")
    _refuse_loss(repository, commit, before, remote, branch)
    pushed = run_git(
        repository.path,
        *("push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"),
        *(f"--force-with-lease={_local(branch)}:{before}", "--", remote, f"{commit}:{_local(branch)}"),
        connects=True,
    )
    if not pushed.ok:
        is_late = "stale info" in pushed.said
        hint = "somebody pushed meanwhile: run it again" if is_late else "try it: git push --dry-run"
        raise _unusable(f"{branch} could not be pushed to {remote}: {pushed.said}", hint)
    return Published(branch, commit, pushed=True, replaced=before)


def latest_of(repository: Repository, remote: str, branch: str) -> str:
    """The head of a branch on the remote, fetched; without a remote, of the repository's own branch."""
    is_there = bool(push_url(repository, remote))
    head = _head_there(repository, remote, branch) if is_there else _commit(repository.path, _local(branch))
    if not head:
        raise _unusable(f"there is no branch {branch!r}", "see the names with: git branch -a")
    return head


def push_url(repository: Repository, remote: str = "origin") -> str:
    """Where pushes to a remote go, `insteadOf` applied, a folder as an absolute path; empty without the remote."""
    if not remote or remote.startswith("-"):
        return ""
    ran = run_git(repository.path, "remote", "get-url", "--push", remote)
    url = ran.output.rstrip("\n") if ran.ok else ""
    named = remote_of(url)
    return str((repository.path / named.path).resolve()) if named.kind == "local" else url


def _own_branch(repository: Repository, remote: str, *, asks: bool = True) -> str:
    """The branch a remote has as its own: as it says itself, else as it was when it was cloned."""
    if asks:
        ran = run_git(repository.path, "ls-remote", "--symref", "--", remote, "HEAD", connects=True)
        if found := re.match(r"ref: refs/heads/(\S+)\tHEAD$", ran.output, re.MULTILINE):
            return found[1]
    known = run_git(repository.path, "symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD")
    return known.output.strip().removeprefix(f"refs/remotes/{remote}/") if known.ok else ""


def _checked_out(folder: Path) -> str:
    ran = run_git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return ran.output.strip() if ran.ok else ""


def _fetch(repository: Repository, remote: str, branch: str) -> bool:
    """Bring what is known of a branch of the remote up to date; tells whether that came off."""
    return run_git(
        repository.path,
        *("fetch", "--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-write-fetch-head"),
        *("--", remote, f"+{_local(branch)}:{_tracking(remote, branch)}"),
        connects=True,
    ).ok


def _head_there(repository: Repository, remote: str, branch: str) -> str:
    """The head of a branch on the remote, fetched; empty where the remote has no such branch."""
    hint = "look at the network, and at: git fetch"
    if not git(repository.path, "ls-remote", "--", remote, _local(branch), connects=True, hint=hint):
        return ""
    if not _fetch(repository, remote, branch):
        raise _unusable(f"{branch} could not be fetched from {remote}", hint)
    return _commit(repository.path, _tracking(remote, branch))


def _set_here(repository: Repository, commit: str, branch: str) -> Published:
    if f"branch {_local(branch)}" in git(repository.path, "worktree", "list", "--porcelain").split("\n"):
        raise _unusable(f"{branch} is checked out", "switch to another branch first: git switch -")
    before = _commit(repository.path, _local(branch))
    _refuse_loss(repository, commit, before, "", branch)
    git(repository.path, "update-ref", "-m", "retrace: fix", _local(branch), commit, before or "0" * len(commit))
    return Published(branch, commit, pushed=False, replaced="" if before == commit else before)


def _refuse_loss(repository: Repository, commit: str, before: str, remote: str, branch: str) -> None:
    """Refuse where a commit that is nowhere else would be lost, unless it is ours and of the same incident."""
    if not before:
        return
    (head,) = _described(repository, before, "--max-count=1")
    if not head.is_ours and run_git(repository.path, "merge-base", "--is-ancestor", before, commit).ok:
        raise _unusable(f"{branch} is a branch the fix starts from", "name a branch of its own")
    elsewhere = (f"--exclude={remote}/{branch}", "--remotes") if remote else (f"--exclude={branch}", "--branches")
    theirs = _described(repository, before, "--not", commit, *elsewhere)
    (ours,) = _described(repository, commit, "--max-count=1")
    for each in theirs:
        if not each.is_ours or each.incident != ours.incident:
            raise _unusable(
                f"{branch} has a commit of {each.committer} that would be lost: {each.sha[:10]} {each.subject}",
                "merge it, or move it to a branch of its own; then run it again",
            )


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: str
    committer: str
    subject: str
    incident: str
    is_ours: bool


def _described(repository: Repository, *arguments: str) -> Iterable[_Commit]:
    trailer = f"%(trailers:key={INCIDENT_TRAILER},valueonly,separator=%x2c)"
    form = f"%H%x1f%an <%ae> %at%x1f%cn <%ce> %ct%x1f%cn%x1f%s%x1f{trailer}"
    text = git(repository.path, "log", "-z", f"--format={form}", *arguments, "--")
    for entry in filter(None, text.split("\0")):
        sha, written, committed, committer, subject, incident = entry.split("\x1f")
        # Whoever amends or rebases a commit of ours leaves its author, not its committer and their time.
        yield _Commit(sha, committer, subject[:80], incident, is_ours=bool(incident) and written == committed)


def _add(worktree: Path, path: str, content: bytes) -> None:
    parts = path.split("/")
    is_outside = path.startswith("/") or any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
    if is_outside or "\0" in path:
        raise _patch_refused(f"{path!r} is no file of a repository", "name it relative to the top")
    file = worktree.joinpath(*parts)
    if any(each.is_symlink() for each in (file, *file.parents) if worktree in each.parents):
        raise _patch_refused(f"{path!r} leads through a link", "name the file it leads to")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise _patch_refused(f"{path!r} cannot be written: {error.strerror}", "name another file") from None
    # Not `add`: a folder that is ignored holds what is made again, and this is to be kept.
    added = run_git(worktree, "update-index", "--add", "--", path)
    if not added.ok:
        raise _patch_refused(f"{path!r} cannot be added: {added.said}", "name another file")


def _identity(folder: Path) -> dict[str, str]:
    """Who commits: the person git knows, else Retrace itself. Git would guess a name from the machine's."""
    if all(run_git(folder, "config", "--get", f"user.{part}").ok for part in ("name", "email")):
        return {}
    name, email = _NOBODY
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", email))
    }


def _commit(folder: Path, name: str) -> str:
    ran = run_git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return ran.output.strip() if ran.ok else ""


def _is_name(branch: str) -> bool:
    return run_git(Path("/"), "check-ref-format", "--branch", branch).ok


def _local(branch: str) -> str:
    return f"refs/heads/{branch}"


def _tracking(remote: str, branch: str) -> str:
    return f"refs/remotes/{remote}/{branch}"


def _unusable(detail: str, hint: str) -> RetraceError:
    return RetraceError(ErrorCode.REPOSITORY_UNUSABLE, detail, hint=hint)


def _patch_refused(detail: str, hint: str) -> RetraceError:
    return RetraceError(ErrorCode.PATCH_REFUSED, detail, hint=hint)
