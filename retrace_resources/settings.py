"""What a person configures: config.yaml, the `.env` beside it and the environment, read into one typed object.

Belongs here: where each value comes from, and how a wrong one is explained. Does not: the keys themselves
(`settings_schema.py`), what people decide while Retrace runs (the state store), or how a message is shown (the faces).

From strongest to weakest: the process environment, `.env`, config.yaml, the defaults below. A variable is either named
in `NAMED_VARIABLES` or spelled after its key (`llm.model` is `RETRACE_LLM__MODEL`); an empty one counts as absent.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from dotenv import dotenv_values
from pydantic import BeforeValidator, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings_schema import (
    SECRET_NAMES,
    Block,
    Cluster,
    DetectorSetting,
    Fix,
    GithubApp,
    GithubSink,
    Linear,
    Llm,
    Notifications,
    PostHog,
    RateLimits,
    Retention,
    Run,
    Tester,
    parse_rate_limits,
)

DEFAULT_CONFIG_PATH = Path("config.yaml")

# Variables with a name of their own, strongest first where several set the same key.
NAMED_VARIABLES = (
    ("RETRACE_HOME", "run.data_dir"),
    ("RETRACE_POSTHOG_API_KEY", "posthog.api_key"),
    ("RETRACE_LLM_API_KEY", "llm.api_key"),
    ("RETRACE_OPENAI_API_KEY", "llm.openai_api_key"),
    ("RETRACE_ANTHROPIC_API_KEY", "llm.anthropic_api_key"),
    ("RETRACE_OPENROUTER_API_KEY", "llm.openrouter_api_key"),
    ("RETRACE_LINEAR_API_KEY", "linear.api_key"),
    ("RETRACE_GITHUB_API_KEY", "github_sink.api_key"),
    ("RETRACE_GITHUB_TOKEN", "github_sink.api_key"),
    ("GITHUB_TOKEN", "github_sink.api_key"),
    ("RETRACE_GITHUB_APP_ID", "github_app.app_id"),
    ("RETRACE_GITHUB_APP_WEBHOOK_SECRET", "github_app.webhook_secret"),
    ("RETRACE_GITHUB_APP_PRIVATE_KEY", "github_app.private_key"),
    ("RETRACE_GITHUB_APP_INSTALLATION_ID", "github_app.installation_id"),
    ("RETRACE_NOTIFY_WEBHOOK_URL", "notifications.webhook_url"),
    ("RETRACE_NOTIFY_WEBHOOK_SECRET", "notifications.webhook_secret"),
    ("RETRACE_NOTIFY_SLACK_WEBHOOK_URL", "notifications.slack_webhook_url"),
)


class Settings(BaseSettings):
    """Everything a person configured; every block may be absent."""

    model_config = SettingsConfigDict(
        env_prefix="RETRACE_", env_nested_delimiter="__", env_ignore_empty=True, extra="ignore", frozen=True
    )

    posthog: PostHog = PostHog()
    llm: Llm = Llm()
    run: Run = Run()
    detectors: dict[str, DetectorSetting] = {}
    cluster: Cluster = Cluster()
    linear: Linear = Linear()
    github_sink: GithubSink = GithubSink()
    github_app: GithubApp = GithubApp()
    notifications: Notifications = Notifications()
    tester: Tester = Tester()
    fix: Fix = Fix()
    retention: Retention = Retention()
    rate_limits: Annotated[RateLimits, NoDecode, BeforeValidator(parse_rate_limits)] = RateLimits()

    _variables: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @property
    def home(self) -> Path:
        """Where everything Retrace keeps lives, absolute."""
        return self.run.data_dir.expanduser().absolute()

    @property
    def output_dir(self) -> Path:
        """Where reports go, absolute."""
        return self.run.output_dir.expanduser().absolute()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was read but has no effect, for the face to show."""
        return self._warnings

    def variable(self, name: str) -> str:
        """Read a variable that a key names (`password_env: …`) from the environment or `.env`; empty when unset."""
        return self._variables.get(name, "")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put config.yaml, which `load_settings` hands in, below the environment."""
        return env_settings, dotenv_settings, init_settings


def load_settings(config_path: Path | None = None) -> Settings:
    """Read the configuration; without a path `./config.yaml`, which may be absent.

    Raises `config_not_found` for a path that was given and does not exist, and `config_invalid` naming every value
    that cannot be used.
    """
    path = config_path or DEFAULT_CONFIG_PATH
    written = _read_config(path, required=config_path is not None)
    env_file = path.parent / ".env"
    variables = _read_variables(env_file)
    config = _with_named_variables(written, variables)
    try:
        settings = Settings(**{"_env_file": env_file, **config})
    except ValidationError as error:
        # The cause is left out: its text quotes what was found, secrets too.
        faults = "\n".join(_explain(error, variables))
        raise RetraceError(ErrorCode.CONFIG_INVALID, faults, hint=f"correct {path}, or the variable named") from None
    except SettingsError as error:
        # Only a whole block or list in one variable is decoded before validation.
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{error}, expected JSON", hint="one variable a key") from error
    settings._variables = variables
    settings._warnings = tuple(_unknown_keys(written))
    return settings


def _read_config(path: Path, *, required: bool) -> dict[str, Any]:
    """The mapping written in a YAML file; keys without a value count as absent."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        if not required:
            return {}
        hint = f"retrace quickstart --config {path}"
        raise RetraceError(ErrorCode.CONFIG_NOT_FOUND, f"{path} does not exist", hint=hint) from None
    except yaml.MarkedYAMLError as error:
        # Its text quotes the line, which may hold a secret.
        place = f"{path}:{error.problem_mark.line + 1}" if error.problem_mark else str(path)
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{place} is not valid YAML: {error.problem}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{path} cannot be read: {_in_one_line(error)}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        found = type(document).__name__
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{path} holds a {found}, expected a block of keys")
    return _without_empty(document)


def _read_variables(env_file: Path) -> dict[str, str]:
    """What `.env` sets, under what the process environment sets; empty ones count as absent."""
    try:
        written = dotenv_values(env_file)
    except (OSError, UnicodeDecodeError) as error:
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{env_file} cannot be read: {_in_one_line(error)}") from None
    return {**_non_empty(written), **_non_empty(os.environ)}


def _non_empty(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value}


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _without_empty(block: dict[Any, Any]) -> dict[str, Any]:
    return {
        str(key): _without_empty(value) if isinstance(value, dict) else value
        for key, value in block.items()
        if value is not None
    }


def _with_named_variables(written: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Config for `Settings`: the blocks it knows, with the named variables over them."""
    config = {key: value for key, value in written.items() if key in Settings.model_fields}
    for variable, key in reversed(NAMED_VARIABLES):
        block_name, _, name = key.partition(".")
        block = config.get(block_name, {})
        # A block that is not one is left as it is, for validation to name.
        if variable in variables and isinstance(block, dict):
            config[block_name] = {**block, name: variables[variable]}
    return config


def _block_type(annotation: Any) -> type[Block] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Block) else None


# Similarity above which a foreign block (`issue_sinks`) is taken for one of ours misspelt; difflib's ratio, 0 to 1.
_LIKELY_MEANT = 0.75


def _unknown_keys(written: Mapping[str, Any]) -> Iterator[str]:
    """Warn of keys with no effect: in a known block always, beside the blocks when one is likely meant."""
    for key, value in written.items():
        field = Settings.model_fields.get(key)
        if field is None:
            if meant := difflib.get_close_matches(key, Settings.model_fields, 1, _LIKELY_MEANT):
                yield f"`{key}` is not a key of the configuration; did you mean `{meant[0]}`?"
            continue
        block = _block_type(field.annotation)
        if block is not None and isinstance(value, dict):
            yield from _unknown_in_block(key, block, value)


def _unknown_in_block(prefix: str, block: type[Block], written: Mapping[str, Any]) -> Iterator[str]:
    for key, value in written.items():
        field = block.model_fields.get(key)
        if field is None:
            meant = difflib.get_close_matches(key, block.model_fields, 1)
            advice = f"did you mean `{prefix}.{meant[0]}`?" if meant else "it has no effect"
            yield f"`{prefix}.{key}` is not a key of the configuration; {advice}"
        elif isinstance(value, dict):
            yield from _unknown_in_profiles(f"{prefix}.{key}", field.annotation, value)


def _unknown_in_profiles(prefix: str, annotation: Any, written: Mapping[str, Any]) -> Iterator[str]:
    """The same for blocks under names a person chose (`tester.auth_profiles.<name>`)."""
    arguments = getattr(annotation, "__args__", ())
    block = _block_type(arguments[-1]) if arguments else None
    for name, value in written.items():
        if block is not None and isinstance(value, dict):
            yield from _unknown_in_block(f"{prefix}.{name}", block, value)


# Long values are cut where they are quoted back; enough to recognise one.
_QUOTED_CHARACTERS = 80


def _explain(error: ValidationError, variables: Mapping[str, str]) -> Iterator[str]:
    """One line a wrong value: its key, where it came from when not the file, what was found, what was expected."""
    for fault in error.errors(include_url=False):
        path = [str(part) for part in fault["loc"]]
        key = ".".join(path)
        origin = next((f" (from {name})" for name in _variables_for(key) if name in variables), "")
        yield f"`{key}`{origin} is {_found(path, fault['input'])}, expected {_expected(fault['type'], fault['msg'])}"


def _variables_for(key: str) -> Iterator[str]:
    yield "RETRACE_" + key.replace(".", "__").upper()
    yield from (variable for variable, named in NAMED_VARIABLES if named == key)


def _found(path: list[str], value: object) -> str:
    if SECRET_NAMES.intersection(path) or len(path) == 1:
        return f"a value of type {type(value).__name__}"
    quoted = repr(value)
    return quoted if len(quoted) <= _QUOTED_CHARACTERS else quoted[:_QUOTED_CHARACTERS] + "…"


def _expected(kind: str, message: str) -> str:
    if kind in {"model_type", "model_attributes_type"}:
        return "a block of keys"
    return message.removeprefix("Input should be ").removeprefix("Value error, ")
