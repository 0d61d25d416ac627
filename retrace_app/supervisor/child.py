"""A process the supervisor keeps alive: starting it, knowing whether it answers, stopping all of it.

Belongs here: one child. Does not: which children there are (programs) or when they are started again (supervisor).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_TETHER: Final = (sys.executable, "-m", "retrace_app.supervisor.tether")
# Bytes after which a log is put aside at the next start; one older log is kept.
_LOG_BYTES: Final = 8 * 2**20
_TAIL_LINES: Final = 3


@dataclass(frozen=True)
class Program:
    """What to start: its name, arguments and environment, how to know that it answers, how to ask it to stop."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    answers: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass
class Child:
    """A program with its process, in a process group of its own."""

    program: Program
    logs: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)

    @property
    def name(self) -> str:
        """What to call it."""
        return self.program.name

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.logs / f"{self.name.lower().replace(' ', '-')}.log"

    @property
    def pid(self) -> int:
        """Its process, and the process group of all it starts."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it; its output goes to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > _LOG_BYTES:
                self.log.replace(self.log.with_suffix(".1.log"))
        # A handled SIGINT is the default one again after exec, also when a shell started us with it ignored.
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_TETHER, *self.program.arguments],
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll() if self._process else None

    def answers(self) -> bool:
        """Whether it does its work."""
        return self.exit_code() is None and self.program.answers()

    def ask_to_stop(self) -> None:
        """Begin stopping it."""
        if self._process and self.exit_code() is None:
            self._process.send_signal(self.program.stop_signal)

    def finish(self, until: float) -> None:
        """Wait for its end until a monotonic time, then end it and all it started."""
        if not self._process:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def last_words(self) -> str:
        """The end of its log, for when it did not start."""
        try:
            lines = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
        except OSError:
            return ""
        return "\n".join(lines[-_TAIL_LINES:])
