"""What is shown of a machine: as little as will do, by a person's settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrace_resources.sandbox.bubblewrap import FILES, arguments
from retrace_resources.sandbox.confinement import Confinement, confinement_of
from retrace_resources.sandbox.limits import held_to, limits_of
from retrace_resources.sandbox.toolchain import folders_of, own_python, program, python_of
from retrace_resources.settings_schema import Sandbox


def told(confinement: Confinement) -> list[str]:
    return arguments(
        confinement, limits_of(Sandbox()), program=Path("/usr/bin/bwrap"), status=9, files=dict.fromkeys(FILES, 10)
    )


def mounts(confinement: Confinement) -> list[tuple[str, str, str]]:
    """The bindings, in their order: how, from where, to where."""
    words = told(confinement)
    return [
        (how, *words[at + 1 : at + 3])
        for at, how in enumerate(words)
        if how in {"--bind", "--ro-bind"} and words[at + 1].startswith("/") and not words[at + 2].startswith("/proc")
    ]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    for name in ("node_modules", "packages/a/node_modules", "packages/b/node_modules", "src"):
        (folder / name).mkdir(parents=True)
    return folder


def test_only_the_copy_is_writable(copy: Path, checkout: Path) -> None:
    written = [to for how, _, to in mounts(confinement_of(copy, Sandbox(), checkout=checkout)) if how == "--bind"]
    assert written == [str(checkout)]


def test_outer_folders_are_bound_before_those_inside_of_them(copy: Path, tmp_path: Path) -> None:
    confinement = Confinement(
        copy=copy,
        at=tmp_path / "a" / "b",
        read_only=(tmp_path / "a" / "b" / "c" / "d", tmp_path / "a"),
        dependencies={"node_modules": tmp_path / "n"},
    )
    below = [to.removeprefix(str(tmp_path)) for _, _, to in mounts(confinement) if to.startswith(str(tmp_path))]
    assert below == ["/a", "/a/b", "/a/b/node_modules", "/a/b/c/d"]


def test_nothing_is_asked_of_the_network(copy: Path) -> None:
    words = told(confinement_of(copy, Sandbox()))
    assert {"--unshare-net", "--unshare-user", "--unshare-pid", "--die-with-parent", "--new-session"} <= {*words}
    assert "--share-net" not in words


def test_dependencies_are_found_by_name_and_by_pattern(copy: Path, checkout: Path) -> None:
    block = Sandbox(dependencies=("node_modules", "packages/*/node_modules", "not-there"))
    lent = confinement_of(copy, block, checkout=checkout).dependencies
    assert lent == {
        name: checkout / name for name in ("node_modules", "packages/a/node_modules", "packages/b/node_modules")
    }


def test_what_the_commit_has_itself_is_not_lent(copy: Path, checkout: Path) -> None:
    (copy / "node_modules").symlink_to("/nowhere")
    assert confinement_of(copy, Sandbox(), checkout=checkout).dependencies == {}


def test_the_environment_is_a_list_of_what_may_pass(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_AUTH_SOCK", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD"):
        monkeypatch.setenv(name, "of the person")
    monkeypatch.setenv("NODE_ENV", "production")
    passed = confinement_of(copy, Sandbox(environment=("NODE_ENV", "NOT_SET")), variables={"MODE": "a"}).environment
    assert "of the person" not in passed.values()
    assert passed["NODE_ENV"] == "production"
    assert passed["MODE"] == "a"
    assert {*passed} <= {
        *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LOGNAME", "PYTHONDONTWRITEBYTECODE", "SHELL", "USER", "PATH"),
        *("NODE_ENV", "MODE"),
    }


def test_path_names_only_what_is_there_inside(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    (tools / "bin").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tools}/bin:/home/somebody/bin:/usr/bin")
    block = Sandbox(read_only=(tools,))
    inside = confinement_of(copy, block).environment["PATH"].split(":")
    assert inside[:2] == [f"{tools}/bin", "/usr/bin"]
    assert "/home/somebody/bin" not in inside
    assert "/home/somebody/bin" in confinement_of(copy, block, is_confined=False).environment["PATH"].split(":")


def test_a_home_is_never_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    for name in ("bin", ".local/bin", ".local/lib/node_modules/pkg", "conda/lib", ".nvm/versions/v22/lib", "shop/.git"):
        (home / name).mkdir(parents=True)
    (home / "shop" / "lib").mkdir()
    assert folders_of(home / "shop" / "bin" / "agent") == (home / "shop" / "bin" / "agent",)
    assert folders_of(home / "bin" / "agent") == (home / "bin" / "agent",)
    assert folders_of(home / ".local" / "bin" / "agent") == (home / ".local" / "bin" / "agent",)
    package = home / ".local" / "lib" / "node_modules" / "pkg"
    assert folders_of(package / "dist" / "cli.js") == (package,)
    assert folders_of(home / "conda" / "bin" / "agent") == (home / "conda",)
    assert folders_of(home / ".nvm" / "versions" / "v22" / "bin" / "node") == (home / ".nvm" / "versions" / "v22",)
    assert folders_of(Path("/usr/bin/env")) == ()


def test_a_scoped_package_is_shown_and_its_neighbours_are_not(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "node_modules" / "@maker" / "agent"
    (package / "node_modules" / "inner").mkdir(parents=True)
    assert folders_of(package / "cli.js") == (package,)


def test_the_python_of_an_environment_is_found(tmp_path: Path) -> None:
    base = tmp_path / "python"
    (base / "bin").mkdir(parents=True)
    environment = tmp_path / "venv"
    environment.mkdir()
    (environment / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion = 3.12\n")
    assert python_of(environment) == (base,)
    assert python_of(tmp_path) == ()


def test_our_own_python_runs_from_what_is_shown_of_it() -> None:
    shown = {*own_python(), Path("/usr")}
    assert any(folder in Path(sys.executable).resolve().parents for folder in shown)


def test_an_environments_python_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert program("python", str(tmp_path / "bin")) == Path(sys.executable).resolve()
    (tmp_path / "pyvenv.cfg").touch()
    assert program("python", str(tmp_path / "bin")) == tmp_path / "bin" / "python"
    assert program("no-such-program", str(tmp_path)) is None


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_the_kernel_is_told_the_limits_it_can_hold_by_itself() -> None:
    limits = limits_of(Sandbox(disk_mb=16, processes=77))
    command = held_to(limits, ["sh", "-c", "ulimit -f; ulimit -c; ulimit -n; ulimit -p"], is_confined=True)
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": os.defpath}).stdout.split()
    assert said[0] == str(16_000_000 // 512)
    assert said[1] == "0"
    assert said[2] == "4096"
    assert said[3:] in (["77"], [])  # dash tells what other shells call -u
