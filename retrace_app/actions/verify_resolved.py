"""Everything that is said to be fixed, tested.

Belongs here: which incidents, one after the other. Does not: one look (actions.fix).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from retrace_app.actions.fix import FixHow, Verified, verify_fix
from retrace_app.actions.incidents import Incident, list_incidents
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings

DEFAULT_LIMIT: Final = 10

# What keeps one incident from being looked at says nothing of the others.
_OF_ONE: Final = (ErrorCode.NOT_TESTABLE, ErrorCode.SPEC_NOT_FOUND, ErrorCode.REPOSITORY_NOT_FOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An incident whose turn it is, and the test that would run."""

    incident_id: str
    title: str
    spec_id: str


def planned(settings: Settings, limit: int = DEFAULT_LIMIT) -> list[Plan]:
    """List the resolved incidents, the most urgent first."""
    with Lake(settings.home) as lake:
        found = list_incidents(lake, ["resolved"], limit)
    return [_plan(incident) for incident in found]


def verify_resolved(
    settings: Settings,
    how: FixHow,
    *,
    limit: int = DEFAULT_LIMIT,
    times: int = 1,
    app_url: str = "",
    on_each: Callable[[Verified], None] = lambda _: None,
) -> list[Verified]:
    """Run the test of each resolved incident on what is there now; one that cannot be run is `unknown`."""
    done: list[Verified] = []
    for plan in planned(settings, limit):
        try:
            verified = verify_fix(settings, plan.incident_id, how, times=times, app_url=app_url)
        except RetraceError as error:
            if error.code not in _OF_ONE:
                raise
            verified = _unknown(plan, error)
        done.append(verified)
        on_each(verified)
    return done


def _plan(incident: Incident) -> Plan:
    return Plan(incident_id=incident.public_id, title=incident.title, spec_id=incident.repro_spec_id or "")


def _unknown(plan: Plan, error: RetraceError) -> Verified:
    return Verified(
        verification_id="",
        incident_id=plan.incident_id,
        fix_id="",
        outcome="unknown",
        reason=error.code.value,
        detail=error.detail,
        pr_state="",
        commit_sha="",
        status="resolved",
        runs=0,
        certificate_sha256="",
    )
