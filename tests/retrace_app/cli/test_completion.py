"""Completion in a real bash: the commands behind a name are loaded when somebody asks for them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from retrace_app.cli import main

# What bash does at TAB: put the words in place, call the function that `complete` has named, read what it left.
_PRESS_TAB = """
eval "$(retrace completion bash)"
COMP_WORDS=({words} "")
[ -n "{begun}" ] && COMP_WORDS[-1]={begun}
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
function=$(complete -p retrace | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" retrace
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def press_tab(words: str, begun: str, environment: Mapping[str, str], folder: Path) -> list[str]:
    """What bash offers behind some words."""
    program = folder / "bin" / "retrace"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m retrace_app.cli "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", _PRESS_TAB.format(words=words, begun=begun)],
        env={**environment, "PATH": f"{program.parent}{os.pathsep}{environment['PATH']}"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ("retrace", "do", ["doctor"]),
        (
            "retrace qa",
            "",
            [
                "list",
                "show",
                "resolve",
                "ignore",
                "reopen",
                "merge",
                "split",
                "reproduce",
                "certificate",
                "fix",
                "auto",
                "verify",
            ],
        ),
        ("retrace api keys", "r", ["revoke"]),
        ("retrace doctor", "--f", ["--fix"]),
        ("retrace completion", "", ["bash", "zsh", "fish"]),
    ],
)
def test_bash_completes(
    words: str, begun: str, offered: list[str], environment: Mapping[str, str], tmp_path: Path
) -> None:
    assert press_tab(words, begun, environment, tmp_path) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_of_each_shell_is_for_the_same_program(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0

    out, err = capsys.readouterr()
    assert f"complete_{shell}" in out
    assert "_RETRACE_COMPLETE" in out
    assert err == ""


def test_unknown_shell_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err
