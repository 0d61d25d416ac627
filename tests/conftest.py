"""Fixtures every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from retrace_resources.lake import Lake

# Deadlines would measure the machine; the examples are what counts.
settings.register_profile("retrace", deadline=None, max_examples=60)
settings.load_profile("retrace")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty RETRACE_HOME."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def lake(home: Path) -> Iterator[Lake]:
    """The lake of that home."""
    with Lake(home) as opened:
        yield opened
