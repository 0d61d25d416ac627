"""Running git where it writes or opens a connection: as confined as reading is, but for what was asked.

No hooks, no prompts; connections only where `connects` says so, and never through a helper program that an address
names. Belongs here: the program, its settings, its end. Does not: what is asked of it (fix_branch, code_host.bare).
"""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.refusals import said
from retrace_resources.repository import SAFE_ENVIRONMENT, SAFE_OPTIONS

_SECONDS: Final = 300.0
"""How long git may take: a checkout of 100,000 files, or a fetch over a slow line, takes two minutes."""

_WRITING: Final = (
    *("-c", "commit.gpgSign=false", "-c", "push.gpgSign=false", "-c", "core.sparseCheckout=false"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),
)
# Over whatever configuration allows: an address may not name a program to run.
_CONNECTING: Final = {"GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file"}
# How a person reaches a host, and who they are, is theirs to say: these variables of theirs stay.
_THEIRS: Final = ("GIT_SSH", "GIT_SSL_", "GIT_PROXY_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
# A program to ask for passwords would wait for a person; the files of git-lfs are not needed to change others.
_UNASKED: Final = {
    **{name: value for name, value in SAFE_ENVIRONMENT.items() if name != "GIT_CONFIG_NOSYSTEM"},
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}


class Ran(NamedTuple):
    """What came of a command: whether git was content, what it printed, and what it said of it."""

    ok: bool
    output: str
    said: str


def run_git(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    connects: bool = False,
) -> Ran:
    """Run git in a folder; raises `repository_unusable` only where it cannot be run or does not end."""
    command = ["git", *SAFE_OPTIONS, *_WRITING, *arguments]
    try:
        # A session of its own: it has no terminal to ask on, and ends with everything it has started.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(connects) | dict(variables or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise _unusable(f"{folder}: git: {error.strerror}") from None
    with process:
        try:
            output, complaint = process.communicate(stdin, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise _unusable(f"git {arguments[0]} in {folder} took longer than {_SECONDS:.0f} s") from None
    printed = output.decode("utf-8", "surrogateescape")
    return Ran(process.returncode == 0, printed, said(complaint.decode("utf-8", "replace")))


def git(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    connects: bool = False,
    hint: str = "",
) -> str:
    """What git prints, without the last line's end; raises `repository_unusable` with what it said."""
    ran = run_git(folder, *arguments, stdin=stdin, variables=variables, connects=connects)
    if not ran.ok:
        raise _unusable(f"git {arguments[0]} in {folder}: {ran.said}", hint)
    return ran.output.rstrip("\n")


def _environment(connects: bool) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(_THEIRS)
    }
    if not connects:
        return kept | _UNASKED
    # What a partial clone lacks is fetched.
    return {name: value for name, value in (kept | _UNASKED).items() if name != "GIT_NO_LAZY_FETCH"} | _CONNECTING


def _unusable(detail: str, hint: str = "") -> RetraceError:
    return RetraceError(ErrorCode.REPOSITORY_UNUSABLE, detail, hint=hint)
