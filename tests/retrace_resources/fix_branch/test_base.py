"""The commit a fix starts from."""

from pathlib import Path

import pytest

from retrace_resources.fix_branch import (
    base_of,
)
from retrace_resources.repository import Repository
from tests.retrace_resources.fix_branch.conftest import detached, refusal
from tests.retrace_resources.git_folders import GitFolder

pytestmark = pytest.mark.slow


def test_the_base_is_the_branch_asked_for_fetched(
    checkout: GitFolder, bare: GitFolder, repository: Repository, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    bare.run("clone", "--quiet", str(bare.path), str(other))
    newest = GitFolder(other).commit("later", "x\n")
    GitFolder(other).run("push", "--quiet", "origin", "main")
    before = checkout.state()
    found = base_of(repository, "main", "origin")
    assert (found.branch, found.commit, found.fetched) == ("main", newest, True)
    assert checkout.state() == before
    assert not (checkout.path / ".git" / "FETCH_HEAD").exists()


def test_without_a_name_it_is_the_branch_the_remote_has_as_its_own(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    checkout.run("push", "--quiet", "origin", "main:refs/heads/trunk")
    bare.run("symbolic-ref", "HEAD", "refs/heads/trunk")
    checkout.run("switch", "--quiet", "-c", "mine")
    assert base_of(repository).branch == "trunk"


def test_offline_what_is_known_of_the_remote_counts(
    checkout: GitFolder, bare: GitFolder, repository: Repository, tmp_path: Path
) -> None:
    pushed = checkout.run("rev-parse", "main")
    checkout.commit("cart.js", "not pushed\n")
    bare.path.rename(tmp_path / "away.git")
    found = base_of(repository, "main")
    assert (found.commit, found.fetched) == (pushed, False)


def test_without_a_remote_it_is_the_branch_that_is_checked_out(checkout: GitFolder, repository: Repository) -> None:
    checkout.run("switch", "--quiet", "-c", "mine")
    found = base_of(repository)
    assert (found.branch, found.commit, found.fetched) == ("mine", checkout.run("rev-parse", "HEAD"), False)


def test_a_detached_head_has_no_base_by_itself(checkout: GitFolder, repository: Repository) -> None:
    detached(checkout)
    assert "--base" in refusal(lambda: base_of(repository)).hint
    assert base_of(repository, "main").branch == "main"


@pytest.mark.parametrize("name", ["lost", "main~0", "-x", "a b", "refs/heads/main", "@{-1}", "HEAD"])
def test_a_branch_nobody_has_is_refused(
    checkout: GitFolder, bare: GitFolder, repository: Repository, name: str
) -> None:
    assert "git branch -a" in refusal(lambda: base_of(repository, name)).hint
