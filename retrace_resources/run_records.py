"""Records of test runs as files: `ui-tests/runs/<run_id>/run.json`, beside the artifacts it names.

Belongs here: where they lie, their hash, reading one. Does not: their shape (retrace_core.test_run), writing them
(engine).
"""

import hashlib
import re
from pathlib import Path
from typing import Final

import msgspec

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.test_run import TestRun

RECORD: Final = "run.json"
RUN_ID: Final = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
"""How the id of a run looks: when it began, UTC, and a number."""


def runs_folder(home: Path) -> Path:
    """Where each run has a folder of its id."""
    return home / "ui-tests" / "runs"


def record_hash(folder: Path) -> str:
    """SHA-256 of a run's record, by which a certificate names it."""
    return hashlib.sha256((folder / RECORD).read_bytes()).hexdigest()


def read_run(home: Path, run_id: str) -> TestRun:
    """Read the record of a run; raises `run_not_found`."""
    # An id may come from a person: it must not lead out of the folder.
    path = runs_folder(home) / run_id / RECORD
    try:
        if not RUN_ID.fullmatch(run_id):
            raise FileNotFoundError(run_id)
        return msgspec.json.decode(path.read_bytes(), type=TestRun)
    except (OSError, msgspec.DecodeError):
        raise RetraceError(ErrorCode.RUN_NOT_FOUND, f"there is no run {run_id!r}", hint="retrace tester runs") from None
