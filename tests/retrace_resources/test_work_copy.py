"""A copy of a commit that somebody hostile may do anything to, and what is taken from it: a patch, and nothing else."""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.patch import FileChange
from retrace_resources.work_copy import MOST_BYTES, MOST_CHANGED, changes_of, patch_of, paths_of, work_copy

pytestmark = pytest.mark.slow

FILES = {
    "README.md": b"# Shop\n",
    "src/cart.js": b"export const total = 1\n",
    "src/crlf.txt": b"one\r\ntwo\r\n",
    "bin/run": b"#!/bin/sh\n",
    "logo.png": b"\x89PNG\0\0",
    "\xe4\n weird".encode(): b"odd\n",
    ".gitignore": b"dist/\n*.log\n",
    ".gitattributes": b"*.txt text eol=lf\n*.md filter=evil ident\nbin/* export-ignore\n",
}


class Repository:
    """The person's repository, with everything switched on that could run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git_dir = folder / ".git"
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        for name, content in FILES.items():
            if name == ".gitattributes":
                # What is stored is what was written: attributes come later.
                self.git("add", "--all")
            path = os.path.join(os.fsencode(folder), os.fsencode(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(os.fsdecode(path)).write_bytes(content)
        (folder / "bin" / "run").chmod(0o755)
        (folder / "latest").symlink_to("src/cart.js")
        self.git("add", ".gitattributes", "latest", "bin/run")
        self.git("commit", "--quiet", "-m", "first")
        self.ran = folder.parent / "ran"
        program = folder.parent / "evil.sh"
        program.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.ran}\ncat\n')
        program.chmod(0o755)
        for name in ("filter.evil.smudge", "filter.evil.clean", "core.fsmonitor", "diff.external", "core.pager"):
            self.git("config", name, str(program))
        for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
            (self.git_dir / "hooks").mkdir(exist_ok=True)
            (self.git_dir / "hooks" / hook).symlink_to(program)

    def git(self, *arguments: str) -> bytes:
        identity = ("-c", "user.name=a", "-c", "user.email=a@localhost")
        return subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True).stdout

    def state(self) -> dict[str, bytes]:
        """Every file of the repository, git's own too."""
        return {str(path): path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


def changed(repository: Repository, change: Callable[[Path], object]) -> tuple[FileChange, ...]:
    """What a change made in a copy comes to, as the gate sees it."""
    with work_copy(repository.git_dir, "HEAD") as copy:
        change(copy)
        return changes_of(repository.git_dir, "HEAD", patch_of(copy, repository.git_dir, "HEAD"))


def kinds(changes: tuple[FileChange, ...]) -> dict[str, str]:
    return {change.path: change.kind for change in changes}


def test_a_copy_holds_the_bytes_of_the_commit(repository: Repository) -> None:
    with work_copy(repository.git_dir, "HEAD") as copy:
        for name, content in FILES.items():
            assert Path(os.fsdecode(os.path.join(os.fsencode(copy), os.fsencode(name)))).read_bytes() == content
        assert (copy / "bin" / "run").stat().st_mode & 0o777 == 0o755
        assert os.readlink(copy / "latest") == "src/cart.js"
        assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert not copy.parent.exists()


def test_an_agent_finds_a_clean_repository_of_one_commit(repository: Repository) -> None:
    with work_copy(repository.git_dir, "HEAD") as copy:

        def git(*arguments: str) -> str:
            return subprocess.run(["git", *arguments], cwd=copy, check=True, capture_output=True, text=True).stdout

        assert git("status", "--porcelain") == ""
        assert git("log", "--format=%s %an").strip() == "As it is agent"
        (copy / "src" / "crlf.txt").write_bytes(b"one\r\n2\r\n")
        assert git("diff", "--numstat").split() == ["1", "1", "src/crlf.txt"]


def test_what_was_changed_applies_to_the_repository(repository: Repository) -> None:
    with work_copy(repository.git_dir, "HEAD") as copy:
        (copy / "src" / "cart.js").write_text("export const total = 2\n")
        (copy / "src" / "new.js").write_text("1\n")
        (copy / "README.md").unlink()
        patch = patch_of(copy, repository.git_dir, "HEAD")
    subprocess.run(["git", "apply", "--check", "-"], cwd=repository.folder, input=patch, check=True)
    with work_copy(repository.git_dir, "HEAD", patch=patch) as copy:
        assert (copy / "src" / "cart.js").read_text() == "export const total = 2\n"
        assert (copy / "src" / "new.js").exists()
        assert not (copy / "README.md").exists()
        assert patch_of(copy, repository.git_dir, "HEAD") == patch


def test_the_repository_is_only_read_and_nothing_of_it_runs(repository: Repository) -> None:
    before = repository.state()
    patch = b""
    for _ in range(2):
        with work_copy(repository.git_dir, "HEAD", patch=patch) as copy:
            (copy / "README.md").write_text("# Other\n")
            patch = patch_of(copy, repository.git_dir, "HEAD")
    assert len(changes_of(repository.git_dir, "HEAD", patch)) == 1
    assert repository.state() == before
    assert not repository.ran.exists()


def test_the_filters_of_this_repository_would_run_otherwise(repository: Repository) -> None:
    """The test before this one could not fail if they did not."""
    (repository.folder / "README.md").write_text("# Other\n")
    repository.git("add", "README.md")
    assert repository.ran.exists()


def test_nothing_changed_is_an_empty_patch(repository: Repository) -> None:
    with work_copy(repository.git_dir, "HEAD") as copy:
        assert patch_of(copy, repository.git_dir, "HEAD") == b""


def test_every_kind_of_change_is_seen(repository: Repository) -> None:
    def change(copy: Path) -> None:
        (copy / "src" / "cart.js").chmod(0o755)
        (copy / "bin" / "run").unlink()
        (copy / "bin" / "run").symlink_to("/bin/sh")
        (copy / "latest").unlink()
        (copy / "latest").write_text("x\n")
        (copy / "logo.png").write_bytes(b"\x89PNG\0\1")
        (copy / "README.md").unlink()
        (copy / "README.md").mkdir()
        (copy / "README.md" / "inner").write_text("x\n")
        (copy / "bin2").symlink_to("/etc", target_is_directory=True)

    changes = {each.path: each for each in changed(repository, change)}
    assert kinds(tuple(changes.values())) == {
        "src/cart.js": "modified",
        "bin/run": "modified",
        "latest": "modified",
        "logo.png": "modified",
        "README.md": "deleted",
        "README.md/inner": "added",
        "bin2": "added",
    }
    assert changes["src/cart.js"].new_mode == "100755"
    assert (changes["bin/run"].old_mode, changes["bin/run"].new_mode) == ("100755", "120000")
    assert changes["logo.png"].is_binary
    # A link to a folder is a link: what it leads to is no part of anything.
    assert changes["bin2"].added_lines == (b"/etc",)


def test_new_files_the_commit_ignores_are_left_out_by_its_own_rules(repository: Repository) -> None:
    def change(copy: Path) -> None:
        (copy / ".gitignore").write_text("evil.js\n")
        (copy / "evil.js").write_text("1\n")
        (copy / "dist").mkdir()
        (copy / "dist" / "bundle.js").write_text("1\n")
        (copy / "src" / "debug.log").write_text("1\n")

    assert kinds(changed(repository, change)) == {".gitignore": "modified", "evil.js": "added"}


def test_a_repository_left_in_the_copy_is_never_read(repository: Repository, tmp_path: Path) -> None:
    """Its configuration names programs; a folder with a `.git` would be a submodule to git, and hide what is in it."""
    planted = tmp_path / "planted"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {planted}\ncat\n")
    program.chmod(0o755)
    config = (
        f'[core]\n\tfsmonitor = {program}\n\thooksPath = {tmp_path}\n[filter "x"]\n\tclean = {program}\n\trequired\n'
    )

    def change(copy: Path) -> None:
        (copy / ".git" / "config").write_text(config)
        (copy / ".git" / "info" / "attributes").write_text("* filter=x\n")
        (copy / ".gitattributes").write_text("* filter=x -diff\n")
        for folder in (copy / "src", copy / "vendor"):
            folder.mkdir(exist_ok=True)
            subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
            (folder / ".git" / "config").write_text(config)
        (copy / "vendor" / "hidden.js").write_text("1\n")
        (copy / "src" / "cart.js").write_text("2\n")

    changes = {each.path: each for each in changed(repository, change)}
    assert kinds(tuple(changes.values())) == {
        ".gitattributes": "modified",
        "vendor/hidden.js": "added",
        "src/cart.js": "modified",
    }
    # `-diff` would make it binary, so that nobody sees its lines.
    assert changes["src/cart.js"].added_lines == (b"2",)
    assert not planted.exists()


def test_an_agents_own_commits_and_branches_do_not_matter(repository: Repository) -> None:
    def change(copy: Path) -> None:
        (copy / "src" / "cart.js").write_text("2\n")
        identity = ("-c", "user.name=a", "-c", "user.email=a@localhost")
        for command in (("checkout", "-q", "-b", "other"), (*identity, "commit", "-q", "-a", "-m", "mine")):
            subprocess.run(["git", *command], cwd=copy, check=True)

    assert kinds(changed(repository, change)) == {"src/cart.js": "modified"}


def test_what_is_no_file_to_git_is_not_opened(repository: Repository) -> None:
    """A pipe without a writer would hold whoever opens it for ever."""

    def change(copy: Path) -> None:
        os.mkfifo(copy / "pipe")
        (copy / ".gitignore").unlink()
        os.mkfifo(copy / ".gitignore")
        (copy / "src" / "cart.js").unlink()
        os.mkfifo(copy / "src" / "cart.js")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(copy / "socket"))

    assert kinds(changed(repository, change)) == {".gitignore": "deleted", "src/cart.js": "deleted"}


def test_names_may_be_anything_git_takes(repository: Repository) -> None:
    names = [b"a\nb", b"\xff\xfe", b'quo"te', b"back\\slash", b"-rf", b":(top)x", b" ", "\u202e".encode()]

    def change(copy: Path) -> None:
        for name in names:
            with open(os.path.join(os.fsencode(copy), name), "wb") as file:
                file.write(b"x\n")

    assert kinds(changed(repository, change)) == {os.fsdecode(name): "added" for name in names}


@pytest.mark.parametrize("name", ["git~1", "sub/GIT~1/config", "sub/.GIT/config"])
def test_a_name_that_is_gits_on_some_system_is_left_out(repository: Repository, name: str) -> None:
    def change(copy: Path) -> None:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("x\n")

    assert changed(repository, change) == ()


def test_a_file_or_folder_that_was_closed_is_opened(repository: Repository) -> None:
    def change(copy: Path) -> None:
        (copy / "src" / "cart.js").write_text("2\n")
        (copy / "src" / "cart.js").chmod(0)
        (copy / "src").chmod(0)

    assert kinds(changed(repository, change)) == {"src/cart.js": "modified"}


def test_a_folder_deeper_than_a_path_can_say_is_refused_and_goes(repository: Repository) -> None:
    with work_copy(repository.git_dir, "HEAD") as copy:
        here = os.open(copy, os.O_RDONLY)
        for _ in range(1_500):
            os.mkdir("deep-deep", dir_fd=here)
            here, above = os.open("deep-deep", os.O_RDONLY, dir_fd=here), here
            os.close(above)
        os.close(here)
        with pytest.raises(RetraceError) as refusal:
            patch_of(copy, repository.git_dir, "HEAD")
    assert refusal.value.code is ErrorCode.PATCH_REFUSED
    assert not copy.parent.exists()


def test_too_much_is_refused_before_it_is_read(repository: Repository) -> None:
    def many(copy: Path) -> None:
        for number in range(MOST_CHANGED + 1):
            (copy / f"new{number}").touch()

    def large(copy: Path) -> None:
        with (copy / "large").open("wb") as file:
            file.truncate(MOST_BYTES + 1)

    for change, said in ((many, "1,001 files differ"), (large, "20,000,001 bytes")):
        with pytest.raises(RetraceError) as refusal:
            changed(repository, change)
        assert refusal.value.code is ErrorCode.PATCH_REFUSED
        assert said in refusal.value.detail


def test_a_copy_that_was_removed_is_refused(repository: Repository) -> None:
    with pytest.raises(RetraceError) as refusal:
        changed(repository, lambda copy: subprocess.run(["rm", "-rf", str(copy)], check=True))
    assert refusal.value.code is ErrorCode.PATCH_REFUSED


def test_a_patch_that_does_not_apply_is_refused(repository: Repository) -> None:
    patch = b"diff --git a/nowhere b/nowhere\n--- a/nowhere\n+++ b/nowhere\n@@ -1 +1 @@\n-a\n+b\n"
    for refused in (
        lambda: changes_of(repository.git_dir, "HEAD", patch),
        lambda: changes_of(repository.git_dir, "HEAD", b"no patch at all"),
        lambda: work_copy(repository.git_dir, "HEAD", patch=patch).__enter__(),
    ):
        with pytest.raises(RetraceError) as refusal:
            refused()
        assert refusal.value.code is ErrorCode.PATCH_REFUSED


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", ".git/config", "a/../../out"])
def test_a_patch_by_somebody_else_does_not_leave_the_repository(repository: Repository, path: str) -> None:
    patch = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    with pytest.raises(RetraceError) as refusal:
        changes_of(repository.git_dir, "HEAD", patch.encode())
    assert refusal.value.code is ErrorCode.PATCH_REFUSED


def test_a_commit_that_is_not_there_is_refused(repository: Repository, tmp_path: Path) -> None:
    for git_dir, commit in ((repository.git_dir, "no-such"), (repository.git_dir, "--help"), (tmp_path, "HEAD")):
        with pytest.raises(RetraceError) as refusal:
            paths_of(git_dir, commit)
        assert refusal.value.code is ErrorCode.REPOSITORY_UNUSABLE


def test_a_submodule_is_an_empty_folder_and_stays_one(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD").decode().strip()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/lib")
    repository.git("-c", f"core.hooksPath={os.devnull}", "commit", "--quiet", "--no-verify", "-m", "module")
    with work_copy(repository.git_dir, "HEAD") as copy:
        assert list((copy / "vendor" / "lib").iterdir()) == []
        (copy / "vendor" / "lib" / "planted").write_text("x")
        assert patch_of(copy, repository.git_dir, "HEAD") == b""


def test_paths_are_listed(repository: Repository) -> None:
    assert paths_of(repository.git_dir, "HEAD") == {*map(os.fsdecode, FILES), "latest"}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_both_kinds_of_repositories_are_read(tmp_path: Path, object_format: str) -> None:
    folder = tmp_path / "bare"
    subprocess.run(["git", "init", "-q", f"--object-format={object_format}", str(folder)], check=True)
    (folder / "a").write_text("1\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    for command in (("add", "a"), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    with work_copy(folder / ".git", "HEAD") as copy:
        assert patch_of(copy, folder / ".git", "HEAD") == b""
        (copy / "a").write_text("2\n")
        patch = patch_of(copy, folder / ".git", "HEAD")
    assert kinds(changes_of(folder / ".git", "HEAD", patch)) == {"a": "modified"}
