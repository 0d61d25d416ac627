"""Real git repositories for tests, with the configuration a person may have and nothing of this machine's."""

import os
import subprocess
from pathlib import Path

import pytest


class GitFolder:
    """A repository in a folder, worked on as a person does."""

    def __init__(self, path: Path, *init: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.run("init", "--quiet", "--initial-branch=main", *init)

    def run(self, *arguments: str) -> str:
        """What git prints."""
        done = subprocess.run(["git", *arguments], cwd=self.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def commit(self, path: str = "cart.js", text: str = "", message: str = "change", *options: str) -> str:
        """Write a file and commit it."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text or f"{message}\n")
        self.run("add", "--", path)
        self.run("commit", "--quiet", "-m", message, *options)
        return self.run("rev-parse", "HEAD")

    def state(self) -> tuple[str, ...]:
        """All of a checkout that nobody else may change: branch, index, files, the branches there are."""
        head = (self.path / ".git" / "HEAD").read_text() if (self.path / ".git").is_dir() else ""
        listed = ("status --porcelain=v2 --untracked-files=all", "ls-files --stage", "branch --list", "stash list")
        files = sorted(
            f"{file}:{file.read_bytes()!r}"
            for file in self.path.rglob("*")
            if file.is_file() and ".git" not in file.relative_to(self.path).parts
        )
        return head, *(self.run(*command.split()) for command in listed), *files


def as_a_person(monkeypatch: pytest.MonkeyPatch, home: Path, *, named: bool = True) -> None:
    """Make git read the configuration of one person, who may not have said who they are."""
    home.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_CONFIG", "EMAIL"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    person = "[user]\n\tname = Ada\n\temail = ada@example.com\n" if named else "[user]\n\tuseConfigOnly = true\n"
    (home / ".gitconfig").write_text(f'{person}[protocol "file"]\n\tallow = always\n')
