"""A workspace as people name it, and the addresses of its door.

Belongs here: names and addresses. Does not: what a workspace is (the state store), its keys (`keys.py`), what goes into
a page (`snippets.py`).
"""

import re
from dataclasses import dataclass

from retrace_core.errors import ErrorCode, RetraceError

DEFAULT_PORT = 8788
DEFAULT_BASE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


@dataclass(frozen=True, slots=True)
class Names:
    """What a person calls a workspace."""

    organization: str = "Local"
    project: str = "Default"
    environment: str = "production"


# Addresses end up in a page and in a shell, so they are held to what needs no quoting there.
_BASE_URL = re.compile(r"https?://([\w.-]+|\[[\w.:]+\])(:\d{1,5})?(/[\w./~-]*)?", re.ASCII)


def check_base_url(text: str) -> str:
    """Check where browsers reach the door, and drop the slashes at its end; raises `invalid_payload`."""
    if not _BASE_URL.fullmatch(text):
        found = "`api_base_url` is no root URL such as https://retrace.example.com"
        raise RetraceError(ErrorCode.INVALID_PAYLOAD, found)
    return text.rstrip("/")


def door_url(scheme: str, host: str, port: int) -> str:
    """Where browsers reach the door."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def ingest_url(base_url: str) -> str:
    """Where the recorder posts to."""
    return f"{base_url}/api/sdk/replay"


def sentry_dsn(base_url: str, secret: str, project_number: int) -> str:
    """The address a Sentry SDK takes: the key is its user, the project's number the end of its path."""
    return f"{base_url.replace('://', f'://{secret}@', 1)}/{project_number}"
