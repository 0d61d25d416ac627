"""The processes of a sandbox: bubblewrap starts the first one, which takes all others along when it ends.

Belongs here: starting, knowing how it ended, ending. Does not: when it is to end (processes), what bubblewrap is told
(bubblewrap).
"""

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import psutil

from retrace_resources.sandbox.availability import bubblewrap_program
from retrace_resources.sandbox.bubblewrap import FILES, arguments
from retrace_resources.sandbox.confinement import HOME, Confinement
from retrace_resources.sandbox.limits import Limits, held_to

_END_MS: Final = 30_000


class Namespace:
    """A sandbox that runs: `root` is the parent of all that is in it, as it is seen from outside.

    `was_made` is known at the end: bubblewrap may find only then that it cannot.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", reports: IO[bytes], take_away: Callable[[], None]) -> None:
        """Hold what bubblewrap has started; `reports` is what it says of it, one JSON object a line.

        `take_away` is called at the end, for what was made to mount on.
        """
        self.process = process
        self.was_made = True
        self._reports = reports
        self._take_away = take_away
        first = reports.readline()
        # A number may be another process later, the descriptor is of the same one for ever.
        try:
            self.root = psutil.Process(json.loads(first)["child-pid"] if first else process.pid)
            self._first = os.pidfd_open(self.root.pid)
        except (psutil.NoSuchProcess, ProcessLookupError):
            # It is gone already; bubblewrap itself is not before it is waited for.
            self.root = psutil.Process(process.pid)
            self._first = os.pidfd_open(process.pid)

    def look(self) -> None:
        """Nothing to note: whatever leaves its parent becomes a child of the first."""

    def end(self) -> int | None:
        """End whatever still runs and wait until it is gone; the command's exit code, if it came to one."""
        ended_by_itself = self.process.poll() is not None
        self._end_all()
        with self._reports:
            reports = [json.loads(line) for line in self._reports]
        self._take_away()
        code = next((int(each["exit-code"]) for each in reports if "exit-code" in each), None)
        self.was_made = code is not None or not ended_by_itself
        return code

    def _end_all(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._first, signal.SIGKILL)
        # A namespace's first process is gone only when all others are (pid_namespaces(7)).
        poll = select.poll()
        poll.register(self._first, select.POLLIN)
        poll.poll(_END_MS)
        os.close(self._first)
        self.process.kill()
        self.process.wait()


def start_confined(
    command: Sequence[str], confinement: Confinement, limits: Limits, output: int, handed: Iterable[int]
) -> Namespace:
    """Start a command in a sandbox; `handed` are descriptors it gets. Raises `sandbox_unavailable`."""
    program = bubblewrap_program()
    made = [place for place in confinement.mounted_on() if not os.path.lexists(place)]
    reader, writer = os.pipe()
    reports = os.fdopen(reader, "rb")
    try:
        with ExitStack() as stack:
            stack.callback(os.close, writer)
            files = {path: stack.enter_context(_memory(content)) for path, content in FILES.items()}
            process = subprocess.Popen(
                [
                    *arguments(confinement, limits, program=program, status=writer, files=files),
                    *held_to(limits, command, is_confined=True),
                ],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**confinement.environment, "HOME": str(HOME), "TMPDIR": "/tmp"},  # noqa: S108
                pass_fds=(writer, *files.values(), *handed),
                start_new_session=True,
            )
        return Namespace(process, reports, lambda: _take_away(made, confinement.copy))
    except BaseException:
        reports.close()
        raise


def _take_away(made: Iterable[Path], copy: Path) -> None:
    """Remove empty files and folders, and folders around them that are empty then: no change of the agent's."""
    for place in made:
        with suppress(OSError):
            if place.is_file() and not place.stat().st_size:
                place.unlink()
            for folder in (place, *place.parents):
                if copy not in folder.parents:
                    break
                if folder.is_dir():
                    folder.rmdir()


@contextmanager
def _memory(content: bytes) -> Iterator[int]:
    """A descriptor from which a content is read."""
    descriptor = os.memfd_create("retrace")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
