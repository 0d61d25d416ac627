"""Who asks, and what they may see: service tokens, their scopes, and the environments of their project.

Belongs here: every check that comes before a question is looked at. Does not: the questions (one module a noun).
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from retrace_app.actions.listing import Tenant
from retrace_app.http.read.house import House, house_of
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.state import ServiceToken
from retrace_resources.state_keys import SERVICE_TOKEN_PREFIX

_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="serviceToken",
    description="A service token (`rtst_…`), as `retrace api create-service-token` makes them.",
)

Check = Callable[..., Awaitable[Any]]

TOKEN_REFUSALS: Final = (ErrorCode.UNAUTHORIZED, ErrorCode.FORBIDDEN, ErrorCode.INVALID_PARAMETER)
"""What every path with a token may answer."""

TENANT_REFUSALS: Final = (*TOKEN_REFUSALS, ErrorCode.MISSING_ENVIRONMENT_ID, ErrorCode.ENVIRONMENT_NOT_FOUND)
"""What every path in an environment may answer."""


def token_with(*scopes: str) -> Check:
    """A dependency: the token of a request, which has one of these scopes.

    Raises `unauthorized` or `forbidden`, and then `invalid_parameter` for a query that says what nobody asked.
    """

    async def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> ServiceToken:
        secret = credentials.credentials if credentials else ""
        # An SDK key lies open in every page: it is none of these, whatever store it is looked up in.
        is_token = secret.startswith(SERVICE_TOKEN_PREFIX)
        token = house_of(request).state.service_token(secret) if is_token else None
        if token is None:
            raise RetraceError(ErrorCode.UNAUTHORIZED)
        if token.scopes.isdisjoint(scopes):
            raise RetraceError(ErrorCode.FORBIDDEN, f"one of these scopes is needed: {', '.join(sorted(scopes))}")
        _require_known_parameters(request)
        request.state.project_id = token.project_id
        return token

    return check


def tenant_of(check: Check) -> Check:
    """A dependency: the environment a request names, which is the token's project's.

    Raises what `check` does, `missing_environment_id`, or `environment_not_found` for any other.
    """

    async def choose(
        request: Request,
        token: Annotated[ServiceToken, Depends(check)],
        environment_id: Annotated[str, Query(description="The environment, `env_…`.", max_length=200)],
    ) -> Tenant:
        require_environment(house_of(request), token, environment_id)
        return Tenant(token.project_id, environment_id)

    return choose


def require_environment(house: House, token: ServiceToken, environment_id: str) -> None:
    """Raise `environment_not_found` for one that is not of the token's project, whoever else's it may be."""
    if all(place.environment_id != environment_id for place in house.state.environments(token.project_id)):
        raise RetraceError(ErrorCode.ENVIRONMENT_NOT_FOUND)


def _require_known_parameters(request: Request) -> None:
    """Refuse a misspelt filter, which would list everything, and one given twice, of which one would be dropped."""
    operation = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()]
    known = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
    for name in request.query_params:
        if name not in known or known[name]["in"] != "query":
            raise RetraceError(ErrorCode.INVALID_PARAMETER, f"there is no parameter {name!r} here")
        if len(request.query_params.getlist(name)) > 1 and not _repeats(known[name]["schema"]):
            raise RetraceError(ErrorCode.INVALID_PARAMETER, f"`{name}` is given more than once")


def _repeats(schema: dict[str, Any]) -> bool:
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", ())))
