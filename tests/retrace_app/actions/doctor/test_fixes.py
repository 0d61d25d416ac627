"""What fixes need: a sandbox, and repositories that can be worked with."""

import subprocess
from pathlib import Path

import pytest

from retrace_app.actions.repositories import connect
from retrace_resources.settings import load_settings
from tests.retrace_app.actions.doctor.examined import findings


def test_sandbox_that_can_be_made_is_well(installed: Path) -> None:
    assert findings()["sandbox"].status == "ok"


def test_missing_sandbox_is_named_with_what_to_do(
    installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    finding = findings()["sandbox"]

    assert finding.status == "warn"
    assert "bubblewrap" in finding.found
    assert "--unsafe-no-sandbox" in finding.next_step


def test_repository_that_has_moved_is_named(installed: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "shop"
    checkout.mkdir()
    commit = ("-c", "user.name=Ann", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "-m", "First")
    for arguments in (("init", "--quiet"), commit):
        subprocess.run(["git", *arguments], cwd=checkout, check=True)
    assert findings()["repositories"].found == "none is connected"
    connect(load_settings(), "acme/shop", checkout)
    assert findings()["repositories"].status == "ok"

    checkout.rename(tmp_path / "elsewhere")

    finding = findings()["repositories"]
    assert finding.status == "warn"
    assert "acme/shop" in finding.found
