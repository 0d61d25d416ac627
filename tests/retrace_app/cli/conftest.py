"""Running the real program: a folder of its own, an environment without anything of ours, and what came of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import retrace_app

SOURCE = str(Path(retrace_app.__file__).parents[1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What the program sees of the environment."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": SOURCE}


@pytest.fixture
def retrace(tmp_path: Path, environment: Mapping[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `retrace` with some arguments in `tmp_path` until it ends."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "retrace_app.cli", *arguments],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run
