"""Fixtures every test may use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import settings

from retrace_resources.lake import Lake

# Deadlines would measure the machine; the examples are what counts.
settings.register_profile("retrace", deadline=None, max_examples=60)
settings.load_profile("retrace")


@pytest.fixture(scope="session", autouse=True)
def unchecked_extensions() -> Iterator[None]:
    """Spare each lake the check of its extensions' signatures: 70 MB to hash, four fifths of what opening one takes.

    Programs that tests start as processes of their own do check them.
    """
    connect = duckdb.connect

    def connect_unchecked(*args: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        options["config"] = {**options.get("config", {}), "allow_unsigned_extensions": "true"}
        return connect(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect_unchecked)
        yield


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
