"""The state store: what people set and decide, in one small SQLite file that many processes share.

Belongs here: workspaces, SDK keys, decisions, incident ids, and how far each incident's test and fix have come. Does
not: anything that can be computed again (the lake), or what a verb means (the actions).

Writers take the file's lock when they begin, so they wait for each other and never fail half-way; readers see the last
commit and wait for nobody (WAL). Open a store after a fork, never before.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

from sqlalchemy import ColumnElement, Connection, Engine, Table, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import incident_id as incident_id_of
from retrace_core.ids import public_id
from retrace_resources.state_engine import open_engine, refusing
from retrace_resources.state_keys import KeyMemory, SdkKey, mint
from retrace_resources.state_rules import RuleChange, append_rule_change, read_rule_changes
from retrace_resources.state_schema import (
    DECISIONS,
    ENVIRONMENTS,
    INCIDENT_IDS,
    INCIDENT_PIPELINE,
    ORGANIZATIONS,
    PROJECTS,
    SDK_KEYS,
)

__all__ = [
    "Decision",
    "DecisionKind",
    "PipelineState",
    "Place",
    "RuleChange",
    "SdkKey",
    "SdkKeyRecord",
    "StateStore",
    "Workspace",
]

# DSN project numbers have at most 9 digits: exact in every language's numbers, and short to read.
_DSN_NUMBERS = 999_999_999
# Every build of SQLite takes at least 999 parameters a statement.
_FINGERPRINTS_A_QUERY = 500

DecisionKind = Literal["resolve", "ignore", "reopen", "merge", "split"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where things belong: a project's environment, and the project's number in a DSN."""

    project_id: str
    environment_id: str
    dsn_project_number: int


@dataclass(frozen=True, slots=True)
class Place:
    """An environment that is known, by ids and by the names people gave."""

    project_id: str
    project: str
    environment_id: str
    environment: str


@dataclass(frozen=True, slots=True)
class SdkKeyRecord:
    """What is kept of an SDK key: everything but the secret."""

    id: str
    name: str
    project_id: str
    project: str
    environment_id: str
    environment: str
    prefix: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None

    @property
    def masked(self) -> str:
        """The key as it may be shown."""
        return f"{self.prefix}…{self.last4}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about a bug, by its fingerprint and the version of the rules that made it."""

    kind: DecisionKind
    project_id: str
    environment_id: str
    fingerprint: str
    fingerprint_version: int
    actor: str
    at: datetime
    reason: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a kind that nothing folds over: a decision cannot be taken back."""
        if self.kind not in get_args(DecisionKind):
            raise ValueError(f"a decision is one of {', '.join(get_args(DecisionKind))}, not {self.kind!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineState:
    """How far an incident's test and fix have come; empty is not begun."""

    repro_status: str = ""
    repro_spec_id: str = ""
    repro_run_id: str = ""
    repro_summary: str = ""
    fix_status: str = ""
    fix_repo: str = ""
    fix_branch: str = ""
    fix_pr_url: str = ""
    fix_prompt_path: str = ""


class StateStore:
    """The state store of a home; many threads may use one, every process opens its own."""

    def __init__(self, home: Path, engine: Engine) -> None:
        """Work on an engine that is open; `StateStore.open` opens one."""
        self._home = home
        self._engine = engine
        self._keys = KeyMemory(engine)

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open a home's store, made or brought up to date where needed.

        Raises `home_too_new`, or `home_unusable` when the folder cannot be written or the file is not a store.
        """
        return cls(home, open_engine(home))

    def close(self) -> None:
        """Close every connection."""
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
        organization_slug, project_slug, environment_slug = map(_slug, (organization, project, environment))
        organization_id = public_id("org_", organization_slug)
        project_id = public_id("proj_", organization_slug, project_slug)
        environment_id = public_id("env_", organization_slug, project_slug, environment_slug)
        with self._writing() as connection:
            number = _dsn_number(connection, project_id)
            _add(connection, ORGANIZATIONS, id=organization_id, slug=organization_slug, name=organization)
            _add(
                connection,
                PROJECTS,
                id=project_id,
                slug=project_slug,
                name=project,
                organization_id=organization_id,
                dsn_number=number,
            )
            _add(
                connection,
                ENVIRONMENTS,
                id=environment_id,
                slug=environment_slug,
                name=environment,
                project_id=project_id,
            )
        return Workspace(project_id, environment_id, number)

    def create_sdk_key(self, workspace: Workspace, name: str) -> tuple[SdkKey, str]:
        """Mint a key; its secret is returned here and kept nowhere."""
        minted = mint()
        key = SdkKey(minted.id, workspace.project_id, workspace.environment_id)
        with self._writing() as connection:
            connection.execute(
                insert(SDK_KEYS).values(
                    **asdict(key),
                    key_hash=minted.key_hash,
                    prefix=minted.prefix,
                    last4=minted.last4,
                    name=name,
                    created_at=datetime.now(UTC),
                )
            )
        return key, minted.secret

    def sdk_key(self, token: str) -> SdkKey | None:
        """Look up the key that came with a request; None when it is unknown or revoked.

        Microseconds for a token seen since the file last changed; a revocation by any process is seen at the next call.
        """
        with refusing(self._home):
            return self._keys.find(token)

    def list_keys(self) -> list[SdkKeyRecord]:
        """List every key ever minted, oldest first, revoked ones too."""
        kept = [column for column in SDK_KEYS.c if column.name != "key_hash"]
        query = (
            select(*kept, PROJECTS.c.name.label("project"), ENVIRONMENTS.c.name.label("environment"))
            .join(PROJECTS, PROJECTS.c.id == SDK_KEYS.c.project_id)
            .join(ENVIRONMENTS, ENVIRONMENTS.c.id == SDK_KEYS.c.environment_id)
            .order_by(SDK_KEYS.c.created_at, SDK_KEYS.c.id)
        )
        with self._reading() as connection:
            return [SdkKeyRecord(**row) for row in connection.execute(query).mappings()]

    def revoke_key(self, key_id: str) -> None:
        """Revoke a key from the next request on; twice is once. Raises `sdk_key_not_found`."""
        with self._writing() as connection:
            if connection.scalar(select(SDK_KEYS.c.id).where(SDK_KEYS.c.id == key_id)) is None:
                hint = "retrace api list-sdk-keys"
                raise RetraceError(ErrorCode.SDK_KEY_NOT_FOUND, f"no key has the id {key_id!r}", hint)
            valid = (SDK_KEYS.c.id == key_id) & SDK_KEYS.c.revoked_at.is_(None)
            connection.execute(update(SDK_KEYS).where(valid).values(revoked_at=datetime.now(UTC)))

    def record_decision(self, decision: Decision) -> None:
        """Append a decision; there is no taking back, only deciding otherwise later."""
        with self._writing() as connection:
            connection.execute(insert(DECISIONS).values(**asdict(decision)))

    def decisions(self) -> list[Decision]:
        """List every decision in the order they were recorded."""
        columns = [DECISIONS.c[member.name] for member in fields(Decision)]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).order_by(DECISIONS.c.id)).mappings()
            return [Decision(**row) for row in rows]

    def record_rule_change(self, change: RuleChange) -> None:
        """Append what a person set about a detector."""
        with self._writing() as connection:
            append_rule_change(connection, change)

    def rule_changes(self) -> list[RuleChange]:
        """List everything that was ever set about detectors, in the order it was."""
        with self._reading() as connection:
            return read_rule_changes(connection)

    def places(self) -> list[Place]:
        """List every environment of every project, by name."""
        query = (
            select(PROJECTS.c.id, PROJECTS.c.name, ENVIRONMENTS.c.id, ENVIRONMENTS.c.name)
            .join(PROJECTS, PROJECTS.c.id == ENVIRONMENTS.c.project_id)
            .order_by(PROJECTS.c.name, ENVIRONMENTS.c.name, ENVIRONMENTS.c.id)
        )
        with self._reading() as connection:
            return [Place(*row) for row in connection.execute(query)]

    def incident_ids(self, project_id: str, environment_id: str) -> dict[str, str]:
        """Map fingerprints to the incident ids given so far, the first that was given first."""
        with self._reading() as connection:
            return _incident_ids(connection, _tenant(INCIDENT_IDS, project_id, environment_id))

    def assign_incident_ids(self, project_id: str, environment_id: str, fingerprints: Sequence[str]) -> dict[str, str]:
        """Give each fingerprint its incident id, once: whoever asks again, in any process, gets the same."""
        wanted = list(dict.fromkeys(fingerprints))
        tenant = _tenant(INCIDENT_IDS, project_id, environment_id)
        with self._reading() as connection:
            known = _incident_ids_of(connection, tenant, wanted)
        if len(known) == len(wanted):
            return known
        with self._writing() as connection:
            # Asked again under the lock: another process may have been faster.
            known = _incident_ids_of(connection, tenant, wanted)
            taken = _TakenIds(connection)
            for fingerprint in wanted:
                if fingerprint not in known:
                    found = incident_id_of(project_id, environment_id, fingerprint, taken)
                    known[fingerprint] = found
                    connection.execute(
                        insert(INCIDENT_IDS).values(
                            project_id=project_id,
                            environment_id=environment_id,
                            fingerprint=fingerprint,
                            incident_id=found,
                            assigned_at=datetime.now(UTC),
                        )
                    )
        return known

    def pipeline_states(self, project_id: str, environment_id: str) -> dict[str, PipelineState]:
        """Map incident ids to how far each has come; those that nothing was begun for are absent."""
        names = [member.name for member in fields(PipelineState)]
        query = select(INCIDENT_PIPELINE.c.incident_id, *INCIDENT_PIPELINE.c[*names])
        with self._reading() as connection:
            rows = connection.execute(query.where(_tenant(INCIDENT_PIPELINE, project_id, environment_id)))
            return {row["incident_id"]: PipelineState(**{name: row[name] for name in names}) for row in rows.mappings()}

    def save_pipeline_state(self, project_id: str, environment_id: str, incident_id: str, **changes: str) -> None:
        """Note how far an incident has come: the fields of `PipelineState` given here, the others left as they are."""
        updated_at = datetime.now(UTC)
        statement = upsert(INCIDENT_PIPELINE).values(
            project_id=project_id,
            environment_id=environment_id,
            incident_id=incident_id,
            updated_at=updated_at,
            **asdict(replace(PipelineState(), **changes)),
        )
        with self._writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["project_id", "environment_id", "incident_id"],
                    set_={**changes, "updated_at": updated_at},
                )
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with refusing(self._home), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        writer = self._engine.execution_options(immediate=True)
        with refusing(self._home), writer.begin() as connection:
            yield connection


def _slug(name: str) -> str:
    """What a name comes to when case, punctuation and spaces do not count."""
    slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", name).casefold()).strip("-")
    if not slug:
        raise RetraceError(ErrorCode.INVALID_NAME, f"{name!r} has neither a letter nor a digit")
    return slug


def _add(connection: Connection, table: Table, **values: object) -> None:
    """Add a row unless it is there."""
    connection.execute(upsert(table).values(**values, created_at=datetime.now(UTC)).on_conflict_do_nothing())


def _dsn_number(connection: Connection, project_id: str) -> int:
    """The number of a project in DSNs: the one it has, else a hash of its id, the next hash while that is taken."""
    numbers = select(PROJECTS.c.dsn_number)
    known = connection.scalar(numbers.where(PROJECTS.c.id == project_id))
    if known is not None:
        return int(known)
    hashes = (int(public_id("", project_id, str(salt)), 16) for salt in count())
    candidates = (number % _DSN_NUMBERS + 1 for number in hashes)
    return next(
        number for number in candidates if connection.scalar(numbers.where(PROJECTS.c.dsn_number == number)) is None
    )


def _tenant(table: Table, project_id: str, environment_id: str) -> ColumnElement[bool]:
    return (table.c.project_id == project_id) & (table.c.environment_id == environment_id)


def _incident_ids(connection: Connection, where: ColumnElement[bool]) -> dict[str, str]:
    query = select(INCIDENT_IDS.c.fingerprint, INCIDENT_IDS.c.incident_id).where(where)
    rows = connection.execute(query.order_by(INCIDENT_IDS.c.assigned_at, INCIDENT_IDS.c.incident_id))
    return {row.fingerprint: row.incident_id for row in rows}


def _incident_ids_of(
    connection: Connection, tenant: ColumnElement[bool], fingerprints: Sequence[str]
) -> dict[str, str]:
    """The ids given so far to some fingerprints; the cost follows them, not all there are."""
    known: dict[str, str] = {}
    for start in range(0, len(fingerprints), _FINGERPRINTS_A_QUERY):
        asked = fingerprints[start : start + _FINGERPRINTS_A_QUERY]
        known |= _incident_ids(connection, tenant & INCIDENT_IDS.c.fingerprint.in_(asked))
    return known


class _TakenIds:
    """Every incident id of the store, asked for one by one: ids are unique over all projects."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __contains__(self, candidate: object) -> bool:
        query = select(INCIDENT_IDS.c.incident_id).where(INCIDENT_IDS.c.incident_id == candidate)
        return self._connection.scalar(query) is not None
