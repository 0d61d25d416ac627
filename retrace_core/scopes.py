"""What a service token may do: the scopes there are, and reading them from what a person wrote.

Belongs here: the names and what each allows. Does not: which path asks for which scope (the faces).
"""

from collections.abc import Iterable
from types import MappingProxyType

from retrace_core.errors import ErrorCode, RetraceError

SCOPES = MappingProxyType(
    {
        "admin": "everything in the project",
        "ingest": "send anything in",
        "otel:write": "send OpenTelemetry logs and traces in",
        "monitoring:write": "send monitoring webhooks in",
        "source_maps:write": "upload source maps",
        "deploy:write": "record deploys",
        "app_errors:read": "read errors",
        "app_errors:write": "decide about errors",
        "issues:read": "read issues, incidents and signals",
        "issues:write": "decide about issues and incidents",
        "replay:read": "read replays",
        "replay:write": "have landed replays processed",
        "mcp:read": "read everything an MCP client may see",
    }
)
"""Every scope and what it allows."""


def parse_scopes(names: Iterable[str]) -> frozenset[str]:
    """Check the scopes of a token; raises `invalid_scope` naming the known ones, also when there is none at all."""
    asked = frozenset(names)
    unknown = sorted(asked - SCOPES.keys())
    if unknown or not asked:
        found = f"there is no scope {', '.join(map(repr, unknown))}" if unknown else "a token needs at least one scope"
        raise RetraceError(ErrorCode.INVALID_SCOPE, found, hint=f"the scopes are {', '.join(SCOPES)}")
    return asked
