"""A commit's files in a folder of their own, for somebody who is not trusted, and what was changed there as a patch.

A copy holds the bytes that git keeps, unfiltered, and a `.git` to throw away. What changed is found by comparing bytes
with the trusted repository: nothing git-like that was left in the copy is ever read by git, and nothing in it runs.

Belongs here: copies and patches. Does not: who works in a copy (agents), whether a patch is admitted
(retrace_assets.fix_prs.gate).
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.patch import (
    ABSENT,
    EXECUTABLE,
    LINK,
    REGULAR,
    SUBMODULE,
    FileChange,
    file_changes,
    read_numstat,
    read_raw,
)
from retrace_resources.copied_files import Found, chunks, object_id, remove, walk
from retrace_resources.plain_git import Entry, PlainGit, clean_environment, plain_git

MOST_CHANGED: Final = 1_000
"""Files that may differ from the commit: a patch of more is no fix, and is not made."""

MOST_BYTES: Final = 20_000_000
"""Bytes that changed files may have together."""

# Whatever the commit's own attributes say: what the agent sees as changed is what it changed.
_ATTRIBUTES: Final = "* -text -ident !filter !working-tree-encoding\n"
_SOMEBODY: Final = ("-c", "user.name=agent", "-c", "user.email=agent@localhost")


@contextmanager
def work_copy(git_dir: Path, commit: str, *, patch: bytes = b"") -> Iterator[Path]:
    """A folder with the files of a commit while the block runs, `patch` applied.

    Submodules are empty folders. Raises `repository_unusable`, or `patch_refused` when the patch does not apply.
    """
    # The folder around it is closed to all others: an agent of root's can make files that run as root.
    around = Path(tempfile.mkdtemp(prefix="retrace-copy-"))
    copy = around / "copy"
    try:
        copy.mkdir()
        with plain_git(git_dir) as git:
            _index(git, commit, patch)
            _write_files(git, copy)
        _make_repository(copy)
        yield copy
    finally:
        remove(around)


def patch_of(copy: Path, git_dir: Path, commit: str) -> bytes:
    """What was changed in a copy of a commit, as a patch; empty when nothing was.

    New files that the commit's `.gitignore` names are left out, as are names that git takes nowhere. Raises
    `patch_refused` for more than `MOST_CHANGED` files or `MOST_BYTES`.
    """
    with plain_git(git_dir) as git:
        before = _index(git, commit)
        known = {entry.path: entry for entry in git.entries()}
        modules = {path for path, entry in known.items() if entry.mode == SUBMODULE}
        found = {each.path: each for each in walk(copy, modules)}
        changed = [each for each in found.values() if _differs(copy, each, known, git.object_format)]
        ignored = _ignored(git, [each.path for each in changed if each.path not in known], known)
        gone = [path for path in known if path not in found and path not in modules]
        kept = _store(git, copy, [each for each in changed if each.path not in ignored], len(gone))
        removed = (Entry("0", "0" * len(before), path) for path in gone)
        git.update([*removed, *kept], ErrorCode.PATCH_REFUSED)
        return git.diff(before, git.write_tree(), "-p", "--binary", "--full-index")


def changes_of(git_dir: Path, commit: str, patch: bytes) -> tuple[FileChange, ...]:
    """What a patch does to a commit, file by file; raises `patch_refused` when it does not apply."""
    with plain_git(git_dir) as git:
        before = _index(git, commit)
        _apply(git, patch)
        after = git.write_tree()
        raw = list(read_raw(git.diff(before, after, "-z", "--raw", "--no-abbrev")))
        numstat = read_numstat(git.diff(before, after, "-z", "--numstat"))
        texts = (
            object_id
            for each in raw
            if numstat.get(each.path) is not None
            for mode, object_id in ((each.old_mode, each.old_id), (each.new_mode, each.new_id))
            if mode not in {ABSENT, SUBMODULE}
        )
        return file_changes(raw, numstat, dict(git.contents(texts)))


def paths_of(git_dir: Path, commit: str) -> frozenset[str]:
    """The path of every file of a commit, bytes that are no UTF-8 as lone surrogates."""
    with plain_git(git_dir) as git:
        git.read_tree(git.tree_of(commit))
        return frozenset(os.fsdecode(entry.path) for entry in git.entries())


def _index(git: PlainGit, commit: str, patch: bytes = b"") -> str:
    """Make the index that of a commit with a patch; its tree."""
    git.read_tree(git.tree_of(commit))
    _apply(git, patch)
    return git.write_tree()


def _apply(git: PlainGit, patch: bytes) -> None:
    if patch:
        git.run("apply", "--cached", "--binary", "-", stdin=patch, refused=ErrorCode.PATCH_REFUSED)


def _write_files(git: PlainGit, copy: Path) -> None:
    """Write the files of the index; links come last, so that nothing is ever written through one."""
    entries = git.entries()
    places: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.mode == SUBMODULE:
            _place(copy, entry.path).mkdir(parents=True, exist_ok=True)
        else:
            places.setdefault(entry.object_id, []).append(entry)
    links = []
    for each, content in git.contents(places):
        for entry in places[each]:
            if entry.mode == LINK:
                links.append((entry.path, content))
                continue
            file = _place(copy, entry.path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)
    for path, target in links:
        place = _place(copy, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(target, os.fsencode(place))


def _place(copy: Path, path: bytes) -> Path:
    return copy / os.fsdecode(path)


def _make_repository(copy: Path) -> None:
    """A repository of one commit, so that `git diff` and `git log` say what an agent expects."""
    _git_in(copy, "init", "--quiet", "--initial-branch=main", "--template=")
    attributes = copy / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(_ATTRIBUTES)
    _git_in(copy, "add", "--all", "--force")
    _git_in(copy, *_SOMEBODY, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", "As it is")


def _git_in(copy: Path, *command: str) -> None:
    done = subprocess.run(
        ["git", *command], cwd=copy, env=clean_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, f"git {' '.join(command)}: {done.stderr.strip()[:300]}")


def _differs(copy: Path, found: Found, known: Mapping[bytes, Entry], object_format: str) -> bool:
    entry = known.get(found.path)
    if entry is None or entry.mode != found.mode:
        return True
    return object_id(copy, found, object_format) != entry.object_id


def _ignored(git: PlainGit, paths: list[bytes], known: Mapping[bytes, Entry]) -> set[bytes]:
    """Which new paths the commit itself says are none of git's, by its own `.gitignore` files and not the copy's."""
    if not paths:
        return set()
    rules = [
        each for each in known.values() if each.path.endswith(b".gitignore") and each.mode in {REGULAR, EXECUTABLE}
    ]
    contents = dict(git.contents(each.object_id for each in rules))
    for each in rules:
        file = _place(git.work_tree, each.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents[each.object_id])
    try:
        # Before a colon it would be no path but a pattern.
        asked = b"".join(b"./" + path + b"\0" for path in paths)
        named = git.run("check-ignore", "--no-index", "-z", "--stdin", stdin=asked)
    except RetraceError:
        # It fails where it finds none.
        return set()
    return {path.removeprefix(b"./") for path in named.split(b"\0")[:-1]}


def _store(git: PlainGit, copy: Path, changed: list[Found], gone: int) -> Iterable[Entry]:
    """Keep the bytes of changed files as objects; raises `patch_refused` when there is too much of it."""
    if len(changed) + gone > MOST_CHANGED:
        raise _refused(f"{len(changed) + gone:,} files differ, {MOST_CHANGED:,} may")
    if (size := sum(each.size for each in changed)) > MOST_BYTES:
        raise _refused(f"the files that differ have {size:,} bytes, {MOST_BYTES:,} may be")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(number)) for number in range(len(changed))]
        for file, found in zip(files, changed, strict=True):
            with file.open("wb") as plain:
                plain.writelines(chunks(copy, found))
        ids = git.store(files)
    return [Entry(found.mode, each, found.path) for found, each in zip(changed, ids, strict=True)]


def _refused(detail: str) -> RetraceError:
    return RetraceError(ErrorCode.PATCH_REFUSED, detail)
