"""Indexes as they are kept: one file a commit, the newest few, made again when they cannot be read.

Belongs here: where they lie, and when one still counts. Does not: what is in one (source_index).
"""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from retrace_assets.culprits.source_index import (
    CODE_VERSION,
    Gathered,
    SourceIndex,
    gather,
    index_sources,
    worth_reading,
)
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.repository import Repository
from retrace_resources.whole_file import write_whole

KEPT: Final = 5
HISTORY_DAYS: Final = 365

# To start a process takes as long as to read some thousand files.
_MANY: Final = 5_000


def index_of(home: Path, repository: Repository, commit: str) -> tuple[SourceIndex, bool]:
    """The index of a commit, and whether it had to be made; raises `repository_unusable` where there is no source."""
    folder = home / "cache" / "source-index"
    path = folder / f"{commit}.msgpack"
    known = _read(path)
    if known is not None:
        path.touch()
        return known, False
    files = repository.files(commit)
    gathered = _gathered(repository, commit, worth_reading(files))
    index = index_sources(commit, gathered, repository.history(commit, HISTORY_DAYS), files)
    if not index.paths:
        detail = f"{repository.path} has no source file at {commit[:10]} that can be ranked"
        raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, detail, hint="connect the repository of the application")
    write_whole(path, msgspec.msgpack.encode(index))
    for old in sorted(folder.glob("*.msgpack"), key=_age)[KEPT:]:
        old.unlink(missing_ok=True)
    return index, True


def _gathered(repository: Repository, commit: str, paths: Sequence[str]) -> Gathered:
    """Read the files of a commit, many of them in as many processes as the machine has cores."""
    cores = os.cpu_count() or 1
    if len(paths) < _MANY or cores == 1:
        return gather(repository.read(commit, paths))
    size = -(-len(paths) // cores)
    parts = [paths[first : first + size] for first in range(0, len(paths), size)]
    # A DuckDB connection must not cross a fork.
    with ProcessPoolExecutor(len(parts), multiprocessing.get_context("spawn")) as pool:
        first, *later = pool.map(partial(_gathered_alone, repository.path, commit), parts)
    for each in later:
        first.extend(each)
    return first


def _gathered_alone(folder: Path, commit: str, paths: Sequence[str]) -> Gathered:
    return gather(Repository(folder).read(commit, paths))


def _read(path: Path) -> SourceIndex | None:
    try:
        index = msgspec.msgpack.decode(path.read_bytes(), type=SourceIndex)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    return index if index.code_version == CODE_VERSION else None


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        # Another process has removed it.
        return float("inf")
