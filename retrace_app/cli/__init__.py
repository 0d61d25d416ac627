"""The `retrace` command: a thin face over the actions.

Belongs here: where a run of the program begins and ends. Does not: which commands there are (`commands.py`, where a new
one is hooked in), what they do (one module a command or group, over `retrace_app.actions`), or how results and refusals
are shown (`messages.py`).
"""

from collections.abc import Sequence

from retrace_app.cli.commands import root
from retrace_app.cli.messages import ending


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 misused, 130 interrupted."""
    return ending(lambda: root().main(args=arguments, prog_name="retrace", standalone_mode=False))
