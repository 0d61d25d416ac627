"""Which code host a remote's pull requests are on."""

from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.choose import code_host_of
from retrace_resources.code_host.pull_request import CodeHost, Proposal
from tests.retrace_resources.code_host.conftest import TOKEN, FakeGitHub

ENTERPRISE = "https://git.example.com/api/v3"


def chosen(url: str, folder: Path, *, token: str = TOKEN, base_url: str = "https://api.github.com") -> CodeHost | None:
    environment = {"PATH": str(folder / "bin")}
    return code_host_of(
        url, name="acme/shop", token=token, base_url=base_url, records=folder / "records", environment=environment
    )


def signed_in_to(host: str, folder: Path) -> None:
    program = folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = "auth status --hostname {host}" ]\n')
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("url", "base_url", "name"),
    [
        ("git@github.com:acme/shop.git", "https://api.github.com", "github"),
        ("https://acme.ghe.com/acme/shop", "https://api.github.com", "github"),
        ("https://git.example.com/acme/shop.git", ENTERPRISE, "github"),
        ("/srv/git/shop.git", "https://api.github.com", "local"),
        ("file:///srv/git/shop.git", "https://api.github.com", "local"),
        ("https://gitlab.com/acme/shop.git", "https://api.github.com", None),
        ("https://git.example.com/acme/shop.git", "https://api.github.com", None),
        ("https://github.com/acme", "https://api.github.com", None),
        ("", "https://api.github.com", None),
    ],
)
def test_the_address_of_the_remote_decides(tmp_path: Path, url: str, base_url: str, name: str | None) -> None:
    host = chosen(url, tmp_path, base_url=base_url)
    assert (host and host.name) == name


def test_gh_comes_first_where_it_is_signed_in_to_the_host(tmp_path: Path) -> None:
    signed_in_to("git.example.com", tmp_path)
    enterprise = chosen("git@git.example.com:acme/shop.git", tmp_path, token="")
    public = chosen("git@github.com:acme/shop.git", tmp_path)
    assert enterprise is not None
    assert public is not None
    assert (enterprise.name, public.name) == ("gh", "github")


def test_without_gh_and_without_a_token_the_way_to_either_is_told(tmp_path: Path) -> None:
    with pytest.raises(RetraceError) as raised:
        chosen("https://me:secret@github.com/acme/shop.git", tmp_path, token="")
    assert raised.value.code is ErrorCode.CODE_HOST_REFUSED
    assert raised.value.hint == "gh auth login --hostname github.com, or set GITHUB_TOKEN (scope `repo`)"
    assert "secret" not in str(raised.value)


def test_the_api_that_was_configured_is_asked(tmp_path: Path, github: FakeGitHub) -> None:
    github.tell("GET", "/repos/acme/shop", {"full_name": "acme/shop"})
    github.tell("GET", "/repos/acme/shop/pulls", [])
    host = chosen("git@github.com:acme/shop.git", tmp_path, base_url=github.address)
    assert host is not None
    assert host.find("retrace/INC-4F2A91") is None


def test_the_records_of_a_folder_lie_under_the_name_it_is_connected_as(tmp_path: Path) -> None:
    host = chosen(str(tmp_path), tmp_path)
    assert host is not None
    with pytest.raises(RetraceError):
        host.open(Proposal("x", "", "lost", "main"))
    (tmp_path / "records" / "acme--shop").mkdir(parents=True)
    (tmp_path / "records" / "acme--shop" / "fix.json").write_text("{")
    with pytest.raises(RetraceError, match="no record"):
        host.find("fix")
