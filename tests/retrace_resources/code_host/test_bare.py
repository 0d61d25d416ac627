"""Pull requests of a remote on this machine: the remote itself says what was merged."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.bare import BareRemote
from retrace_resources.code_host.pull_request import Proposal, PullRequest
from tests.retrace_resources.git_folders import GitFolder, as_a_person

pytestmark = pytest.mark.slow

FIX = Proposal("Fix the cart", "It was red.", "retrace/INC-4F2A91", "main")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """A person's clone of a bare remote, with a fix on a branch of its own."""
    as_a_person(monkeypatch, tmp_path / "person")
    GitFolder(tmp_path / "shop.git", "--bare")
    checkout = GitFolder(tmp_path / "shop")
    checkout.run("remote", "add", "origin", str(tmp_path / "shop.git"))
    checkout.commit("readme", "a shop\n")
    checkout.run("push", "--quiet", "origin", "main")
    checkout.run("switch", "--quiet", "-c", FIX.branch)
    checkout.commit("cart.js", "fixed\n", "Fix the cart")
    checkout.run("push", "--quiet", "origin", FIX.branch)
    checkout.run("switch", "--quiet", "main")
    return checkout


@pytest.fixture
def host(checkout: GitFolder, tmp_path: Path) -> BareRemote:
    return BareRemote(tmp_path / "shop.git", tmp_path / "records")


def found(host: BareRemote) -> PullRequest:
    pull_request = host.find(FIX.branch)
    assert pull_request is not None
    return pull_request


def refusal(raised: pytest.ExceptionInfo[RetraceError]) -> str:
    assert raised.value.code is ErrorCode.CODE_HOST_REFUSED
    return str(raised.value.detail)


def test_one_that_is_opened_is_open_and_has_a_page_for_people(host: BareRemote, checkout: GitFolder) -> None:
    assert host.find(FIX.branch) is None
    opened = host.open(FIX)
    assert (opened.state, opened.number, opened.merge_sha) == ("open", None, "")
    assert opened.head_sha == checkout.run("rev-parse", FIX.branch)
    page = Path(unquote(urlsplit(opened.url).path))
    assert page.name == "retrace--INC-4F2A91.md"
    assert "Fix the cart" in page.read_text()
    assert "It was red." in page.read_text()
    assert found(host) == opened


def test_it_is_merged_by_a_merge_commit(host: BareRemote, checkout: GitFolder) -> None:
    host.open(FIX)
    checkout.commit("other", "x\n")
    checkout.run("merge", "--quiet", "--no-ff", "-m", "Merge the fix", FIX.branch)
    merged = checkout.run("rev-parse", "HEAD")
    checkout.commit("later", "x\n")
    checkout.run("push", "--quiet", "origin", "main")
    assert (found(host).state, found(host).merge_sha) == ("merged", merged)


def test_it_is_merged_by_a_fast_forward(host: BareRemote, checkout: GitFolder) -> None:
    host.open(FIX)
    checkout.run("merge", "--quiet", "--ff-only", FIX.branch)
    checkout.commit("later", "x\n")
    checkout.run("push", "--quiet", "origin", "main")
    assert (found(host).state, found(host).merge_sha) == ("merged", checkout.run("rev-parse", FIX.branch))


def test_it_is_merged_where_another_branch_brought_it(host: BareRemote, checkout: GitFolder) -> None:
    """The commit on the base's own line counts: what was merged into a release branch is not there yet."""
    host.open(FIX)
    checkout.run("switch", "--quiet", "-c", "release")
    checkout.run("merge", "--quiet", "--no-ff", "-m", "into the release", FIX.branch)
    checkout.run("push", "--quiet", "origin", "release")
    assert found(host).state == "open"
    checkout.run("switch", "--quiet", "main")
    checkout.commit("other", "x\n")
    checkout.run("merge", "--quiet", "--no-ff", "-m", "the release", "release")
    checkout.run("push", "--quiet", "origin", "main")
    assert found(host).merge_sha == checkout.run("rev-parse", "main")


def test_it_stays_merged_when_its_branch_is_deleted(host: BareRemote, checkout: GitFolder) -> None:
    head = host.open(FIX).head_sha
    checkout.run("merge", "--quiet", "--no-ff", "-m", "Merge the fix", FIX.branch)
    checkout.run("push", "--quiet", "origin", "main", f":{FIX.branch}")
    assert (found(host).state, found(host).head_sha) == ("merged", head)


def test_a_base_that_moved_on_without_it_merges_nothing(host: BareRemote, checkout: GitFolder) -> None:
    host.open(FIX)
    checkout.commit("other", "x\n")
    checkout.run("push", "--quiet", "origin", "main")
    assert found(host).state == "open"


def test_what_a_person_closed_stays_closed_until_another_is_opened(host: BareRemote, checkout: GitFolder) -> None:
    opened = host.open(FIX)
    host.close(FIX.branch)
    assert host.update(opened, Proposal("New words", "", FIX.branch, "main")).state == "closed"
    assert found(host).state == "closed"
    assert host.open(FIX).state == "open"


def test_one_that_is_open_gets_new_words_and_the_newest_head(host: BareRemote, checkout: GitFolder) -> None:
    opened = host.open(FIX)
    checkout.run("switch", "--quiet", FIX.branch)
    head = checkout.commit("cart.js", "fixed better\n")
    checkout.run("push", "--quiet", "origin", FIX.branch)
    again = host.open(Proposal("Fix it better", "Still red.", FIX.branch, "main", draft=False))
    assert (again.url, again.head_sha) == (opened.url, head)
    assert "Fix it better" in Path(unquote(urlsplit(again.url).path)).read_text()
    assert '"draft": true' in Path(unquote(urlsplit(again.url).path)).with_suffix(".json").read_text()


def test_nothing_is_opened_that_has_nothing_to_merge(host: BareRemote, checkout: GitFolder) -> None:
    checkout.run("push", "--quiet", "origin", "main:refs/heads/same")
    for branch, base, said in (
        ("lost", "main", "no branch lost"),
        (FIX.branch, "lost", "no branch lost"),
        ("same", "main", "nothing"),
    ):
        with pytest.raises(RetraceError) as raised:
            host.open(Proposal("x", "", branch, base))
        assert said in refusal(raised)


def test_a_remote_that_moved_is_told_of(host: BareRemote, tmp_path: Path) -> None:
    host.open(FIX)
    (tmp_path / "shop.git").rename(tmp_path / "elsewhere.git")
    with pytest.raises(RetraceError) as raised:
        host.find(FIX.branch)
    assert "shop.git is not there any more" in refusal(raised)


@pytest.mark.parametrize("content", [b"", b"{", b'{"title": 1}', b"\xff"])
def test_a_record_that_was_damaged_is_told_of(host: BareRemote, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "retrace--INC-4F2A91.json").write_bytes(content)
    with pytest.raises(RetraceError) as raised:
        host.find(FIX.branch)
    assert "is no record of a pull request" in refusal(raised)
