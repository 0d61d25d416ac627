"""A git repository, read: its commits, the files of one, their bytes, what changed lately.

Nothing of the repository runs while it is read: no hooks, pagers, textconv or external diffs, no network, and no
program that its configuration names. Belongs here: reading. Does not: worktrees, commits and pushes, or what the files
say (retrace_assets.culprits).
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, cast

import msgspec

from retrace_core.errors import ErrorCode, RetraceError

if TYPE_CHECKING:
    from git import Repo

REGULAR_FILES: Final = frozenset({"100644", "100755"})
"""Modes of what has text: neither links nor submodules."""

MOST_CHANGES: Final = 3_000
"""Commits that are looked at for recent changes, newest first."""

SAFE_OPTIONS: Final = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.pager=cat"),
    *("-c", "log.showSignature=false", "-c", "log.mailmap=false", "-c", "protocol.allow=never"),
    *("-c", "core.quotePath=false", "-c", "submodule.recurse=false", "-c", "color.ui=false"),
)
"""Configuration that would run a program or open a connection, switched off whatever the repository says."""

SAFE_ENVIRONMENT: Final = {
    # None, over what configuration allows: a partial clone would fetch what it lacks, by a program the address names.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}
"""Variables git reads in place of every other `GIT_…` of this process."""

_CHANGE = re.compile(r"\x1e(?P<sha>[0-9a-f]{40,64})\x1f(?P<at>\d+)\x1f(?P<subject>.*)", re.DOTALL)


class TreeFile(NamedTuple):
    """A file of a commit: bytes in `size`, git's octal `mode`, the object with its content."""

    path: str
    size: int
    mode: str
    oid: str


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A commit: when it was made, the first line of its message, and the files it touched."""

    sha: str
    at: datetime
    subject: str
    paths: tuple[str, ...]


class Repository:
    """A checkout or a bare repository on this machine; raises `repository_unusable` when it cannot be read."""

    def __init__(self, path: Path) -> None:
        """Open the repository whose top is `path`."""
        self.path = path
        self._repo = _opened(path)
        self._listed: tuple[str, dict[str, TreeFile]] = ("", {})
        self.commit_of()

    @property
    def git_dir(self) -> Path:
        """Where the repository keeps its objects and branches, also for a checkout that is a worktree of another."""
        return Path(self._repo.common_dir).absolute()

    def commit_of(self, ref: str = "HEAD") -> str:
        """The commit a branch, a tag or a part of a hash stands for."""
        if not ref or ref.startswith("-"):
            raise _unusable(f"{ref!r} names no commit")
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", may_fail=True)
        if not done:
            hint = "make a first commit" if ref == "HEAD" else "see the names with: git branch -a"
            raise _unusable(f"{self.path} has no commit {ref!r}", hint)
        return done.strip()

    def default_branch(self) -> str:
        """The branch the remote has as its own, else the one that is checked out; empty on a detached HEAD."""
        for name in ("refs/remotes/origin/HEAD", "HEAD"):
            found = self._run("symbolic-ref", "--quiet", name, may_fail=True)
            if found:
                return found.strip().removeprefix("refs/remotes/origin/").removeprefix("refs/heads/")
        return ""

    def files(self, commit: str) -> list[TreeFile]:
        """Every file of a commit, links and submodules too, by path."""
        return list(self._tree(commit).values())

    def read(self, commit: str, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The bytes of some files of a commit, in the order asked for, without those that are not on this machine."""
        tree = self._tree(commit)
        asked = [path for path in paths if path in tree and tree[path].mode in REGULAR_FILES]
        if not asked:
            return
        with tempfile.TemporaryFile() as names:
            # From a file, not a pipe: git writes before it has read all, and nobody would empty both ends.
            names.write("".join(f"{tree[path].oid}\n" for path in asked).encode())
            names.seek(0)
            with self._printing("cat-file", "--batch", "--buffer", stdin=names) as output:
                for path in asked:
                    content = _blob(output)
                    if content is not None:
                        yield path, content

    def history(self, commit: str, days: int) -> list[Change]:
        """The changes of so many days up to a commit, newest first, without merges; at most 3,000."""
        made = int(self._run("show", "--no-patch", "--format=%ct", commit).split()[0])
        since = datetime.fromtimestamp(made, UTC) - timedelta(days=days)
        text = self._run(
            *("log", "-z", "--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv", "--name-only"),
            *(f"--max-count={MOST_CHANGES}", f"--since={since.isoformat()}", "--format=%x1e%H%x1f%ct%x1f%s"),
            *(commit, "--"),
        )
        return list(_changes(text))

    def is_dirty(self) -> bool:
        """Whether tracked files differ from the commit that is checked out; a bare repository has none."""
        if self._run("rev-parse", "--is-bare-repository").strip() == "true":
            return False
        return bool(self._run("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"))

    def remote_url(self, name: str = "origin") -> str:
        """Where a remote is, as the configuration has it; empty when there is none of the name."""
        return self._run("config", "--get", f"remote.{name}.url", may_fail=True).strip()

    def _tree(self, commit: str) -> dict[str, TreeFile]:
        if self._listed[0] != commit:
            listing = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
            self._listed = commit, {file.path: file for file in _tree_files(listing)}
        return self._listed[1]

    def _run(self, *arguments: str, may_fail: bool = False) -> str:
        """What git prints; nothing where it refuses and `may_fail` says that this is an answer."""
        with self._started(*arguments) as process:
            output, said = process.communicate()
        if process.returncode == 0:
            return output.decode("utf-8", "replace")
        if may_fail:
            return ""
        raise _unusable(f"git {arguments[0]} in {self.path}: {said.decode('utf-8', 'replace').strip()[:300]}")

    @contextmanager
    def _printing(self, *arguments: str, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
        """What git prints, while it does."""
        with self._started(*arguments, stdin=stdin, stderr=subprocess.DEVNULL) as process:
            try:
                yield cast(IO[bytes], process.stdout)
            finally:
                process.kill()

    def _started(
        self, *arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        command = [self._repo.git.GIT_PYTHON_GIT_EXECUTABLE or "git", *SAFE_OPTIONS, *arguments]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        } | SAFE_ENVIRONMENT
        try:
            return subprocess.Popen(
                command, cwd=self.path, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
            )
        except OSError as error:
            raise _unusable(f"{self.path}: {error.strerror}") from None


def _opened(path: Path) -> "Repo":
    """The repository at a path, as GitPython has it."""
    try:
        # GitPython looks for git when it is imported.
        from git import InvalidGitRepositoryError, NoSuchPathError, Repo  # noqa: PLC0415
    except ImportError:
        raise _unusable("git is not installed", "install git") from None
    try:
        return Repo(path)
    except NoSuchPathError:
        raise _unusable(f"{path} is not there", "connect it again: retrace github connect") from None
    except (InvalidGitRepositoryError, OSError, ValueError):
        raise _unusable(f"{path} is no git repository", "connect the folder that git clone made") from None


def _tree_files(listing: str) -> Iterator[TreeFile]:
    for entry in listing.split("\0")[:-1]:
        described, _, path = entry.partition("\t")
        mode, _, oid, size = described.split()
        yield TreeFile(path, int(size) if size.isdigit() else 0, mode, oid)


def _blob(output: IO[bytes]) -> bytes | None:
    """The next object of `git cat-file --batch`; None for one that a partial clone does not have."""
    header = output.readline().split()
    if len(header) != 3:
        return None
    content = output.read(int(header[2]))
    output.read(1)
    return content


def _changes(text: str) -> Iterator[Change]:
    """The commits in what `git log -z` printed."""
    head: re.Match[str] | None = None
    paths: list[str] = []
    for part in text.split("\0"):
        found = _CHANGE.fullmatch(part.lstrip("\n"))
        if found is None:
            # The first path stands on a line of its own.
            paths.append(part.removeprefix("\n"))
            continue
        if head is not None:
            yield _change(head, paths)
        head, paths = found, []
    if head is not None:
        yield _change(head, paths)


def _change(head: re.Match[str], paths: Iterable[str]) -> Change:
    at = datetime.fromtimestamp(int(head["at"]), UTC)
    return Change(head["sha"], at, head["subject"], tuple(path for path in paths if path))


def _unusable(detail: str, hint: str = "") -> RetraceError:
    return RetraceError(ErrorCode.REPOSITORY_UNUSABLE, detail, hint=hint)
