"""Signals: what detectors found, each with its evidence.

Belongs here: what can be asked of signals. Does not: how they are found (retrace_assets.signals), or the faces.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retrace_app.actions.incidents import find_bugs
from retrace_app.actions.listing import (
    FIRST_PAGE,
    Condition,
    Order,
    Page,
    PageRequest,
    Tenant,
    between,
    equal,
    exists,
    read_page,
    read_rows,
)
from retrace_app.actions.replays import WITHIN, find_replay, within
from retrace_assets.versions import Bug, read_versions
from retrace_core.errors import RetraceError
from retrace_core.tables import ISSUES, SIGNALS
from retrace_resources.lake import Lake, Reading

NEWEST_FIRST: Final = Order((("occurred_at", datetime), ("signal_id", str)), descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilter:
    """Which signals; None does not narrow.

    `session` is a session's name or its replay's id, `incident` any id an incident is known by. Times are naive UTC.
    """

    detector: str | None = None
    session: str | None = None
    incident: str | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_signals(lake: Lake, tenant: Tenant, chosen: SignalFilter, page: PageRequest = FIRST_PAGE) -> Page:
    """List signals, the latest first; an incident or a session nobody knows has none."""
    conditions = [
        tenant.condition,
        *equal(detector=chosen.detector, fingerprint=chosen.fingerprint),
        *between("occurred_at", chosen.since, chosen.until),
    ]
    if not exists(lake):
        return Page([])
    with lake.reading() as reader:
        try:
            if chosen.session is not None:
                conditions.append(_of_session(reader, tenant, chosen.session))
            if chosen.incident is not None:
                conditions.append(_of_incident(reader, tenant, chosen.incident))
        except RetraceError as error:
            if error.code.http_status != 404:
                raise
            return Page([])
        return read_page(
            reader, table=SIGNALS, columns=SIGNALS.column_names, order=NEWEST_FIRST, conditions=conditions, page=page
        )


def _of_session(reader: Reading, tenant: Tenant, name: str) -> Condition:
    if not name.startswith("rpl_"):
        return "session_id = $session_id", {"session_id": name}
    return within(find_replay(reader, tenant, name, WITHIN))


def _of_incident(reader: Reading, tenant: Tenant, reference: str) -> Condition:
    """The signals of every bug an incident stands for, under all names they had."""
    fingerprint, issue_ids = find_bugs(reader.query, reference, tenant)
    issues = read_rows(
        reader,
        "unnest(fingerprints) AS fingerprint",
        ISSUES.name,
        [tenant.condition, ("list_contains($issue_ids, issue_id)", {"issue_ids": issue_ids})],
    )
    versions = read_versions(reader)
    roots = {fingerprint, *(issue["fingerprint"] for issue in issues)}
    names = {
        bug.fingerprint for root in roots for bug in versions.names(Bug(tenant.project_id, tenant.environment_id, root))
    }
    return "list_contains($fingerprints, fingerprint)", {"fingerprints": sorted(names | roots)}
