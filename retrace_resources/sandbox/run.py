"""Running a command in a copy to its end, held to its limits.

Belongs here: only that. Does not: what is confined (confinement), how it is held (processes).
"""

from collections.abc import Sequence
from pathlib import Path

from retrace_resources.sandbox.confinement import Confinement
from retrace_resources.sandbox.limits import Limits
from retrace_resources.sandbox.processes import Outcome, started


def run(
    command: Sequence[str] | str, confinement: Confinement, limits: Limits, log: Path, *, stdin: bytes = b""
) -> Outcome:
    """Run a command, a text for a shell or its arguments, and say how it ended; its output goes to `log`.

    Nothing of it runs any more when this returns, whatever it did. Raises `sandbox_unavailable`.
    """
    arguments = shell(command) if isinstance(command, str) else command
    with started(arguments, confinement, limits, log, stdin=stdin) as running:
        return running.wait()


def shell(command: str) -> list[str]:
    """The arguments that have a shell run a text."""
    return ["/bin/sh", "-c", command]
