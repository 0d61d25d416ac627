"""Dagster's own home: where it is, and making it once.

Two processes that touch a fresh SQLite home at once leave it unusable for ever, so it is made under a lock, and a mark
says which version made it. Belongs here: DAGSTER_HOME. Does not: what runs in it (retrace_definitions).
"""

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from retrace_core.errors import ErrorCode, RetraceError

if TYPE_CHECKING:
    from dagster import DagsterInstance

_PACKAGED_CONFIG = "dagster_home/dagster.yaml"
# Not in the packaged file: a bare `dagster dev` reads that from the working directory and has no folder to name.
_STORAGE = """
storage:
  custom:
    module: retrace_resources.dagster_storage
    class: SteadySqliteStorage
    config: {{base_dir: {base_dir}}}
"""


def packaged_config() -> str:
    """The dagster.yaml that ships with Retrace."""
    return resources.files("retrace_resources").joinpath(_PACKAGED_CONFIG).read_text("utf-8")


def dagster_home(home: Path) -> Path:
    """Where Dagster keeps its own: DAGSTER_HOME when someone set it, else a folder of the home."""
    return Path(os.environ.get("DAGSTER_HOME") or home / "dagster").absolute()


def ensure_dagster_home(home: Path) -> Path:
    """Make Dagster's home ready and say where it is; a millisecond once it is made, a second before.

    Raises `home_unusable` when it cannot be written.
    """
    folder = dagster_home(home)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(folder / "dagster.lock"):
            _write_config(folder, ours=folder == (home / "dagster").absolute())
            _bring_up_to_date(folder)
    except OSError as error:
        hint = "check that the folder can be written, or set DAGSTER_HOME"
        raise RetraceError(ErrorCode.HOME_UNUSABLE, f"{folder}: {error.strerror}", hint) from error
    return folder


@contextmanager
def open_instance(home: Path) -> Iterator["DagsterInstance"]:
    """Open the Dagster instance of a home, made ready first."""
    folder = ensure_dagster_home(home)
    # Half a second of imports, for those only who need an instance.
    from dagster import DagsterInstance  # noqa: PLC0415

    with DagsterInstance.from_config(str(folder)) as instance:
        yield instance


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_config(folder: Path, *, ours: bool) -> None:
    """Keep our own folder's config as packaged, with its storage; a person's folder gets it when it has none."""
    path = folder / "dagster.yaml"
    wanted = packaged_config() + (_STORAGE.format(base_dir=json.dumps(str(folder))) if ours else "")
    if path.exists() and (not ours or path.read_text("utf-8") == wanted):
        return
    draft = path.with_suffix(".new")
    draft.write_text(wanted, "utf-8")
    draft.rename(path)


def _bring_up_to_date(folder: Path) -> None:
    mark = folder / f".made-by-{metadata.version('dagster')}"
    if mark.exists():
        return
    made_before = (folder / "history").exists()
    from dagster import DagsterInstance  # noqa: PLC0415 - see open_instance

    # Opening makes what is missing. Dagster prints how an upgrade goes, and stdout is for data.
    with DagsterInstance.from_config(str(folder)) as instance, redirect_stdout(sys.stderr):
        if made_before:
            instance.upgrade()
            instance.reindex()
    mark.touch()
