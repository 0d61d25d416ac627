"""Where a fix goes: nothing that a person has there is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retrace_resources.fix_branch import (
    INCIDENT_TRAILER,
    Published,
    latest_of,
    publish,
    push_url,
)
from retrace_resources.repository import Repository
from tests.retrace_resources.fix_branch.conftest import BRANCH, fix, refusal
from tests.retrace_resources.git_folders import GitFolder

pytestmark = pytest.mark.slow


def test_a_fix_is_pushed_and_pushed_again_in_its_own_place(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    before = checkout.state()
    first = fix(repository, "main")
    assert publish(repository, first, BRANCH) == Published(BRANCH, first, pushed=True, replaced="")
    assert publish(repository, first, BRANCH) == Published(BRANCH, first, pushed=True, replaced="")
    second = fix(repository, "main", "fixed better\n")
    assert publish(repository, second, BRANCH) == Published(BRANCH, second, pushed=True, replaced=first)
    assert bare.run("rev-parse", BRANCH) == second == latest_of(repository, "origin", BRANCH)
    assert checkout.state() == before


def test_a_fix_is_pushed_anew_when_the_base_has_moved(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    first = fix(repository, "main")
    publish(repository, first, BRANCH)
    checkout.commit("later", "x\n")
    checkout.run("push", "--quiet", "origin", "main")
    assert publish(repository, fix(repository, "main"), BRANCH).replaced == first


def on_top(checkout: GitFolder) -> None:
    checkout.commit("cart.js", "a person's\n", "my own change")


def with_a_trailer_of_another_incident(checkout: GitFolder) -> None:
    checkout.commit("cart.js", "x\n", f"my own change\n\n{INCIDENT_TRAILER}: INC-FFFFFF")


def amended(checkout: GitFolder) -> None:
    """A person changes our commit and leaves its message, trailer and author."""
    (checkout.path / "cart.js").write_text("a person's\n")
    checkout.run("-c", "user.name=Grace", "commit", "--quiet", "--all", "--amend", "--no-edit")


@pytest.mark.parametrize("work", [on_top, with_a_trailer_of_another_incident, amended])
def test_what_a_person_has_on_the_branch_is_never_lost(
    checkout: GitFolder, bare: GitFolder, repository: Repository, work: Callable[[GitFolder], None]
) -> None:
    publish(repository, fix(repository, "main"), BRANCH)
    checkout.run("fetch", "--quiet", "origin")
    checkout.run("switch", "--quiet", "-c", "work", f"origin/{BRANCH}")
    work(checkout)
    checkout.run("push", "--quiet", "--force", "origin", f"work:{BRANCH}")
    theirs = checkout.run("rev-parse", "work")
    again = fix(repository, "main", "fixed better\n")
    raised = refusal(lambda: publish(repository, again, BRANCH))
    assert "a commit of " in str(raised.detail)
    assert theirs[:10] in str(raised.detail)
    assert bare.run("rev-parse", BRANCH) == theirs


def test_a_branch_is_replaced_where_another_keeps_what_was_on_it(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    publish(repository, fix(repository, "main"), BRANCH)
    checkout.run("fetch", "--quiet", "origin")
    checkout.run("switch", "--quiet", "-c", "work", f"origin/{BRANCH}")
    on_top(checkout)
    checkout.run("push", "--quiet", "origin", f"work:{BRANCH}", "work:refs/heads/kept")
    assert publish(repository, fix(repository, "main", "again\n"), BRANCH).replaced == checkout.run("rev-parse", "work")


def test_a_push_that_comes_between_is_not_overwritten(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    """The remote's own hook moves the branch after it was looked at, as a person may."""
    publish(repository, fix(repository, "main"), BRANCH)
    theirs = bare.run("commit-tree", "-p", BRANCH, "-m", "between", "main^{tree}")
    real = shutil.which("git")
    assert real is not None
    program = checkout.path.parent / "bin" / "git"
    program.parent.mkdir()
    moves = f'{real} --git-dir "{bare.path}" update-ref refs/heads/{BRANCH} {theirs}'
    program.write_text(f'#!/bin/sh\ncase " $* " in *" push "*) {moves};; esac\nexec {real} "$@"\n')
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        raised = refusal(lambda: publish(repository, fix(repository, "main", "again\n"), BRANCH))
    assert raised.hint == "somebody pushed meanwhile: run it again"
    assert bare.run("rev-parse", BRANCH) == theirs


def test_no_hook_of_the_checkout_runs_and_the_remote_may_refuse(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    for folder, said in ((checkout.path / ".git", "pre-push"), (bare.path, "pre-receive")):
        hook = folder / "hooks" / said
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho protected branch >&2\nexit 1\n")
        hook.chmod(0o755)
    raised = refusal(lambda: publish(repository, fix(repository, "main"), BRANCH))
    assert "protected branch" in str(raised.detail)
    (bare.path / "hooks" / "pre-receive").unlink()
    assert publish(repository, fix(repository, "main"), BRANCH).pushed


def test_nothing_is_pushed_to_the_default_branch(checkout: GitFolder, bare: GitFolder, repository: Repository) -> None:
    commit = fix(repository, "main")
    for branch in ("main", "-x", "a..b"):
        refusal(lambda branch=branch: publish(repository, commit, branch))  # type: ignore[misc] # bound at once
    assert bare.run("rev-parse", "main") != commit


def test_nothing_is_pushed_to_a_branch_that_people_merge_into(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    """A fix made from it loses nothing of it, and would be merged unseen."""
    checkout.run("push", "--quiet", "origin", "main:refs/heads/release")
    commit = fix(repository, "main")
    assert "starts from" in str(refusal(lambda: publish(repository, commit, "release")).detail)


def test_without_a_remote_the_branch_is_set_here(checkout: GitFolder, repository: Repository) -> None:
    first = fix(repository, "main")
    assert publish(repository, first, BRANCH) == Published(BRANCH, first, pushed=False, replaced="")
    second = fix(repository, "main", "again\n")
    assert publish(repository, second, BRANCH) == Published(BRANCH, second, pushed=False, replaced=first)
    assert latest_of(repository, "origin", BRANCH) == checkout.run("rev-parse", BRANCH) == second


def test_without_a_remote_the_branch_a_person_works_on_is_left(
    checkout: GitFolder, repository: Repository, tmp_path: Path
) -> None:
    publish(repository, fix(repository, "main"), BRANCH)
    checkout.run("worktree", "add", "--quiet", str(tmp_path / "second"), BRANCH)
    commit = fix(repository, "main", "again\n")
    assert "is checked out" in str(refusal(lambda: publish(repository, commit, BRANCH)).detail)
    checkout.run("worktree", "remove", str(tmp_path / "second"))
    checkout.run("switch", "--quiet", BRANCH)
    on_top(checkout)
    checkout.run("switch", "--quiet", "main")
    assert "a commit of Ada" in str(refusal(lambda: publish(repository, commit, BRANCH)).detail)


def test_a_remote_that_does_not_answer_is_told_of_without_its_password(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    checkout.run("remote", "set-url", "origin", "http://me:hunter2hunter2@127.0.0.1:1/acme/shop.git")
    for act in (
        lambda: publish(repository, fix(repository, "main"), BRANCH),
        lambda: latest_of(repository, "origin", "main"),
    ):
        raised = refusal(act)
        assert "127.0.0.1" in str(raised.detail)
        assert "hunter2" not in f"{raised} {raised.detail} {raised.hint}"


def test_an_address_that_names_a_program_runs_none(
    checkout: GitFolder, bare: GitFolder, repository: Repository, tmp_path: Path
) -> None:
    checkout.run("config", "protocol.ext.allow", "always")
    checkout.run("remote", "set-url", "origin", f"ext::sh -c touch% {tmp_path}/ran")
    refusal(lambda: latest_of(repository, "origin", "main"))
    assert not (tmp_path / "ran").exists()


def test_a_branch_that_is_on_no_remote_has_no_head(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    checkout.run("branch", "mine")
    refusal(lambda: latest_of(repository, "origin", "mine"))


def test_the_address_pushed_to_is_the_one_git_uses(
    checkout: GitFolder, bare: GitFolder, repository: Repository
) -> None:
    assert push_url(repository) == str(bare.path)
    checkout.run("remote", "set-url", "origin", "../shop.git")
    assert push_url(repository) == str(bare.path)
    checkout.run("remote", "set-url", "origin", "gh:acme/shop")
    checkout.run("config", "url.https://github.com/.insteadOf", "gh:")
    assert push_url(repository) == "https://github.com/acme/shop"
    assert push_url(repository, "upstream") == ""
