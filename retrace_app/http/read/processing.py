"""Having the pipeline run when a client asks: in a process of its own, one at a time.

Belongs here: that process. Does not: what it does (`retrace api process-replays`): the reader computes nothing, and
imports no Dagster.
"""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import PROCESSING_SECONDS

_SHOWN_CHARS: Final = 500

_log = logging.getLogger(__name__)


class Processing:
    """Runs `retrace api process-replays` on a home; whoever asks while one runs gets the next."""

    def __init__(self, home: Path, config: Path | None) -> None:
        """Remember where."""
        self._home = home
        self._config = config
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._runs: set[asyncio.Task[None]] = set()

    async def run(self, limit_sessions: int) -> bool:
        """Process what has landed, up to about so many sessions; False when it goes on.

        Raises `run_failed`.
        """
        run = asyncio.create_task(self._in_turn(limit_sessions))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        done, _ = await asyncio.wait({run}, timeout=PROCESSING_SECONDS)
        for ended in done:
            ended.result()
        return bool(done)

    async def close(self) -> None:
        """Stop; what is not processed waits for the next run."""
        for run in list(self._runs):
            run.cancel()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()

    async def _in_turn(self, limit_sessions: int) -> None:
        async with self._turn:
            config = ("--config", str(self._config)) if self._config else ()
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "retrace_app.cli", "api", "process-replays", "--json"),
                *("--limit", str(limit_sessions), *config),
                env={**os.environ, "RETRACE_HOME": str(self._home)},
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
            )
            _, errors = await process.communicate()
        if process.returncode:
            told = errors.decode("utf-8", "replace").strip()[-_SHOWN_CHARS:]
            _log.error("process-replays ended with %d: %s", process.returncode, told)
            raise RetraceError(ErrorCode.RUN_FAILED)
