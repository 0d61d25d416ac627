"""Builds of the user's app: a commit of their repository, started or checked in a sandbox.

Belongs here: a copy of a commit with the dependencies of the checkout, its start command and its checks. Does not: the
sandbox itself, or what is tested on a build (retrace_assets.fix_prs).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from retrace_core.redaction import redact_text
from retrace_resources.app_process import last_line
from retrace_resources.sandbox.confinement import Confinement, confinement_of
from retrace_resources.sandbox.limits import limits_of
from retrace_resources.sandbox.run import run
from retrace_resources.sandbox.serving import serving
from retrace_resources.settings_schema import Sandbox
from retrace_resources.work_copy import work_copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Builds:
    """What a repository's commits make: `start_command` runs the app, with `{port}` or PORT for its port.

    `variables` are set for both commands; logs go to the folder `logs`.
    """

    git_dir: Path
    checkout: Path
    start_command: str
    sandbox: Sandbox
    logs: Path
    is_confined: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def serve(self, commit: str) -> Iterator[str]:
        """Run the app of a commit while the block runs; yields where it answers. Raises `app_not_started`."""
        log = self._log(f"app-{commit[:12]}")
        with work_copy(self.git_dir, commit) as copy:
            confinement = self._confinement(copy)
            limits = limits_of(self.sandbox)
            with serving(self.start_command, confinement, limits, log, variables=self.variables) as url:
                yield url

    def failure_of(self, commit: str, command: str) -> str:
        """Why a command fails on a commit, in a line; empty when it succeeds."""
        log = self._log(f"validate-{commit[:12]}")
        with work_copy(self.git_dir, commit) as copy:
            done = run(command, self._confinement(copy), limits_of(self.sandbox), log)
        if done.succeeded:
            return ""
        said = done.detail or f"ended with {done.exit_code}"
        return f"`{redact_text(command)}`: {said}: {last_line(log)}"

    def _confinement(self, copy: Path) -> Confinement:
        return confinement_of(copy, self.sandbox, checkout=self.checkout, is_confined=self.is_confined)

    def _log(self, name: str) -> Path:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self.logs / f"{name}.log"
