"""What the address of a git remote names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_resources.code_host.remotes import Remote, remote_of, without_credentials

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
SECRETS = st.text(st.characters(exclude_categories=("Z", "C"), exclude_characters="\"'<>"), min_size=9)


@given(NAMES, NAMES)
def test_every_way_to_write_a_github_repository_is_the_same_remote(owner: str, name: str) -> None:
    written = [
        f"https://github.com/{owner}/{name}",
        f"https://github.com/{owner}/{name}.git",
        f"https://GitHub.com:443/{owner}/{name}/",
        f"https://someone:token@github.com/{owner}/{name}.git",
        f"git@github.com:{owner}/{name}.git",
        f"github.com:{owner}/{name}",
        f"ssh://git@github.com/{owner}/{name}.git",
        f"ssh://git@ssh.github.com:443/{owner}/{name}.git",
        f"git://github.com/{owner}/{name}.git",
    ]
    assert {remote_of(url) for url in written} == {Remote("github", "github.com", f"{owner}/{name}")}


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("https://acme.ghe.com/acme/shop.git", Remote("github", "acme.ghe.com", "acme/shop")),
        ("https://git.example.com:8443/acme/shop", Remote("other", "git.example.com:8443", "acme/shop")),
        ("ssh://git@git.example.com:2222/acme/shop", Remote("other", "git.example.com", "acme/shop")),
        ("ssh://git@[::1]:2222/acme/shop", Remote("other", "[::1]", "acme/shop")),
        ("git@gitlab.com:group/sub/shop.git", Remote("other", "gitlab.com", "group/sub/shop")),
        ("/srv/git/shop.git", Remote("local", "", "/srv/git/shop.git")),
        ("../shop.git", Remote("local", "", "../shop.git")),
        ("./a:b", Remote("local", "", "./a:b")),
        ("file:///srv/git/my%20shop.git", Remote("local", "", "/srv/git/my shop.git")),
        ("file://localhost/srv/git", Remote("local", "", "/srv/git")),
        ("file://elsewhere/srv/git", Remote("other", "", "")),
        ("ext::sh -c id", Remote("other", "", "")),
        ("", Remote("other", "", "")),
        ("https://github.com/acme", Remote("github", "github.com", "")),
        ("https://github.com/acme/shop/pulls", Remote("github", "github.com", "")),
        ("https://github.com/../shop", Remote("github", "github.com", "")),
        ("https://github.com/acme/shop%3Fhead=x", Remote("github", "github.com", "")),
    ],
)
def test_an_address_names_a_host_and_a_path(url: str, remote: Remote) -> None:
    assert remote_of(url) == remote


@given(st.text())
def test_whatever_an_address_is_it_is_read(url: str) -> None:
    remote = remote_of(url)
    assert remote.kind != "github" or remote.path.count("/") in {0, 1}
    without_credentials(url)


@given(st.sampled_from(["https", "http", "ssh", "git+ssh"]), SECRETS, SECRETS)
def test_credentials_are_neither_kept_nor_printed(scheme: str, user: str, password: str) -> None:
    url = f"{scheme}://{user}:{password}@git.example.com/acme/shop"
    assert remote_of(url).path in {"acme/shop", ""}
    for told in (repr(remote_of(url)), without_credentials(url), without_credentials(f"{url}?access_token={password}")):
        assert user not in told
        assert password not in told


def test_a_text_loses_the_credentials_of_every_address_in_it() -> None:
    said = "fatal: unable to access 'https://me:ghp_x@github.com/a/b/': see https://docs.example.com/x?key=1 for more"
    told = "fatal: unable to access 'https://github.com/a/b/': see https://docs.example.com/x for more"
    assert without_credentials(said) == told
