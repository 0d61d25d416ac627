"""Which repositories fixes go to, as it is kept: one row a name.

Belongs here: the shape of a connection and its rows. Does not: what is in a repository (repository), or which are worth
connecting (the actions).
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from retrace_resources.state_schema import REPOSITORIES


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedRepository:
    """A checkout on this machine under the name of what it is a checkout of, such as `acme/shop`.

    `base` is the branch fixes are merged into; empty: whatever the remote, or else the checkout, has as its own.
    `token_env` names the variable with a token for the code host.
    """

    name: str
    path: Path
    base: str = ""
    remote: str = "origin"
    token_env: str = "GITHUB_TOKEN"  # noqa: S105 - a name
    connected_at: datetime


def write_repository(connection: Connection, repository: ConnectedRepository) -> None:
    """Keep a connection; the same name again replaces it."""
    values = {**asdict(repository), "path": str(repository.path)}
    changed = {name: value for name, value in values.items() if name != "name"}
    connection.execute(
        upsert(REPOSITORIES).values(**values).on_conflict_do_update(index_elements=["name"], set_=changed)
    )


def delete_repository(connection: Connection, name: str) -> bool:
    """Forget a connection; tells whether there was one."""
    return connection.execute(delete(REPOSITORIES).where(REPOSITORIES.c.name == name)).rowcount > 0


def read_repositories(connection: Connection) -> list[ConnectedRepository]:
    """Every connection, by name."""
    rows = connection.execute(select(REPOSITORIES).order_by(REPOSITORIES.c.name)).mappings()
    return [ConnectedRepository(**{**row, "path": Path(row["path"])}) for row in rows]
