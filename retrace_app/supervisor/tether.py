"""Starts a program that is told to stop when its parent dies, however that happens.

`python -m retrace_app.supervisor.tether PROGRAM ARGUMENT…` becomes the program. Linux only; elsewhere it just becomes
the program. Belongs here: nothing else, since this is run before every child.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the program."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return  # it died before we could ask to be told
    os.execv(arguments[0], arguments)  # noqa: S606 - there is no shell to go through


if __name__ == "__main__":
    main(sys.argv[1:])
