"""Small worlds for the tests of the sandbox: a copy with a file in it, tight limits, scripts that try something."""

import sys
from pathlib import Path

from retrace_resources.sandbox.confinement import Confinement, confinement_of
from retrace_resources.sandbox.limits import Limits
from retrace_resources.sandbox.processes import Outcome
from retrace_resources.sandbox.run import run
from retrace_resources.settings_schema import Sandbox

TIGHT = Limits(seconds=30, memory_bytes=400_000_000, disk_bytes=50_000_000, processes=100)
"""Enough for a Python or two, and reached soon by whoever wants more."""

PYTHON = str(Path(sys.executable).resolve())


def box(
    copy: Path, *, is_confined: bool = True, checkout: Path | None = None, block: Sandbox | None = None
) -> Confinement:
    """A confinement as the configuration makes it."""
    copy.mkdir(exist_ok=True)
    return confinement_of(copy, block or Sandbox(), checkout=checkout, is_confined=is_confined)


def tried(script: str, confinement: Confinement, log: Path, limits: Limits = TIGHT) -> tuple[Outcome, str]:
    """Run a Python script in a confinement; how it ended and what it printed."""
    outcome = run([PYTHON, "-c", script], confinement, limits, log)
    return outcome, log.read_text("utf-8", "replace")
