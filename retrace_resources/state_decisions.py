"""What people decide about bugs, as it is kept: one row a decision, never rewritten.

Belongs here: the shape of a decision and its rows. Does not: what decisions come to (retrace_assets.issues), or which
are possible (the actions).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, select

from retrace_resources.state_schema import DECISIONS

DecisionKind = Literal["resolve", "verify", "regress", "ignore", "reopen", "merge", "split"]


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


def append_decision(connection: Connection, decision: Decision) -> None:
    """Add a row."""
    connection.execute(insert(DECISIONS).values(**asdict(decision)))


def read_decisions(connection: Connection) -> list[Decision]:
    """Every decision in the order they were recorded."""
    columns = [DECISIONS.c[member.name] for member in fields(Decision)]
    rows = connection.execute(select(*columns).order_by(DECISIONS.c.id)).mappings()
    return [Decision(**row) for row in rows]
