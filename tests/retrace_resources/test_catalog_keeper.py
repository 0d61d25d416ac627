"""The catalog stays open. These tests open no lake of their own: two SQLite libraries in one process lose locks."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from retrace_resources.catalog_keeper import CatalogKeeper

ROOT = Path(__file__).parents[2]
COMMIT = """
import sys
from pathlib import Path
import polars as pl
from retrace_core.tables import PROGRESS
from retrace_resources.lake import Lake
with Lake(Path(sys.argv[1])) as lake, lake.transaction() as transaction:
    transaction.append(PROGRESS, pl.DataFrame({"stage": ["s"], "commit_no": [1]}))
"""


def commit(home: Path) -> None:
    """Commit to the lake in a process of its own."""
    subprocess.run([sys.executable, "-c", COMMIT, str(home)], cwd=ROOT, check=True, timeout=60)


def log_of(home: Path) -> Path:
    """The catalog's write-ahead log."""
    return home / "lake" / "catalog.sqlite-wal"


def test_the_log_goes_with_the_last_process_when_nobody_keeps_the_catalog(home: Path) -> None:
    """What the keeper is for; if this fails, it is no longer needed."""
    commit(home)

    assert not log_of(home).exists()


def test_the_log_stays_while_the_catalog_is_kept(home: Path) -> None:
    commit(home)
    with closing(CatalogKeeper(home)) as keeper:
        keeper.look()
        commit(home)

        assert log_of(home).exists()

    assert not log_of(home).exists()


def test_a_keeper_waits_for_a_lake_that_is_made_later(home: Path) -> None:
    with closing(CatalogKeeper(home)) as keeper:
        keeper.look()
        assert not (home / "lake").exists()

        commit(home)
        keeper.look()
        commit(home)

        assert log_of(home).exists()


def test_a_file_that_is_no_catalog_yet_is_left_alone(home: Path) -> None:
    (home / "lake").mkdir()
    (home / "lake" / "catalog.sqlite").touch()

    with closing(CatalogKeeper(home)) as keeper:
        keeper.look()

    assert (home / "lake" / "catalog.sqlite").stat().st_size == 0
