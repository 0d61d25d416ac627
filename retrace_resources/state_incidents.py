"""What is kept of incidents: the ids that were given once, and how far each one's test and fix have come.

Belongs here: their rows. Does not: the incidents themselves (the lake), or how an id is derived (retrace_core.ids).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Table, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from retrace_core.ids import incident_id as incident_id_of
from retrace_resources.state_schema import INCIDENT_IDS, INCIDENT_PIPELINE

# Every build of SQLite takes at least 999 parameters a statement.
_FINGERPRINTS_A_QUERY = 500


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


_STATE = [member.name for member in fields(PipelineState)]


def read_incident_ids(connection: Connection, project_id: str, environment_id: str) -> dict[str, str]:
    """Fingerprint → id, the first that was given first."""
    return _incident_ids(connection, _tenant(INCIDENT_IDS, project_id, environment_id))


def read_incident_ids_of(
    connection: Connection, project_id: str, environment_id: str, fingerprints: Sequence[str]
) -> dict[str, str]:
    """The ids given so far to some fingerprints; the cost follows them, not all there are."""
    tenant = _tenant(INCIDENT_IDS, project_id, environment_id)
    known: dict[str, str] = {}
    for start in range(0, len(fingerprints), _FINGERPRINTS_A_QUERY):
        asked = fingerprints[start : start + _FINGERPRINTS_A_QUERY]
        known |= _incident_ids(connection, tenant & INCIDENT_IDS.c.fingerprint.in_(asked))
    return known


def add_incident_ids(
    connection: Connection, project_id: str, environment_id: str, fingerprints: Sequence[str]
) -> dict[str, str]:
    """The ids of some fingerprints, given now where there is none; the connection holds the write lock."""
    known = read_incident_ids_of(connection, project_id, environment_id, fingerprints)
    taken = _TakenIds(connection)
    for fingerprint in fingerprints:
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


def read_pipeline_states(connection: Connection, project_id: str, environment_id: str) -> dict[str, PipelineState]:
    """Incident id → how far it has come; those that nothing was begun for are absent."""
    query = select(INCIDENT_PIPELINE.c.incident_id, *INCIDENT_PIPELINE.c[*_STATE])
    rows = connection.execute(query.where(_tenant(INCIDENT_PIPELINE, project_id, environment_id)))
    return {row["incident_id"]: PipelineState(**{name: row[name] for name in _STATE}) for row in rows.mappings()}


def write_pipeline_state(
    connection: Connection, project_id: str, environment_id: str, incident_id: str, changes: Mapping[str, str]
) -> None:
    """Set some fields of `PipelineState`, leaving the others as they are."""
    updated_at = datetime.now(UTC)
    statement = upsert(INCIDENT_PIPELINE).values(
        project_id=project_id,
        environment_id=environment_id,
        incident_id=incident_id,
        updated_at=updated_at,
        **asdict(replace(PipelineState(), **changes)),
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id", "environment_id", "incident_id"],
            set_={**changes, "updated_at": updated_at},
        )
    )


def _tenant(table: Table, project_id: str, environment_id: str) -> ColumnElement[bool]:
    return (table.c.project_id == project_id) & (table.c.environment_id == environment_id)


def _incident_ids(connection: Connection, where: ColumnElement[bool]) -> dict[str, str]:
    query = select(INCIDENT_IDS.c.fingerprint, INCIDENT_IDS.c.incident_id).where(where)
    rows = connection.execute(query.order_by(INCIDENT_IDS.c.assigned_at, INCIDENT_IDS.c.incident_id))
    return {row.fingerprint: row.incident_id for row in rows}


class _TakenIds:
    """Every incident id of the store, asked for one by one: ids are unique over all projects."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __contains__(self, candidate: object) -> bool:
        query = select(INCIDENT_IDS.c.incident_id).where(INCIDENT_IDS.c.incident_id == candidate)
        return self._connection.scalar(query) is not None
