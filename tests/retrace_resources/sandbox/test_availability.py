"""Whether things can be confined here, said so that a person can do something about it."""

import subprocess
import sys
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.sandbox.availability import available, bubblewrap_program, ensure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")


def test_this_machine_can_confine() -> None:
    """Set-up sees to it; without a sandbox no test of it means anything."""
    assert available() == ""
    assert bubblewrap_program().is_file()


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed but what is put into this folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def bubblewrap(folder: Path, body: str) -> None:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def test_a_missing_bubblewrap_is_said(only: Path) -> None:
    assert available() == "bubblewrap (bwrap) is not installed"
    for refused in (bubblewrap_program, ensure):
        with pytest.raises(RetraceError) as refusal:
            refused()
        assert refusal.value.code is ErrorCode.SANDBOX_UNAVAILABLE
        assert "--unsafe-no-sandbox" in refusal.value.hint


def test_an_old_bubblewrap_is_said(only: Path) -> None:
    bubblewrap(only, "echo bubblewrap 0.6.1")
    assert available() == "bubblewrap 0.6.1 is too old"


def test_a_machine_that_forbids_it_is_quoted(only: Path) -> None:
    bubblewrap(
        only,
        '[ "$1" = --version ] && echo bubblewrap 0.11.0 && exit\n'
        "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1",
    )
    assert available() == "bubblewrap cannot make a sandbox: bwrap: setting up uid map: Permission denied"


def test_set_up_is_one_command_that_says_nothing_when_all_is_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retrace_resources.sandbox"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
