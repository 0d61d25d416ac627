"""The state store: what people set and decide, in one small SQLite file that many processes share.

Belongs here: the one face of it, and its locks. Does not: what is in it (one `state_*.py` a noun), anything that can
be computed again (the lake), or what a verb means (the actions).

Writers take the file's lock when they begin, so they wait for each other and never fail half-way; readers see the last
commit and wait for nobody (WAL). Open a store after a fork, never before.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.scopes import parse_scopes
from retrace_resources.state_decisions import Decision, DecisionKind, append_decision, read_decisions
from retrace_resources.state_engine import open_engine, refusing
from retrace_resources.state_incidents import (
    PipelineState,
    add_incident_ids,
    read_incident_ids,
    read_incident_ids_of,
    read_pipeline_states,
    write_pipeline_state,
)
from retrace_resources.state_key_memory import KeyMemory, TokenUse
from retrace_resources.state_keys import (
    KeyRecord,
    SdkKey,
    ServiceToken,
    add_sdk_key,
    add_service_token,
    find_sdk_key,
    find_service_token,
    mark_revoked,
    read_keys,
)
from retrace_resources.state_repositories import (
    ConnectedRepository,
    delete_repository,
    read_repositories,
    write_repository,
)
from retrace_resources.state_rules import RuleChange, append_rule_change, read_rule_changes
from retrace_resources.state_workspaces import Place, Workspace, add_workspace, read_places, read_workspace

__all__ = [
    "ConnectedRepository",
    "Decision",
    "DecisionKind",
    "KeyRecord",
    "PipelineState",
    "Place",
    "RuleChange",
    "SdkKey",
    "ServiceToken",
    "StateStore",
    "Workspace",
]


class StateStore:
    """The state store of a home; many threads may use one, every process opens its own."""

    def __init__(self, home: Path, engine: Engine) -> None:
        """Work on an engine that is open; `StateStore.open` opens one."""
        self._home = home
        self._engine = engine
        self._keys = KeyMemory(engine, find_sdk_key)
        self._tokens = KeyMemory(engine, find_service_token)
        self._token_use = TokenUse(engine)

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open a home's store, made or brought up to date where needed.

        Raises `home_too_new`, or `home_unusable` when the folder cannot be written or the file is not a store.
        """
        return cls(home, open_engine(home))

    def close(self) -> None:
        """Close every connection."""
        self._token_use.close()
        self._tokens.close()
        self._keys.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Stay open for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close at its end."""
        self.close()

    def ensure_workspace(self, organization: str, project: str, environment: str) -> Workspace:
        """Name a workspace, making what is missing; the same names always give the same ids.

        Raises `invalid_name` for a name without a letter or digit.
        """
        with self._writing() as connection:
            return add_workspace(connection, organization, project, environment)

    def places(self) -> list[Place]:
        """List every environment of every project, by name."""
        with self._reading() as connection:
            return read_places(connection)

    def environments(self, project_id: str) -> list[Place]:
        """List the environments of a project, by name; none for a project that is not there."""
        with self._reading() as connection:
            return read_places(connection, project_id)

    def workspace(self, project_id: str, environment_id: str) -> Workspace | None:
        """Find a workspace by its ids; None for an environment that is not the project's."""
        with self._reading() as connection:
            return read_workspace(connection, project_id, environment_id)

    def create_sdk_key(self, workspace: Workspace, name: str) -> tuple[SdkKey, str]:
        """Mint a key; its secret is returned here and kept nowhere."""
        with self._writing() as connection:
            return add_sdk_key(connection, workspace, name)

    def sdk_key(self, token: str) -> SdkKey | None:
        """Look up the key that came with a request; None when it is unknown or revoked.

        Microseconds for a token seen since the file last changed; a revocation by any process is seen at the next call.
        """
        with refusing(self._home):
            return self._keys.find(token)

    def create_service_token(self, project_id: str, name: str, scopes: Iterable[str]) -> tuple[ServiceToken, str]:
        """Mint a token for a project; its secret is returned here and kept nowhere.

        Raises `invalid_scope`, or `workspace_not_found` for a project that is not there.
        """
        checked = parse_scopes(scopes)
        with self._writing() as connection:
            return add_service_token(connection, project_id, name, checked)

    def service_token(self, token: str) -> ServiceToken | None:
        """Look up the token that came with a request, as `sdk_key` does; once a minute its use is noted."""
        with refusing(self._home):
            found = self._tokens.find(token)
        if found is not None:
            self._token_use.note(found.id)
        return found

    def list_keys(self) -> list[KeyRecord]:
        """List every SDK key and service token ever minted, oldest first, revoked ones too."""
        with self._reading() as connection:
            return read_keys(connection)

    def revoke_key(self, key_id: str) -> None:
        """Revoke a key or token from the next request on; twice is once. Raises `key_not_found`."""
        with self._writing() as connection:
            mark_revoked(connection, key_id)

    def record_decision(self, decision: Decision) -> None:
        """Append a decision; there is no taking back, only deciding otherwise later."""
        with self._writing() as connection:
            append_decision(connection, decision)

    def decisions(self) -> list[Decision]:
        """List every decision in the order they were recorded."""
        with self._reading() as connection:
            return read_decisions(connection)

    def record_rule_change(self, change: RuleChange) -> None:
        """Append what a person set about a detector."""
        with self._writing() as connection:
            append_rule_change(connection, change)

    def rule_changes(self) -> list[RuleChange]:
        """List everything that was ever set about detectors, in the order it was."""
        with self._reading() as connection:
            return read_rule_changes(connection)

    def connect_repository(self, repository: ConnectedRepository) -> None:
        """Keep where fixes go to; the same name again replaces it."""
        with self._writing() as connection:
            write_repository(connection, repository)

    def disconnect_repository(self, name: str) -> None:
        """Forget a repository; its files stay as they are. Raises `repository_not_found`."""
        with self._writing() as connection:
            if not delete_repository(connection, name):
                raise RetraceError(ErrorCode.REPOSITORY_NOT_FOUND, f"{name!r}", hint="retrace github list")

    def repositories(self) -> list[ConnectedRepository]:
        """List the connected repositories, by name."""
        with self._reading() as connection:
            return read_repositories(connection)

    def incident_ids(self, project_id: str, environment_id: str) -> dict[str, str]:
        """Map fingerprints to the incident ids given so far, the first that was given first."""
        with self._reading() as connection:
            return read_incident_ids(connection, project_id, environment_id)

    def assign_incident_ids(self, project_id: str, environment_id: str, fingerprints: Sequence[str]) -> dict[str, str]:
        """Give each fingerprint its incident id, once: whoever asks again, in any process, gets the same."""
        wanted = list(dict.fromkeys(fingerprints))
        with self._reading() as connection:
            known = read_incident_ids_of(connection, project_id, environment_id, wanted)
        if len(known) == len(wanted):
            return known
        # Asked again under the lock: another process may have been faster.
        with self._writing() as connection:
            return add_incident_ids(connection, project_id, environment_id, wanted)

    def pipeline_states(self, project_id: str, environment_id: str) -> dict[str, PipelineState]:
        """Map incident ids to how far each has come; those that nothing was begun for are absent."""
        with self._reading() as connection:
            return read_pipeline_states(connection, project_id, environment_id)

    def save_pipeline_state(self, project_id: str, environment_id: str, incident_id: str, **changes: str) -> None:
        """Note how far an incident has come: the fields of `PipelineState` given here, the others left as they are."""
        with self._writing() as connection:
            write_pipeline_state(connection, project_id, environment_id, incident_id, changes)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with refusing(self._home), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        writer = self._engine.execution_options(immediate=True)
        with refusing(self._home), writer.begin() as connection:
            yield connection
