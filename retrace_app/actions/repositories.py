"""Repositories: which code fixes go to.

Belongs here: connecting a checkout, and forgetting one. Does not: reading it (retrace_resources.repository).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.code_host.remotes import remote_of, without_credentials
from retrace_resources.fixer import NAME
from retrace_resources.repository import Repository
from retrace_resources.settings import Settings
from retrace_resources.state import ConnectedRepository, StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryBrief:
    """A connected repository as it is found now; `problem` says why it cannot be worked with."""

    name: str
    path: str
    base: str
    remote: str
    token_env: str
    commit: str = ""
    problem: str = ""


def connect(
    settings: Settings,
    name: str,
    path: Path | None,
    *,
    base: str = "",
    remote: str = "origin",
    token_env: str = "GITHUB_TOKEN",  # noqa: S107 - a name
) -> RepositoryBrief:
    """Connect a checkout on this machine; without a path the current folder.

    A checkout on no host gets the name `local/<folder>` unless it is given another. Raises `repository_unusable`, or
    `invalid_name`.
    """
    folder = (path or Path()).expanduser().absolute()
    repository = Repository(folder)
    named = name or _own_name(repository, remote) or f"local/{folder.name}"
    if not NAME.fullmatch(named):
        raise RetraceError(ErrorCode.INVALID_NAME, f"{named!r} is no name of a repository", hint="such as org/name")
    if base:
        repository.commit_of(base)
    connected = ConnectedRepository(
        name=named, path=folder, base=base, remote=remote, token_env=token_env, connected_at=datetime.now(UTC)
    )
    with StateStore.open(settings.home) as state:
        state.connect_repository(connected)
    return _brief(connected)


def disconnect(settings: Settings, name: str) -> None:
    """Forget a repository; nothing in it is touched. Raises `repository_not_found`."""
    with StateStore.open(settings.home) as state:
        state.disconnect_repository(name)


def list_repositories(settings: Settings) -> list[RepositoryBrief]:
    """List what is connected, by name."""
    with StateStore.open(settings.home) as state:
        return [_brief(each) for each in state.repositories()]


def _brief(connected: ConnectedRepository) -> RepositoryBrief:
    commit = problem = remote = ""
    base = connected.base
    try:
        repository = Repository(connected.path)
        base = base or repository.default_branch()
        commit = repository.commit_of()
        remote = without_credentials(repository.remote_url(connected.remote))
    except RetraceError as error:
        problem = error.detail
    return RepositoryBrief(
        name=connected.name,
        path=str(connected.path),
        base=base,
        remote=remote,
        token_env=connected.token_env,
        commit=commit,
        problem=problem,
    )


def _own_name(repository: Repository, remote: str) -> str:
    """What its host calls it; a remote on this machine gives it no name."""
    found = remote_of(repository.remote_url(remote))
    return found.path if found.kind != "local" else ""
