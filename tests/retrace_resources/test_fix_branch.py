"""The branch of a fix, in real repositories: what a person has in theirs is never touched, nor lost on the remote."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.fix_branch import (
    INCIDENT_TRAILER,
    Published,
    base_of,
    commit_fix,
    latest_of,
    publish,
    push_url,
    worktree,
)
from retrace_resources.repository import Repository
from tests.retrace_resources.git_folders import GitFolder, as_a_person

pytestmark = pytest.mark.slow

BRANCH = "retrace/INC-4F2A91"
OURS = {INCIDENT_TRAILER: "INC-4F2A91"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """A person's repository without a remote."""
    as_a_person(monkeypatch, tmp_path / "person")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    checkout = GitFolder(tmp_path / "shop")
    checkout.commit("cart.js", "one\ntwo\nthree\n")
    return checkout


@pytest.fixture
def bare(checkout: GitFolder, tmp_path: Path) -> GitFolder:
    """Its remote, which has its main branch."""
    bare = GitFolder(tmp_path / "shop.git", "--bare")
    checkout.run("remote", "add", "origin", str(bare.path))
    checkout.run("push", "--quiet", "origin", "main")
    return bare


@pytest.fixture
def repository(checkout: GitFolder) -> Repository:
    return Repository(checkout.path)


def patch_of(checkout: GitFolder, text: str = "one\n2\nthree\n") -> bytes:
    """What `git diff` prints of a change to cart.js, which is then undone."""
    before = (checkout.path / "cart.js").read_text()
    (checkout.path / "cart.js").write_text(text)
    patch = checkout.run("diff", "--binary") + "\n"
    (checkout.path / "cart.js").write_text(before)
    return patch.encode()


def fix(repository: Repository, base: str, text: str = "fixed\n", incident: str = "INC-4F2A91") -> str:
    """A commit of ours on a base."""
    with worktree(repository, base) as folder:
        return commit_fix(folder, b"", {"cart.js": text.encode()}, "Fix the cart", {INCIDENT_TRAILER: incident})


def refusal(act: Callable[[], object], code: ErrorCode = ErrorCode.REPOSITORY_UNUSABLE) -> RetraceError:
    with pytest.raises(RetraceError) as raised:
        act()
    assert raised.value.code is code
    return raised.value


# A folder to work in.


def dirty(checkout: GitFolder) -> None:
    (checkout.path / "cart.js").write_text("unsaved\n")
    (checkout.path / "new.js").write_text("untracked\n")
    (checkout.path / "staged.js").write_text("staged\n")
    checkout.run("add", "staged.js")


def detached(checkout: GitFolder) -> None:
    checkout.run("switch", "--quiet", "--detach")


def hooked(checkout: GitFolder) -> None:
    """Hooks that would leave a trace, or refuse."""
    for name in (
        "post-checkout",
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
        "reference-transaction",
    ):
        hook = checkout.path / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {checkout.path}/ran\nexit 1\n")
        hook.chmod(0o755)


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


# What it starts from.


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


# What it holds.


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


# Where it goes.


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
