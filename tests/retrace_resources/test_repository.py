"""A repository is read as it is, and nothing of it runs meanwhile."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.repository import Repository
from tests.retrace_assets.culprits.sources import git, write_repository

pytestmark = pytest.mark.slow


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    folder = tmp_path / "shop"
    write_repository(folder, {"src/a.ts": "a\n", "src/Straße 1.py": "b\n", "empty.txt": ""})
    return folder


def refused(path: Path, ref: str = "HEAD") -> RetraceError:
    with pytest.raises(RetraceError) as caught:
        Repository(path).commit_of(ref)
    assert caught.value.code is ErrorCode.REPOSITORY_UNUSABLE
    return caught.value


def test_files_and_their_bytes_are_those_of_the_commit(checkout: Path) -> None:
    repository = Repository(checkout)
    commit = repository.commit_of()
    (checkout / "src/a.ts").write_text("changed and not committed\n")
    assert [(file.path, file.size, file.mode) for file in repository.files(commit)] == [
        ("empty.txt", 0, "100644"),
        ("src/Straße 1.py", 2, "100644"),
        ("src/a.ts", 2, "100644"),
    ]
    wanted = ["src/a.ts", "no/such.ts", "src/Straße 1.py", "empty.txt"]
    assert list(repository.read(commit, wanted)) == [
        ("src/a.ts", b"a\n"),
        ("src/Straße 1.py", b"b\n"),
        ("empty.txt", b""),
    ]


def test_a_name_that_is_no_utf8_is_read_under_one_that_is(checkout: Path) -> None:
    Path(os.fsdecode(os.fsencode(checkout) + b"/caf\xe9.ts")).write_text("c")
    commit = write_repository(checkout, {}, subject="Add caf\u00e9")
    repository = Repository(checkout)
    name = "caf\ufffd.ts"
    assert dict(repository.read(commit, [name])) == {name: b"c"}
    assert repository.history(commit, 1)[0].paths == (name,)


def test_links_are_listed_but_not_read(checkout: Path) -> None:
    (checkout / "link.ts").symlink_to("/etc/hostname")
    commit = write_repository(checkout, {})
    repository = Repository(checkout)
    assert {file.path: file.mode for file in repository.files(commit)}["link.ts"] == "120000"
    assert list(repository.read(commit, ["link.ts"])) == []


def test_history_goes_back_from_the_commit_and_never_beyond_it(checkout: Path) -> None:
    second = write_repository(checkout, {"src/a.ts": "2\n"}, subject="Two\nlines", at="2026-11-05T12:00:00Z")
    write_repository(checkout, {"src/a.ts": "3\n", "src/c.ts": "3\n"}, subject="Three", at="2026-11-08T12:00:00Z")
    repository = Repository(checkout)
    told = [(change.subject, change.paths) for change in repository.history(second, 30)]
    assert told[0] == ("Two lines", ("src/a.ts",))
    assert told[1][0] == "first"
    assert set(told[1][1]) == {"empty.txt", "src/Straße 1.py", "src/a.ts"}
    (latest,) = repository.history(repository.commit_of(), 2)
    assert latest.at == datetime(2026, 11, 8, 12, tzinfo=UTC)
    assert latest.paths == ("src/a.ts", "src/c.ts")


def test_a_subject_that_looks_like_a_record_is_a_subject(checkout: Path) -> None:
    subject = "\x1e" + "a" * 40 + "\x1f1\x1fnot a commit"
    commit = write_repository(checkout, {"src/a.ts": "2\n"}, subject=subject)
    assert len(Repository(checkout).history(commit, 30)) == 2


def test_a_repository_says_its_branch_its_remote_and_whether_it_was_touched(checkout: Path) -> None:
    repository = Repository(checkout)
    assert (repository.default_branch(), repository.remote_url(), repository.is_dirty()) == ("main", "", False)
    git(checkout, "remote", "add", "origin", "https://example.org/acme/shop.git")
    git(checkout, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    (checkout / "untracked.ts").write_text("1")
    assert not repository.is_dirty()
    (checkout / "src/a.ts").write_text("1")
    repository = Repository(checkout)
    assert repository.default_branch() == "trunk"
    assert repository.remote_url() == "https://example.org/acme/shop.git"
    assert repository.is_dirty()


def test_a_commit_is_found_by_branch_tag_and_part_of_its_hash(checkout: Path) -> None:
    git(checkout, "tag", "v1")
    commit = Repository(checkout).commit_of()
    assert {Repository(checkout).commit_of(ref) for ref in ("main", "v1", commit[:8], "HEAD")} == {commit}


@pytest.mark.parametrize("ref", ["no-such-branch", "", "--output=x", "v1:src/a.ts"])
def test_what_names_no_commit_is_refused(checkout: Path, ref: str) -> None:
    refused(checkout, ref)


def test_what_is_no_repository_is_refused_with_a_hint(tmp_path: Path) -> None:
    assert "not there" in refused(tmp_path / "moved").detail
    (tmp_path / "plain").mkdir()
    assert refused(tmp_path / "plain").hint
    git(tmp_path / "fresh", "init", "--quiet")
    assert "first commit" in refused(tmp_path / "fresh").hint


def test_nothing_that_a_repository_names_is_run(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = checkout / "ran"
    program = checkout / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    program.chmod(0o755)
    hooks = checkout / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / name).write_text(program.read_text())
        (hooks / name).chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "diff.evil.textconv", "gpg.program"):
        git(checkout, "config", name, str(program))
    git(checkout, "config", "log.showSignature", "true")
    git(checkout, "config", "pager.log", str(program))
    write = checkout / ".git/info/attributes"
    write.parent.mkdir(exist_ok=True)
    write.write_text("* diff=evil\n")
    trap.unlink(missing_ok=True)
    for name in ("GIT_DIR", "GIT_EXTERNAL_DIFF", "GIT_PAGER"):
        monkeypatch.setenv(name, str(program))
    repository = Repository(checkout)
    commit = repository.commit_of()
    assert [change.subject for change in repository.history(commit, 30)] == ["first"]
    assert dict(repository.read(commit, ["src/a.ts"])) == {"src/a.ts": b"a\n"}
    (checkout / "src/a.ts").write_text("1")
    assert repository.is_dirty()
    assert not trap.exists()
