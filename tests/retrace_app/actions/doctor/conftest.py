"""A folder whose environment configures nothing, and one after `retrace quickstart`."""

import os
from pathlib import Path

import pytest

from retrace_app.actions.setup import quickstart
from retrace_app.actions.workspace import DEFAULT_BASE_URL, Names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with an environment that configures nothing."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("RETRACE_") or name in {"GITHUB_TOKEN", "DAGSTER_HOME"}:
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def installed(folder: Path) -> Path:
    """A folder after `retrace quickstart`; its home."""
    quickstart(None, Names(), DEFAULT_BASE_URL, "Browser SDK")
    return folder / "data"
