"""Real repositories with a person's work in them, and fixes made beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.fix_branch import INCIDENT_TRAILER, commit_fix, worktree
from retrace_resources.repository import Repository
from tests.retrace_resources.git_folders import GitFolder, as_a_person

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
