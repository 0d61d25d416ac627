"""An app under test, started by a user's own command and stopped with everything it has started.

Belongs here: one process tree, knowing when it answers. Does not: what is done with the app (engine), which command
starts it (tester).
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import psutil

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.redaction import redact_text

READY_SECONDS: Final = 45.0
"""How long an app may take to answer: a cold start of a bundler's development server takes half of it."""

_LOOK_SECONDS: Final = 0.1
_ASK_SECONDS: Final = 2.0
# How long it may take to end by itself once asked.
_GRACE_SECONDS: Final = 5.0
_LAST_BYTES: Final = 4_096


@contextmanager
def running_app(
    command: str,
    url: str,
    log: Path,
    *,
    variables: Mapping[str, str] | None = None,
    ready_seconds: float = READY_SECONDS,
) -> Iterator[None]:
    """Run a shell command while the block runs, once the app answers below 500 at `url`; its output goes to `log`.

    `variables` are added to the environment. Raises `app_not_started` when something else answers there already, the
    command ends, or nothing answers in time. Nothing it started is left running.
    """
    if _status(url) is not None:
        raise _refused(f"something answers at {url} already, and would be tested in its place", "stop it, or --app-url")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S602 - a command that a person gave, for a shell
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(variables or {})},
            start_new_session=True,
        )
    tree = ProcessTree(process)
    try:
        _wait(tree, command, url, log, ready_seconds)
        yield
    finally:
        tree.stop()


class ProcessTree:
    """A process and all it has started, those included that left its group or outlived their parents."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._known: dict[int, psutil.Process] = {}
        self.look()

    def look(self) -> None:
        """Note who is there: a child whose parent has ended is found in no tree later."""
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            self._known |= {each.pid: each for each in (root, *root.children(recursive=True))}

    def stop(self) -> None:
        """Ask all to end, then end those that do not."""
        self.look()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        for each in self._known.values():
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        _, left = psutil.wait_procs(self._known.values(), timeout=_GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for each in left:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(left, timeout=_GRACE_SECONDS)
        self.process.wait()


def _wait(tree: ProcessTree, command: str, url: str, log: Path, ready_seconds: float) -> None:
    until = time.monotonic() + ready_seconds
    status = None
    # What is refused is kept with the run, and a command may hold a password.
    said = redact_text(command)
    while time.monotonic() < until:
        tree.look()
        code = tree.process.poll()
        # A command may start the app in the background and end: only a failure says that there is none.
        if code:
            raise _refused(f"`{said}` ended with {code}: {last_line(log)}", f"its output is in {log}")
        status = _status(url)
        if status is not None and status < 500:
            return
        time.sleep(_LOOK_SECONDS)
    found = f"{url} answers {status}" if status else f"nothing answers at {url}"
    raise _refused(f"{found} {ready_seconds:.0f} s after `{said}`: {last_line(log)}", f"its output is in {log}")


def _status(url: str) -> int | None:
    try:
        return httpx.get(url, timeout=_ASK_SECONDS, trust_env=False, verify=False).status_code  # noqa: S501 - a local app
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def last_line(log: Path) -> str:
    """What a program said last, without secrets; `no output` when it said nothing."""
    try:
        lines = log.read_bytes()[-_LAST_BYTES:].decode("utf-8", "replace").split("\n")
    except OSError:
        return "no output"
    line = redact_text(next((line.strip() for line in reversed(lines) if line.strip()), "no output"))[:300]
    # It ends up on terminals, which obey some characters.
    return "".join(character if character.isprintable() else "\ufffd" for character in line)


def _refused(detail: str, hint: str) -> RetraceError:
    return RetraceError(ErrorCode.APP_NOT_STARTED, detail, hint=hint)
