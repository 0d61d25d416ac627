"""The blocks of config.yaml: every key with its type and default.

Belongs here: what can be configured. Does not: where a value comes from and how a wrong one is explained
(`settings.py`).
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

_NO_SECRET = SecretStr("")


class Block(BaseModel):
    """A block of config.yaml: keys it does not know are ignored (and reported), numbers may stand for text."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class PostHog(Block):
    """Where PostHog recordings are pulled from."""

    host: str = ""
    app_host: str = ""
    project_id: str = ""
    api_key: SecretStr = _NO_SECRET


class Llm(Block):
    """The model that writes titles, summaries and patches better; nothing needs it."""

    provider: Literal["openai_compatible", "openai", "anthropic", "openrouter"] = "openai_compatible"
    base_url: str = ""
    model: str = ""
    api_key: SecretStr = _NO_SECRET
    openai_api_key: SecretStr = _NO_SECRET
    anthropic_api_key: SecretStr = _NO_SECRET
    openrouter_api_key: SecretStr = _NO_SECRET
    timeout_seconds: float = Field(default=120, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _fall_back_to_the_providers_key(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("api_key"):
            return values
        return {**values, "api_key": values.get(f"{values.get('provider')}_api_key", "")}


class Run(Block):
    """Folders (relative to the working directory) and the bounds of `retrace run`."""

    lookback_hours: int = Field(default=6, ge=1)
    max_sessions_per_run: int = Field(default=50, ge=1)
    output_dir: Path = Path("reports")
    data_dir: Path = Path("data")


class Cluster(Block):
    """When findings become a cluster."""

    min_size: int = Field(default=1, ge=1)


class Linear(Block):
    """Where issues are filed in Linear."""

    api_key: SecretStr = _NO_SECRET
    team_id: str = ""
    team_key: str = ""
    labels: tuple[str, ...] = ()
    endpoint: str = "https://api.linear.app/graphql"


class GithubSink(Block):
    """Where issues are filed on GitHub."""

    api_key: SecretStr = _NO_SECRET
    repo: str = ""
    labels: tuple[str, ...] = ()
    base_url: str = "https://api.github.com"


class GithubApp(Block):
    """The GitHub App whose webhooks are received."""

    app_id: str = ""
    webhook_secret: SecretStr = _NO_SECRET
    private_key: SecretStr = _NO_SECRET
    installation_id: str = ""


class Notifications(Block):
    """Who is told; a hook's address is a secret, since knowing it is enough to post."""

    webhook_url: SecretStr = _NO_SECRET
    webhook_secret: SecretStr = _NO_SECRET
    slack_webhook_url: SecretStr = _NO_SECRET


class AuthProfile(Block):
    """How a test signs in; secrets are named by their variable, never written down."""

    mode: Literal["none", "form", "jwt", "headers"] = "headers"
    login_url: str = ""
    username: str = ""
    password_env: str = ""
    jwt_env: str = ""
    headers_env: str = ""
    auth_setup_steps: tuple[Any, ...] = ()
    browser_settings: dict[str, Any] = {}


class EnvProfile(Block):
    """Where a test runs."""

    app_url: str = ""
    api_base_url: str = ""
    env_overrides: dict[str, str] = {}
    headers_env: str = ""


class Tester(Block):
    """Defaults for browser and API tests."""

    auth_profiles: dict[str, AuthProfile] = {}
    env_profiles: dict[str, EnvProfile] = {}
    app_url: str = ""
    start_command: str = ""
    reset_command: str = ""
    accounts: dict[str, Path] = {}
    harness_command: str = ""
    max_retries: int = Field(default=1, ge=0)
    auth_required: bool = False
    auth_mode: Literal["none", "form", "jwt", "headers"] = "none"
    auth_login_url: str = ""
    auth_username: str = ""


class Sandbox(Block):
    """How an agent, and what its patch makes of the app, are confined."""

    read_only: tuple[Path, ...] = ()
    dependencies: tuple[str, ...] = ("node_modules", ".venv", "venv")
    environment: tuple[str, ...] = ()
    seconds: int = Field(default=900, ge=1)
    memory_mb: int = Field(default=4096, ge=64)
    disk_mb: int = Field(default=2048, ge=16)
    processes: int = Field(default=512, ge=8)


class Fix(Block):
    """How fixes are made and admitted; `allow_paths` lifts what the gate refuses by default."""

    repo: str = ""
    agent: str = "auto"
    validate_command: str = ""
    spec_folder: str = "tests/retrace"
    times: int = Field(default=3, ge=1, le=20)
    most_files: int = Field(default=20, ge=1)
    most_lines: int = Field(default=600, ge=1)
    allow_paths: tuple[str, ...] = ()
    deny_paths: tuple[str, ...] = ()
    autopilot: bool = False
    sandbox: Sandbox = Sandbox()


class Retention(Block):
    """How long what is kept; at least 1 of its unit."""

    failures_days: int = Field(default=90, ge=1)
    evidence_days: int = Field(default=90, ge=1)
    source_maps_days: int = Field(default=30, ge=1)
    rate_limit_hours: int = Field(default=48, ge=1)
    replay_batches_days: int = Field(default=30, ge=1)
    otel_events_days: int = Field(default=30, ge=1)
    run_artifact_days: int = Field(default=30, ge=1)


class RateLimit(NamedTuple):
    """So many requests of one SDK key in a window."""

    requests: int
    window_seconds: int

    def __str__(self) -> str:
        """As config.yaml has it."""
        return f"{self.requests}/{self.window_seconds}s"


_RATE_LIMIT = re.compile(r"\s*([1-9]\d{0,8})\s*/\s*([1-9]\d{0,4})\s*s\s*", re.ASCII)


def _is_off(value: object) -> bool:
    """Whether a limit is switched off: YAML reads a bare `off` as false."""
    return value is False or (isinstance(value, str) and value.strip().lower() == "off")


def _parse_rate_limit(value: object) -> RateLimit | None:
    if value is None or isinstance(value, RateLimit):
        return value
    if _is_off(value):
        return None
    match = _RATE_LIMIT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("requests over seconds such as 600/60s, or off")
    return RateLimit(int(match[1]), int(match[2]))


class RateLimits(Block):
    """How often one SDK key may post, by ingest path; None is no limit."""

    replay: Annotated[RateLimit | None, BeforeValidator(_parse_rate_limit)] = RateLimit(600, 60)


_SWITCH: TypeAdapter[bool] = TypeAdapter(bool)
_THRESHOLDS: TypeAdapter[dict[str, int]] = TypeAdapter(dict[str, int])


def parse_detector(value: object) -> bool | dict[str, int]:
    """Read what a detector is set to: on, off, or some of its thresholds (on)."""
    try:
        return _THRESHOLDS.validate_python(value) if isinstance(value, dict) else _SWITCH.validate_python(value)
    except ValidationError:
        raise ValueError("true, false, or a block of thresholds that are whole numbers") from None


DetectorSetting = Annotated[bool | dict[str, int], PlainValidator(parse_detector)]


def parse_rate_limits(value: object) -> object:
    """Read `off` for a whole block of limits."""
    if _is_off(value):
        return RateLimits(replay=None)
    if isinstance(value, str):
        raise ValueError("off, or a block of limits by path")
    return value


SECRET_NAMES = frozenset(
    name
    for block in Block.__subclasses__()
    for name, field in block.model_fields.items()
    if field.annotation is SecretStr
)
"""Keys whose values are never quoted back."""
