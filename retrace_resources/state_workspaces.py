"""Workspaces as they are kept: organizations, their projects, their environments.

Belongs here: the rows, and how names become ids. Does not: keys (`state_keys.py`), or who may make a workspace (the
actions).
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.sqlite import insert as upsert

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import public_id
from retrace_resources.state_schema import ENVIRONMENTS, ORGANIZATIONS, PROJECTS

# DSN project numbers have at most 9 digits: exact in every language's numbers, and short to read.
_DSN_NUMBERS = 999_999_999


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


def add_workspace(connection: Connection, organization: str, project: str, environment: str) -> Workspace:
    """Name a workspace, making what is missing; raises `invalid_name`."""
    organization_slug, project_slug, environment_slug = map(_slug, (organization, project, environment))
    organization_id = public_id("org_", organization_slug)
    project_id = public_id("proj_", organization_slug, project_slug)
    environment_id = public_id("env_", organization_slug, project_slug, environment_slug)
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
    _add(connection, ENVIRONMENTS, id=environment_id, slug=environment_slug, name=environment, project_id=project_id)
    return Workspace(project_id, environment_id, number)


def read_places(connection: Connection, project_id: str | None = None) -> list[Place]:
    """Every environment, of one project or of all, by name."""
    query = (
        select(PROJECTS.c.id, PROJECTS.c.name, ENVIRONMENTS.c.id, ENVIRONMENTS.c.name)
        .join(PROJECTS, PROJECTS.c.id == ENVIRONMENTS.c.project_id)
        .order_by(PROJECTS.c.name, ENVIRONMENTS.c.name, ENVIRONMENTS.c.id)
    )
    if project_id is not None:
        query = query.where(PROJECTS.c.id == project_id)
    return [Place(*row) for row in connection.execute(query)]


def read_workspace(connection: Connection, project_id: str, environment_id: str) -> Workspace | None:
    """A workspace by its ids; None for an environment that is not the project's."""
    query = (
        select(PROJECTS.c.id, ENVIRONMENTS.c.id, PROJECTS.c.dsn_number)
        .join(PROJECTS, PROJECTS.c.id == ENVIRONMENTS.c.project_id)
        .where((PROJECTS.c.id == project_id) & (ENVIRONMENTS.c.id == environment_id))
    )
    row = connection.execute(query).first()
    return Workspace(*row) if row else None


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
