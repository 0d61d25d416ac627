"""Indexes as they are kept: one file a commit, the newest few, made again when they cannot be read.

Belongs here: where they lie, and when one still counts. Does not: what is in one (source_index).
"""

from pathlib import Path
from typing import Final

import msgspec

from retrace_assets.culprits.source_index import CODE_VERSION, SourceIndex, index_sources, worth_reading
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.repository import Repository
from retrace_resources.whole_file import write_whole

KEPT: Final = 5
HISTORY_DAYS: Final = 365


def index_of(home: Path, repository: Repository, commit: str) -> tuple[SourceIndex, bool]:
    """The index of a commit, and whether it had to be made; raises `repository_unusable` where there is no source."""
    folder = home / "cache" / "source-index"
    path = folder / f"{commit}.msgpack"
    known = _read(path)
    if known is not None:
        path.touch()
        return known, False
    files = repository.files(commit)
    wanted = worth_reading(files)
    index = index_sources(commit, repository.read(commit, wanted), repository.history(commit, HISTORY_DAYS), files)
    if not index.paths:
        detail = f"{repository.path} has no source file at {commit[:10]} that can be ranked"
        raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, detail, hint="connect the repository of the application")
    write_whole(path, msgspec.msgpack.encode(index))
    for old in sorted(folder.glob("*.msgpack"), key=_age)[KEPT:]:
        old.unlink(missing_ok=True)
    return index, True


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
