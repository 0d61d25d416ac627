"""The commit of a fix: what it holds, and who made it."""

from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode
from retrace_resources.fix_branch import (
    commit_fix,
    worktree,
)
from retrace_resources.repository import Repository
from tests.retrace_resources.fix_branch.conftest import OURS, fix, hooked, patch_of, refusal
from tests.retrace_resources.git_folders import GitFolder, as_a_person

pytestmark = pytest.mark.slow


def test_a_fix_is_a_patch_and_files_in_one_commit_of_the_person(checkout: GitFolder, repository: Repository) -> None:
    (checkout.path / ".gitignore").write_text("tests/\n")
    message = "Fix the cart\n\n# not a comment\nRetrace-Incident: INC-000000\n"
    with worktree(repository, "HEAD") as folder:
        commit = commit_fix(folder, patch_of(checkout), {"tests/retrace/a b*.json": b"{}\n"}, message, OURS)
    assert checkout.run("show", f"{commit}:cart.js") == "one\n2\nthree"
    assert checkout.run("show", f"{commit}:tests/retrace/a b*.json") == "{}"
    assert checkout.run("log", "-1", "--format=%an <%ae>|%P", commit) == (
        f"Ada <ada@example.com>|{checkout.run('rev-parse', 'main')}"
    )
    assert "# not a comment" in checkout.run("log", "-1", "--format=%B", commit)
    assert checkout.run("log", "-1", "--format=%(trailers:only)", commit) == "Retrace-Incident: INC-4F2A91"


def test_whoever_git_does_not_know_commits_as_retrace(
    checkout: GitFolder, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_a_person(monkeypatch, tmp_path / "stranger", named=False)
    commit = fix(repository, "main")
    assert checkout.run("log", "-1", "--format=%an <%ae>, %cn <%ce>", commit) == (
        "Retrace <retrace@localhost>, Retrace <retrace@localhost>"
    )


def test_nothing_is_signed_and_no_hook_is_run(checkout: GitFolder, repository: Repository) -> None:
    hooked(checkout)
    checkout.run("config", "commit.gpgSign", "true")
    checkout.run("config", "gpg.program", "false")
    fix(repository, "main")
    assert not (checkout.path / "ran").exists()


@pytest.mark.parametrize(
    "patch",
    [
        b"no patch\n",
        b"--- a/cart.js\n+++ b/cart.js\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three\n",
        b"--- /dev/null\n+++ b/../../out.js\n@@ -0,0 +1 @@\n+x\n",
        b"--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
    ],
)
def test_a_patch_that_does_not_apply_is_refused(repository: Repository, patch: bytes) -> None:
    with worktree(repository, "HEAD") as folder:
        refusal(lambda: commit_fix(folder, patch, {}, "x", OURS), ErrorCode.PATCH_REFUSED)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/x",
        "../x",
        "a/../../x",
        "",
        "a//b",
        "./a",
        ".git/hooks/x",
        "a/.GIT/x",
        "a\0b",
        "out/x",
        "link",
        "cart.js/x",
    ],
)
def test_a_file_outside_the_worktree_is_refused(
    checkout: GitFolder, repository: Repository, tmp_path: Path, path: str
) -> None:
    (tmp_path / "target").mkdir()
    (checkout.path / "out").symlink_to(tmp_path / "target")
    (checkout.path / "link").symlink_to(tmp_path / "target" / "new")
    checkout.run("add", "out", "link")
    checkout.run("commit", "--quiet", "-m", "links")
    with worktree(repository, "HEAD") as folder:
        refusal(lambda: commit_fix(folder, b"", {path: b"x"}, "x", OURS), ErrorCode.PATCH_REFUSED)
    assert list((tmp_path / "target").iterdir()) == []


def test_a_fix_that_changes_nothing_is_refused(repository: Repository) -> None:
    with worktree(repository, "HEAD") as folder:
        same = {"cart.js": b"one\ntwo\nthree\n"}
        refusal(lambda: commit_fix(folder, b"", same, "x", OURS), ErrorCode.PATCH_REFUSED)
