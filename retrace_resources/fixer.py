"""How fixes are made on this machine: which repository, which agent, how the app is started, what is asked for.

Belongs here: what configuration and a person's options come to, as one value that stages are handed. Does not: doing
any of it (agents, sandbox, builds, code_host).
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_resources.settings import Settings
from retrace_resources.settings_schema import Fix, Llm
from retrace_resources.state import ConnectedRepository, StateStore

if TYPE_CHECKING:
    from retrace_resources.builds import Builds
    from retrace_resources.code_host.pull_request import CodeHost
    from retrace_resources.repository import Repository

NAME: Final = re.compile(r"[\w.-]+(?:/[\w.-]+){1,3}", re.ASCII)
"""How a repository may be called: `owner/name`, or deeper where a host has groups."""

PROMPTS: Final = "fix-prompts"
"""Where prompts lie among the reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixer:
    """What a fix needs beyond the incident; `prompts` is the folder they are written to.

    `repository` is the name asked for, `repository_path` another checkout of it; `base` the branch to merge into;
    `times` how often the test must be red before and green after. Nothing runs outside a sandbox unless `is_confined`
    is false; an incident whose test nobody saw red is left alone unless `may_be_untested`. `on_step` is told what is
    being done.
    """

    home: Path
    prompts: Path
    block: Fix
    llm: Llm
    variable: Callable[[str], str]
    host_url: str = "https://api.github.com"
    repository: str = ""
    repository_path: Path | None = None
    base: str = ""
    agent: str = "auto"
    start_command: str = ""
    validate_command: str = ""
    is_confined: bool = True
    may_be_untested: bool = False
    opens_request: bool = True
    is_draft: bool = True
    times: int = 1
    on_step: Callable[[str], None] = lambda _: None

    def repository_of(self, state: StateStore) -> ConnectedRepository:
        """The repository fixes go to: the one asked for, or the only one there is.

        Raises `repository_not_found` when it is neither connected nor given by its path.
        """
        connected = {each.name: each for each in state.repositories()}
        name = self.repository or (next(iter(connected)) if len(connected) == 1 else "")
        if name in connected:
            found = connected[name]
            return replace(found, path=self.repository_path) if self.repository_path else found
        if self.repository_path is not None:
            name = name or f"local/{self.repository_path.absolute().name}"
            return ConnectedRepository(name=name, path=self.repository_path, connected_at=datetime.now(UTC))
        raise RetraceError(ErrorCode.REPOSITORY_NOT_FOUND, _which(name, sorted(connected)), hint=_connect(name))

    def code_host(self, repository: ConnectedRepository, git: "Repository") -> "CodeHost | None":
        """Where pull requests of a repository are; None for a repository without a remote, or on a host we don't know.

        Raises `code_host_refused` when nobody is signed in there.
        """
        # The code location is loaded by every run of Dagster, and few of them open a pull request or start an app.
        from retrace_resources.code_host.choose import code_host_of  # noqa: PLC0415
        from retrace_resources.fix_branch import push_url  # noqa: PLC0415

        return code_host_of(
            push_url(git, repository.remote),
            name=repository.name,
            token=self.variable(repository.token_env),
            base_url=self.host_url,
            records=self.home / "pull-requests",
            environment=os.environ,
        )

    def builds(self, repository: ConnectedRepository, git: "Repository", spec: Spec) -> "Builds":
        """Builds of a repository's commits, for the test of an incident."""
        from retrace_resources.builds import Builds  # noqa: PLC0415

        return Builds(
            git_dir=git.git_dir,
            checkout=repository.path,
            start_command=self.start_command_of(spec),
            sandbox=self.block.sandbox,
            logs=self.home / "logs",
            is_confined=self.is_confined,
            variables=spec.env_overrides,
        )

    def start_command_of(self, spec: Spec) -> str:
        """What starts the app for a test."""
        return self.start_command or spec.start_command


def fixer_of(settings: Settings) -> Fixer:
    """How fixes are made as the configuration has it."""
    return Fixer(
        home=settings.home,
        prompts=settings.output_dir / PROMPTS,
        block=settings.fix,
        llm=settings.llm,
        variable=settings.variable,
        host_url=settings.github_sink.base_url,
        repository=settings.fix.repo,
        agent=settings.fix.agent,
        start_command=settings.tester.start_command,
        validate_command=settings.fix.validate_command,
        times=settings.fix.times,
    )


def _which(name: str, connected: list[str]) -> str:
    if name:
        return f"{name!r} is not connected"
    return f"several are connected: {', '.join(connected)}; name one" if connected else "none is connected"


def _connect(name: str) -> str:
    return f"retrace github connect --repo {name or 'org/name'} --local-path DIR"
