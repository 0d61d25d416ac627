"""A regression spec: the steps of a UI test, what must hold, and what it needs to run.

Belongs here: the shape of a file under `ui-tests/specs/` (schema 2). Does not: steps (spec_steps), assertions
(spec_assertions), reading, writing and checking files (spec_file), making specs (retrace_assets.specs), running them
(retrace_resources.engine).
"""

from typing import Final, Literal

import msgspec

from retrace_core.spec_assertions import Assertion
from retrace_core.spec_steps import Locator, Step

SCHEMA_VERSION: Final = 2
DEFAULT_APP_URL: Final = "http://127.0.0.1:3000"

InputKind = Literal["text", "email", "username", "password", "tel", "number", "date", "url", "code", "secret"]


class Input(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A value the recording does not hold: taken from the environment variable `env`, else `example`.

    What has no example (passwords, secrets, account names) must be given, or the run is inconclusive.
    """

    kind: InputKind
    env: str = ""
    example: str = ""


class Start(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The state a run must begin in: the browser's, who is logged in, and what is then to be seen.

    `account` is a role whose `storageState` or login the run is given (empty: nobody). Without `landmark` on the first
    page the run has the wrong start state. `clock_ms` is the recorded time, for `--hermetic`.
    """

    viewport: tuple[int, int] = (1280, 720)
    locale: str = ""
    timezone: str = ""
    touch: bool = False
    account: str = ""
    landmark: Locator | None = None
    clock_ms: int | None = None


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a spec was made of; empty for one that a person wrote."""

    incident_id: str = ""
    issue_id: str = ""
    signal_id: str = ""
    session_id: str = ""
    detector: str = ""
    recorded_steps: int = 0
    notes: tuple[str, ...] = ()


class Spec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A UI test. The names are those of the original's schema 2; what that has beyond them is read over."""

    schema_version: int = SCHEMA_VERSION
    spec_id: str
    name: str
    prompt: str = ""
    mode: Literal["describe"] = "describe"
    execution_engine: Literal["native"] = "native"
    app_url: str = DEFAULT_APP_URL
    start_command: str = ""
    auth_mode: Literal["none", "form", "jwt", "headers"] = "none"
    auth_login_url: str = ""
    auth_username: str = ""
    auth_password_env: str = "RETRACE_TESTER_AUTH_PASSWORD"  # noqa: S105 - a name
    auth_jwt_env: str = "RETRACE_TESTER_AUTH_JWT"
    auth_headers_env: str = "RETRACE_TESTER_AUTH_HEADERS"
    env_overrides: dict[str, str] = {}
    start: Start = Start()
    inputs: dict[str, Input] = {}
    exact_steps: tuple[Step, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    source: Source = Source()
    created_at: str = ""
    updated_at: str = ""
