"""What people set about detectors, as it is kept: one row a change, never rewritten.

Belongs here: the shape of a change and its rows. Does not: what changes come to (retrace_assets.signals.rules), or
which are possible (the actions).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from retrace_resources.state_schema import DETECTOR_RULES

_COLUMNS = ("project_id", "environment_id", "detector", "actor", "at", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What a person set about a detector; what is None or empty is left as it was.

    An empty `project_id` means every project, an empty `environment_id` every environment of the project. A threshold
    that is None goes back to what the configuration says. `suppress` holds conditions by name (`selector`, `route`,
    `request`, `message_contains`, `reason_code`), `lift` the ids of suppressions that no longer hold. `origin` is the
    signal or incident that was said to be no bug.
    """

    detector: str
    actor: str
    at: datetime
    project_id: str = ""
    environment_id: str = ""
    reason: str = ""
    enabled: bool | None = None
    thresholds: Mapping[str, int | None] = field(default_factory=dict)
    min_confidence: str = ""
    min_signals: int | None = None
    suppress: tuple[Mapping[str, str], ...] = ()
    lift: tuple[str, ...] = ()
    origin: str = ""


_CHANGES = tuple(member.name for member in fields(RuleChange) if member.name not in _COLUMNS)


def append_rule_change(connection: Connection, change: RuleChange) -> None:
    """Add a row."""
    values = asdict(change)
    written = {name: values[name] for name in _CHANGES if values[name] not in (None, "", {}, ())}
    columns = {name: values[name] for name in _COLUMNS}
    connection.execute(insert(DETECTOR_RULES).values(**columns, change=written))


def read_rule_changes(connection: Connection) -> list[RuleChange]:
    """Every change in the order they were made."""
    columns = [DETECTOR_RULES.c[name] for name in _COLUMNS]
    rows = connection.execute(select(*columns, DETECTOR_RULES.c.change).order_by(DETECTOR_RULES.c.id))
    return [_change(dict(row)) for row in rows.mappings()]


def _change(row: dict[str, Any]) -> RuleChange:
    written = row.pop("change")
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    return RuleChange(**row, **{name: value for name, value in known.items() if name in _CHANGES})
