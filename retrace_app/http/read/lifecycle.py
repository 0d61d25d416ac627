"""Deciding over HTTP: what `retrace qa resolve | ignore | reopen | merge` do, in the name of a token.

Belongs here: the two paths, and which action each word means. Does not: the decisions (actions/incidents).
"""

from dataclasses import asdict
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from retrace_app.actions import incidents
from retrace_app.actions.listing import Tenant
from retrace_app.http.read.access import TENANT_REFUSALS, tenant_of, token_with
from retrace_app.http.read.house import house_of
from retrace_app.http.read.incidents import incident_of
from retrace_app.http.read.models import Decision, Incident
from retrace_app.http.read.refusals import documented
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_ID_CHARS
from retrace_resources.state import ServiceToken

router: Final = APIRouter(tags=["lifecycle"])

MAX_REASON_CHARS: Final = 2_000
"""A reason is a paragraph."""

_may_decide: Final = token_with("issues:write", "admin")
_may_decide_here: Final = tenant_of(_may_decide)
_REFUSALS: Final = documented(
    *TENANT_REFUSALS,
    ErrorCode.INVALID_JSON,
    ErrorCode.INVALID_PAYLOAD,
    ErrorCode.ISSUE_NOT_FOUND,
    ErrorCode.INCIDENT_NOT_FOUND,
    ErrorCode.INVALID_TRANSITION,
)


class Transition(BaseModel):
    """What is decided, and why."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["resolve", "ignore", "reopen", "merge"]
    into: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_ID_CHARS,
        description="For merge: the incident it is the same bug as.",
    )
    reason: str = Field(default="", max_length=MAX_REASON_CHARS, description="For whoever reads it later.")


class Decided(BaseModel):
    """The incident as the decision left it."""

    project_id: str
    environment_id: str
    previous_status: str
    incident: Incident
    decision: Decision


@router.post("/api/incidents/{incident_id}/lifecycle", summary="Decide about an incident", responses=_REFUSALS)
def decide_incident(
    request: Request,
    token: Annotated[ServiceToken, Depends(_may_decide)],
    tenant: Annotated[Tenant, Depends(_may_decide_here)],
    incident_id: Annotated[
        str, Path(max_length=MAX_ID_CHARS, description="`INC-…`, an id merged into it, or `bug_…`.")
    ],
    transition: Transition,
) -> Decided:
    """Resolve, ignore, reopen or merge an incident; seen by everybody at once."""
    return _decide(request, token, tenant, incident_id, transition)


@router.post("/api/issues/{issue_id}/lifecycle", summary="Decide about an issue", responses=_REFUSALS)
def decide_issue(
    request: Request,
    token: Annotated[ServiceToken, Depends(_may_decide)],
    tenant: Annotated[Tenant, Depends(_may_decide_here)],
    issue_id: Annotated[str, Path(max_length=MAX_ID_CHARS, description="Public id of the issue, `bug_…`.")],
    transition: Transition,
) -> Decided:
    """Resolve, ignore, reopen or merge the incident an issue stands in; seen by everybody at once."""
    if not issue_id.startswith("bug_"):
        raise RetraceError(ErrorCode.ISSUE_NOT_FOUND, f"nothing is known as {issue_id!r}")
    return _decide(request, token, tenant, issue_id, transition)


def _decide(request: Request, token: ServiceToken, tenant: Tenant, reference: str, transition: Transition) -> Decided:
    house = house_of(request)
    here = (house.lake, house.state)
    why = transition.reason
    match transition:
        case Transition(action="merge", into=str(into)):
            done = incidents.merge(*here, reference, into, actor=token.name, reason=why, tenant=tenant)
        case Transition(action="merge"):
            raise RetraceError(ErrorCode.INVALID_PARAMETER, "`into` is missing: merge says which incident it is")
        case Transition(into=str()):
            raise RetraceError(ErrorCode.INVALID_PARAMETER, f"`into` means nothing for {transition.action}")
        case _:
            act = _ACTS[transition.action]
            done = act(*here, reference, actor=token.name, reason=why, tenant=tenant)
    return Decided(
        project_id=tenant.project_id,
        environment_id=tenant.environment_id,
        previous_status=done.previous_status,
        incident=incident_of(done.incident),
        decision=Decision(**asdict(done.decision)),
    )


_ACTS: Final = {"resolve": incidents.resolve, "ignore": incidents.ignore, "reopen": incidents.reopen}
