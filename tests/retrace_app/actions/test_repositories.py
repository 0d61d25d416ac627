"""Connecting a checkout: what it is called, what is found of it, and that nothing in it changes."""

import subprocess
from pathlib import Path

import pytest

from retrace_app.actions.repositories import connect, disconnect, list_repositories
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import Settings, load_settings


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(home)
    monkeypatch.setenv("RETRACE_HOME", str(home))
    return load_settings()


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    (folder / "a.txt").write_text("a")
    git(folder, "add", "a.txt")
    git(folder, "commit", "--quiet", "-m", "First")
    return folder


def test_checkout_is_found_again_by_its_name(settings: Settings, checkout: Path) -> None:
    made = connect(settings, "acme/shop", checkout)

    assert made.commit == git(checkout, "rev-parse", "HEAD")
    assert (made.base, made.remote, made.problem) == ("trunk", "", "")
    assert list_repositories(settings) == [made]


def test_checkout_without_a_name_is_called_as_its_remote_says(settings: Settings, checkout: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://x:secret@github.com/acme/web.git")

    made = connect(settings, "", checkout)

    assert made.name == "acme/web"
    assert "secret" not in made.remote


def test_checkout_on_no_host_is_called_after_its_folder(settings: Settings, checkout: Path) -> None:
    assert connect(settings, "", checkout).name == "local/shop"


def test_connecting_again_replaces(settings: Settings, checkout: Path) -> None:
    connect(settings, "acme/shop", checkout)
    connect(settings, "acme/shop", checkout, base="trunk")

    [found] = list_repositories(settings)
    assert found.base == "trunk"


def test_nothing_in_the_checkout_is_changed(settings: Settings, checkout: Path) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}

    connect(settings, "acme/shop", checkout)
    disconnect(settings, "acme/shop")

    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before
    assert list_repositories(settings) == []


def test_checkout_that_has_moved_is_listed_with_the_reason(settings: Settings, checkout: Path) -> None:
    connect(settings, "acme/shop", checkout)
    checkout.rename(checkout.with_name("elsewhere"))

    [found] = list_repositories(settings)
    assert str(checkout) in found.problem


@pytest.mark.parametrize(
    ("name", "path", "base", "code"),
    [
        ("acme shop", "shop", "", ErrorCode.INVALID_NAME),
        ("acme/shop", "shop", "nowhere", ErrorCode.REPOSITORY_UNUSABLE),
        ("acme/shop", "", "", ErrorCode.REPOSITORY_UNUSABLE),
        ("acme/shop", "gone", "", ErrorCode.REPOSITORY_UNUSABLE),
    ],
)
def test_what_cannot_be_connected_is_refused(  # noqa: PLR0917 - a case a row
    settings: Settings, checkout: Path, name: str, path: str, base: str, code: ErrorCode
) -> None:
    with pytest.raises(RetraceError) as refused:
        connect(settings, name, checkout.parent / path, base=base)

    assert refused.value.code is code


def test_unknown_name_cannot_be_disconnected(settings: Settings) -> None:
    with pytest.raises(RetraceError, match="repository_not_found"):
        disconnect(settings, "acme/shop")
