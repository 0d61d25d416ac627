"""Whether anything can be confined on this machine, and installing what that needs.

Belongs here: finding, trying and installing bubblewrap; `python -m retrace_resources.sandbox` does it at set-up. Does
not: what it is told (bubblewrap).
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from retrace_core.errors import ErrorCode, RetraceError

HINT: Final = (
    "install bubblewrap 0.8 or newer and allow user namespaces, or type --unsafe-no-sandbox to go without: "
    "an agent that was talked into something can then do all that you can"
)

# The first that bounds memory for files and can forbid further user namespaces.
_OLDEST: Final = (0, 8)
_TRIAL_SECONDS: Final = 20
_INSTALL_SECONDS: Final = 300
# One of everything that a kernel, a container or a policy may forbid.
_TRIAL: Final = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--disable-userns", "--uid", "1000", "--cap-drop", "ALL"),
    *("--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "true"),  # noqa: S108
)


def bubblewrap_program() -> Path:
    """Where bubblewrap is; raises `sandbox_unavailable`."""
    found = shutil.which("bwrap")
    if not sys.platform.startswith("linux") or found is None:
        raise RetraceError(ErrorCode.SANDBOX_UNAVAILABLE, available(), hint=HINT)
    return Path(found)


def available() -> str:
    """Why nothing can be confined here; empty when it can."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap needs Linux"
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap (bwrap) is not installed"
    said = _said([program, "--version"])
    version = re.search(r"(\d+)\.(\d+)", said)
    if version and (int(version[1]), int(version[2])) < _OLDEST:
        return f"{said} is too old"
    failure = _failure([program, *_TRIAL], _TRIAL_SECONDS)
    return f"bubblewrap cannot make a sandbox: {failure}" if failure else ""


def ensure(report: Callable[[str], object] = lambda line: None) -> None:
    """See that things can be confined, with bubblewrap from apt where this process may install it.

    `report` gets a line before. Raises `sandbox_unavailable`.
    """
    if available() and shutil.which("bwrap") is None and shutil.which("apt-get") and _is_root():
        report("No bubblewrap found; trying the system's package")
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "bubblewrap"]):
            if failure := _failure(command, _INSTALL_SECONDS):
                report(failure)
    if why := available():
        raise RetraceError(ErrorCode.SANDBOX_UNAVAILABLE, why, hint=HINT)


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _failure(command: list[str], seconds: float) -> str:
    """What a command said last when it failed, and nothing when it did not."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip().rpartition("\n")[2] or f"it ended with {done.returncode}") if done.returncode else ""


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
