"""An API test: requests in order, what each answer must be, and what is taken from one into the next.

Belongs here: the shape of a file under `api-tests/specs/` (schema 1). Does not: reading, writing and checking files
(api_spec_file), making one of a recording (retrace_assets.specs.api), sending (retrace_resources.api_engine).
"""

from typing import Any, Final, Literal

import msgspec

from retrace_core.spec import DEFAULT_APP_URL, Input, Source

SCHEMA_VERSION: Final = 1
TIMEOUT_SECONDS: Final = 15.0

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
StatusClass = Literal["ok", "1xx", "2xx", "3xx", "4xx", "5xx"]


class JsonAssertion(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What holds at a path of the JSON answer (`$.items.0.id`): that it is there, what it is, or what it contains."""

    path: str
    exists: bool | None = None
    equals: Any = msgspec.UNSET
    contains: Any = msgspec.UNSET


class SchemaAssertion(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A JSON schema that holds for what is at a path."""

    schema: dict[str, Any]
    path: str = "$"


class Extract(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """A value of the answer that later requests name as `{{ name }}`."""

    name: str
    path: str
    source: Literal["json", "header"] = "json"


class Auth(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a request is authorised: by variables of the environment, never by what is in the file."""

    type: Literal["none", "bearer", "headers"] = "none"
    token_env: str = "RETRACE_TESTER_AUTH_JWT"  # noqa: S105 - a name
    headers_env: str = "RETRACE_TESTER_AUTH_HEADERS"


class ApiStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A request and what its answer must be; texts may hold `{{ name }}`.

    `url` is absolute, or relative to the app's. A `body` that is a text is sent as it is, any other as JSON; `form` and
    `files` (a name for each field, or `.ext` for a made-up file) are sent as a form. `expected_status` ok is below 400.
    `failed_with` is the recorded status: an answer of another class is another failure. `latency_ms` 0 is no limit.
    """

    id: str
    method: Method = "GET"
    url: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    headers_env: str = ""
    auth: Auth = Auth()
    body: Any = msgspec.UNSET
    form: dict[str, str] = {}
    files: dict[str, str] = {}
    expected_status: int | StatusClass = 200
    failed_with: int = 0
    latency_ms: float = 0
    json_assertions: tuple[JsonAssertion, ...] = ()
    schema_assertions: tuple[SchemaAssertion, ...] = ()
    extract: tuple[Extract, ...] = ()


class ApiSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API test; one client with one cookie jar sends everything. Teardown is always sent, and judges nothing."""

    schema_version: int = SCHEMA_VERSION
    spec_id: str
    name: str
    app_url: str = DEFAULT_APP_URL
    timeout_seconds: float = TIMEOUT_SECONDS
    inputs: dict[str, Input] = {}
    setup_steps: tuple[ApiStep, ...] = ()
    steps: tuple[ApiStep, ...]
    teardown_steps: tuple[ApiStep, ...] = ()
    source: Source = Source()
    created_at: str = ""
    updated_at: str = ""
