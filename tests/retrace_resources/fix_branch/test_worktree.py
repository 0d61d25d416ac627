"""The folder a fix is made in: what a person has in theirs is never touched."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retrace_resources.fix_branch import (
    commit_fix,
    worktree,
)
from retrace_resources.repository import Repository
from tests.retrace_resources.fix_branch.conftest import OURS, detached, fix, hooked, refusal
from tests.retrace_resources.git_folders import GitFolder

pytestmark = pytest.mark.slow


def dirty(checkout: GitFolder) -> None:
    (checkout.path / "cart.js").write_text("unsaved\n")
    (checkout.path / "new.js").write_text("untracked\n")
    (checkout.path / "staged.js").write_text("staged\n")
    checkout.run("add", "staged.js")


def with_a_submodule(checkout: GitFolder) -> None:
    library = GitFolder(checkout.path.parent / "library")
    library.commit("lib.js", "x\n")
    checkout.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.path), "vendor")
    checkout.run("commit", "--quiet", "-m", "a submodule")


def sparse(checkout: GitFolder) -> None:
    checkout.commit("other/file.js", "x\n")
    checkout.run("sparse-checkout", "set", "--no-cone", "/other/")


@pytest.mark.parametrize("prepare", [dirty, detached, hooked, with_a_submodule, sparse])
def test_a_fix_is_made_beside_a_checkout_that_stays_as_it_is(
    checkout: GitFolder, prepare: Callable[[GitFolder], None], tmp_path: Path
) -> None:
    prepare(checkout)
    repository = Repository(checkout.path)
    head = repository.commit_of()
    before = checkout.state()
    with worktree(repository, head) as folder:
        assert (folder / "cart.js").read_text() == "one\ntwo\nthree\n"
        assert not (folder / "vendor").exists() or not list((folder / "vendor").iterdir())
        commit = commit_fix(folder, b"", {"cart.js": b"fixed\n"}, "Fix the cart", OURS)
    assert checkout.state() == before
    assert not (checkout.path / "ran").exists()
    assert checkout.run("show", "--format=", "--name-only", commit) == "cart.js"
    assert checkout.run("worktree", "list").count("\n") == 0
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_bare_repository_has_worktrees_as_well(checkout: GitFolder, bare: GitFolder) -> None:
    commit = fix(Repository(bare.path), bare.run("rev-parse", "main"))
    assert bare.run("show", f"{commit}:cart.js") == "fixed"
    assert bare.run("worktree", "list").count("\n") == 0


def test_a_checkout_that_is_a_worktree_itself_keeps_itself_and_the_first(checkout: GitFolder, tmp_path: Path) -> None:
    checkout.run("worktree", "add", "--quiet", "-b", "second", str(tmp_path / "second"))
    fix(Repository(tmp_path / "second"), "main")
    assert checkout.run("worktree", "list").count("\n") == 1
    assert (tmp_path / "second" / "cart.js").read_text() == "one\ntwo\nthree\n"


def test_the_folder_goes_when_the_work_in_it_fails(checkout: GitFolder, repository: Repository) -> None:
    folders = []

    def work() -> None:
        with worktree(repository, "HEAD") as folder:
            folders.append(folder)
            (folder / "left.txt").write_text("x")
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert not folders[0].exists()
    assert checkout.run("worktree", "list").count("\n") == 0


def test_a_folder_that_is_gone_already_is_forgotten_and_those_of_others_are_not(
    checkout: GitFolder, repository: Repository, tmp_path: Path
) -> None:
    checkout.run("worktree", "add", "--quiet", "-b", "theirs", str(tmp_path / "unmounted"))
    shutil.rmtree(tmp_path / "unmounted")
    with worktree(repository, "HEAD") as folder:
        shutil.rmtree(folder.parent)
    listed = checkout.run("worktree", "list")
    assert str(folder) not in listed
    assert "unmounted" in listed


def test_a_commit_that_is_not_there_leaves_nothing(repository: Repository, tmp_path: Path) -> None:
    refusal(lambda: worktree(repository, "0" * 40).__enter__())
    assert list((tmp_path / "temporary").iterdir()) == []
