"""SDK keys and service tokens as they are kept: how one is made, listed, looked up and revoked.

An SDK key may only write, to one environment. A service token may do what its scopes say, in one project. Belongs
here: their form and rows. Does not: the memory of those that came with requests (`state_key_memory.py`), or who may
mint or revoke (the actions).
"""

import hashlib
import json
import secrets
import sqlite3
import string
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, insert, or_, select, update

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import public_id
from retrace_resources.state_schema import ENVIRONMENTS, ORGANIZATIONS, PROJECTS, SDK_KEYS, SERVICE_TOKENS
from retrace_resources.state_workspaces import Workspace

SDK_KEY_PREFIX = "rtpk_"
SERVICE_TOKEN_PREFIX = "rtst_"  # noqa: S105 - what every token begins with

# 43 characters of 62 are 256 bits. Word characters only: Sentry SDKs accept nothing else in a DSN.
_ALPHABET = string.ascii_letters + string.digits
_CHARACTERS = 43
# Enough of each end to recognise a key by, far too little to guess it from.
_SHOWN_PREFIX = 9
_SHOWN_SUFFIX = 4

# When a token was last used is for a person who tidies up: to the minute is enough, and writes are few.
LAST_USED_GRAIN = timedelta(minutes=1)

_FIND_SDK_KEY = "SELECT id, project_id, environment_id FROM sdk_keys WHERE key_hash = ? AND revoked_at IS NULL"
_FIND_TOKEN = "SELECT id, name, project_id, scopes FROM service_tokens WHERE key_hash = ? AND revoked_at IS NULL"  # noqa: S105 - a query


@dataclass(frozen=True, slots=True)
class SdkKey:
    """A valid SDK key, and the workspace it writes to."""

    id: str
    project_id: str
    environment_id: str


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """A valid service token, and what it may do in its project."""

    id: str
    name: str
    project_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What is kept of an SDK key or a service token: everything but the secret.

    A token belongs to a whole project, so its environment is empty; an SDK key has no scopes.
    """

    kind: Literal["sdk_key", "service_token"]
    id: str
    name: str
    organization: str
    project_id: str
    project: str
    environment_id: str = ""
    environment: str = ""
    scopes: tuple[str, ...] = ()
    prefix: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = None

    @property
    def masked(self) -> str:
        """The key as it may be shown."""
        return f"{self.prefix}…{self.last4}"


@dataclass(frozen=True, slots=True)
class _Minted:
    """A new secret, which is shown once, and what is kept of it."""

    secret: str
    key_hash: str

    @property
    def kept(self) -> dict[str, object]:
        return {
            "key_hash": self.key_hash,
            "prefix": self.secret[:_SHOWN_PREFIX],
            "last4": self.secret[-_SHOWN_SUFFIX:],
            "created_at": datetime.now(UTC),
        }


def hash_of(token: str) -> str:
    """SHA-256 in hex; no salt, since 256 random bits need none and a look-up must find it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def find_sdk_key(connection: sqlite3.Connection, key_hash: str) -> SdkKey | None:
    """The valid SDK key with this hash."""
    row = connection.execute(_FIND_SDK_KEY, (key_hash,)).fetchone()
    return SdkKey(*row) if row else None


def find_service_token(connection: sqlite3.Connection, key_hash: str) -> ServiceToken | None:
    """The valid service token with this hash."""
    row = connection.execute(_FIND_TOKEN, (key_hash,)).fetchone()
    if row is None:
        return None
    token_id, name, project_id, scopes = row
    return ServiceToken(token_id, name, project_id, frozenset(json.loads(scopes)))


def add_sdk_key(connection: Connection, workspace: Workspace, name: str) -> tuple[SdkKey, str]:
    """Mint an SDK key; its secret is returned here and kept nowhere."""
    minted = _mint(SDK_KEY_PREFIX)
    key = SdkKey(public_id("key_", minted.key_hash), workspace.project_id, workspace.environment_id)
    connection.execute(insert(SDK_KEYS).values(**asdict(key), name=name, **minted.kept))
    return key, minted.secret


def add_service_token(
    connection: Connection, project_id: str, name: str, scopes: frozenset[str]
) -> tuple[ServiceToken, str]:
    """Mint a token; raises `workspace_not_found` for a project that is not there."""
    if connection.scalar(select(PROJECTS.c.id).where(PROJECTS.c.id == project_id)) is None:
        raise RetraceError(ErrorCode.WORKSPACE_NOT_FOUND, f"there is no project {project_id!r}")
    minted = _mint(SERVICE_TOKEN_PREFIX)
    token = ServiceToken(public_id("tok_", minted.key_hash), name, project_id, scopes)
    values = {"id": token.id, "name": name, "project_id": project_id, "scopes": sorted(scopes)}
    connection.execute(insert(SERVICE_TOKENS).values(**values, **minted.kept))
    return token, minted.secret


def read_keys(connection: Connection) -> list[KeyRecord]:
    """Every SDK key and service token ever minted, oldest first, revoked ones too."""
    names = (PROJECTS.c.name.label("project"), ORGANIZATIONS.c.name.label("organization"))
    keys = (
        select(*(column for column in SDK_KEYS.c if column.name != "key_hash"))
        .add_columns(*names, ENVIRONMENTS.c.name.label("environment"))
        .join(ENVIRONMENTS, ENVIRONMENTS.c.id == SDK_KEYS.c.environment_id)
        .join(PROJECTS, PROJECTS.c.id == SDK_KEYS.c.project_id)
        .join(ORGANIZATIONS, ORGANIZATIONS.c.id == PROJECTS.c.organization_id)
    )
    tokens = (
        select(*(column for column in SERVICE_TOKENS.c if column.name != "key_hash"))
        .add_columns(*names)
        .join(PROJECTS, PROJECTS.c.id == SERVICE_TOKENS.c.project_id)
        .join(ORGANIZATIONS, ORGANIZATIONS.c.id == PROJECTS.c.organization_id)
    )
    records = [KeyRecord(kind="sdk_key", **row) for row in connection.execute(keys).mappings()]
    for row in connection.execute(tokens).mappings():
        records.append(KeyRecord(kind="service_token", **{**row, "scopes": tuple(row["scopes"])}))
    return sorted(records, key=lambda record: (record.created_at, record.id))


def mark_revoked(connection: Connection, key_id: str) -> None:
    """Revoke an SDK key or a token; twice is once. Raises `key_not_found`."""
    for table in (SDK_KEYS, SERVICE_TOKENS):
        if connection.scalar(select(table.c.id).where(table.c.id == key_id)) is not None:
            valid = (table.c.id == key_id) & table.c.revoked_at.is_(None)
            connection.execute(update(table).where(valid).values(revoked_at=datetime.now(UTC)))
            return
    raise RetraceError(ErrorCode.KEY_NOT_FOUND, f"no key or token has the id {key_id!r}", "retrace api keys list")


def mark_used(connection: Connection, token_id: str, at: datetime) -> None:
    """Note that a token was used, unless it was noted less than `LAST_USED_GRAIN` ago."""
    last = SERVICE_TOKENS.c.last_used_at
    stale = (SERVICE_TOKENS.c.id == token_id) & or_(last.is_(None), last <= at - LAST_USED_GRAIN)
    connection.execute(update(SERVICE_TOKENS).where(stale).values(last_used_at=at))


def _mint(prefix: str) -> _Minted:
    """Make a key nobody can guess; its id is a hash of its hash."""
    secret = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
    return _Minted(secret, hash_of(secret))
