"""A command that nothing holds, where a person typed `--unsafe-no-sandbox`: a copy, limits and a clean environment.

Belongs here: the same interface as a sandbox's. Does not: any promise. What wants to get away gets away, reads what the
person may read and talks to whom it likes.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from retrace_resources.app_process import ProcessTree
from retrace_resources.sandbox.confinement import Confinement
from retrace_resources.sandbox.limits import Limits, held_to


class Unconfined:
    """A process that runs in a copy, and what was put there for it."""

    def __init__(self, process: "subprocess.Popen[bytes]", home: Path, links: Sequence[Path]) -> None:
        """Hold a process; `home` and `links` are removed with it."""
        self.process = process
        self.was_made = True
        self.root = psutil.Process(process.pid)
        self._tree = ProcessTree(process)
        self._home = home
        self._links = links

    def look(self) -> None:
        """Note what it has started, before that leaves its parent."""
        self._tree.look()

    def end(self) -> int | None:
        """End it with what it was seen to start, and take away what was lent; its exit code if it ended by itself."""
        code = self.process.poll()
        self._tree.stop()
        for link in self._links:
            if link.is_symlink():
                link.unlink()
        shutil.rmtree(self._home, ignore_errors=True)
        return code if code is None or code >= 0 else 128 - code


def start_unconfined(
    command: Sequence[str], confinement: Confinement, limits: Limits, output: int, handed: Iterable[int]
) -> Unconfined:
    """Start a command in its copy, with a home of its own and links to the dependencies."""
    home = Path(tempfile.mkdtemp(prefix="retrace-home-"))
    links = []
    for place, source in confinement.dependencies.items():
        link = confinement.copy / place
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(source)
        links.append(link)
    process = subprocess.Popen(
        held_to(limits, command, is_confined=False),
        cwd=confinement.copy,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env={**confinement.environment, "HOME": str(home), "TMPDIR": str(home), "USER": os.environ.get("USER", "")},
        pass_fds=tuple(handed),
        start_new_session=True,
    )
    return Unconfined(process, home, links)
