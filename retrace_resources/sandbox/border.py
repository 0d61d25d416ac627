"""The forwarder as a command: which Python runs it, where its program is.

Belongs here: only that. Does not: what it carries (forwarder), for whom (serving, agents).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from retrace_resources.sandbox import forwarder
from retrace_resources.sandbox.bubblewrap import FORWARDER
from retrace_resources.sandbox.confinement import Confinement
from retrace_resources.sandbox.toolchain import is_below


def through(confinement: Confinement, ends: Sequence[str], command: Sequence[str]) -> list[str]:
    """Run a command with a forwarder between `ends`, as forwarder.py takes them."""
    script = FORWARDER if confinement.is_confined else Path(forwarder.__file__)
    return [str(_python(confinement)), "-I", "-S", str(script), *ends, *command]


def _python(confinement: Confinement) -> Path:
    own = Path(sys.executable).resolve()
    return own if is_below(own, (Path("/usr"), *confinement.read_only)) else Path("/usr/bin/python3")
