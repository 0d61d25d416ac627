"""`POST /api/onboarding/hosted`: a key, a token and everything to paste, for a team that connects an app.

Belongs here: body and envelope. Does not: what the manifest says (actions/onboarding).
"""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from retrace_app.actions.listing import Tenant
from retrace_app.actions.onboarding import Onboarding, Wishes, onboard
from retrace_app.http.read.access import TENANT_REFUSALS, tenant_of, token_with
from retrace_app.http.read.house import house_of
from retrace_app.http.read.refusals import documented
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.limits import MAX_ID_CHARS

router: Final = APIRouter(tags=["onboarding"])

_MAX_URL_CHARS: Final = 2_000
_may_onboard: Final = tenant_of(token_with("admin"))


class HostedWishes(BaseModel):
    """What may be chosen; all of it may be left out."""

    api_base_url: str | None = Field(
        default=None,
        max_length=_MAX_URL_CHARS,
        description="Where browsers reach the door; else as it was asked.",
    )
    sdk_key_name: str | None = Field(default=None, min_length=1, max_length=MAX_ID_CHARS)
    service_token_name: str | None = Field(default=None, min_length=1, max_length=MAX_ID_CHARS)
    service_token_scopes: list[str] | None = None
    release: str | None = Field(default=None, max_length=MAX_ID_CHARS)


class Onboarded(BaseModel):
    """The manifest; its secrets are shown this once."""

    onboarding: Onboarding


@router.post(
    "/api/onboarding/hosted",
    summary="Mint a key and a token with all there is to paste",
    status_code=201,
    responses=documented(
        *TENANT_REFUSALS,
        ErrorCode.INVALID_JSON,
        ErrorCode.INVALID_PAYLOAD,
        ErrorCode.INVALID_SCOPE,
        ErrorCode.RECORDER_NOT_BUILT,
    ),
)
def onboard_hosted(
    request: Request, tenant: Annotated[Tenant, Depends(_may_onboard)], wishes: HostedWishes | None = None
) -> Onboarded:
    """Mint an SDK key and a service token for an environment, and say how to use them."""
    house = house_of(request)
    workspace = house.state.workspace(tenant.project_id, tenant.environment_id)
    if workspace is None:
        raise RetraceError(ErrorCode.ENVIRONMENT_NOT_FOUND)
    asked = {name: value for name, value in (wishes or HostedWishes()).model_dump().items() if value is not None}
    if "service_token_scopes" in asked:
        asked["service_token_scopes"] = tuple(asked["service_token_scopes"])
    asked.setdefault("api_base_url", f"http://{request.headers.get('host', '')}")
    return Onboarded(onboarding=onboard(house.state, house.home, workspace, replace(Wishes(), **asked)))
