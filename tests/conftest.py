"""Fixtures every test may use."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import settings

from retrace_core.tables import SCHEMA_VERSION
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


@pytest.fixture(scope="session", autouse=True)
def make_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Lake], duckdb.DuckDBPyConnection]]:
    """Begin each new lake with a copy of one catalog: to make its tables takes longer than most tests do.

    Gives what makes one, to tests of that. Programs that tests start as processes of their own make theirs, too.
    """
    make = Lake._open

    @cache
    def made() -> Path:
        home = tmp_path_factory.mktemp("made")
        with pytest.MonkeyPatch.context() as patch, Lake(home) as lake:
            patch.setattr(Lake, "_open", make)
            lake.snapshot_id()
            return lake.catalog_path

    def copy(lake: Lake) -> duckdb.DuckDBPyConnection:
        if lake.catalog_path.exists():
            return make(lake)
        source = made()
        with lake._writers_lock():
            if not lake.catalog_path.exists():
                part = lake.catalog_path.with_suffix(".part")
                shutil.copy(source, part)
                part.rename(lake.catalog_path)
                (lake.catalog_path.parent / f"schema-{SCHEMA_VERSION}").touch()
        return make(lake)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "_open", copy)
        yield make


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
