"""Configuring the services a person brings: what was chosen is tried, then written down without losing what was there.

Belongs here: config.yaml and `.env` as files to be changed. Does not: asking a person (the faces), what the keys mean
(`settings_schema.py`), or how a service is asked (`retrace_resources.providers`).
"""

import io
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from retrace_app.actions.setup import write_files
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.providers import Answered, ask_llm, ask_posthog
from retrace_resources.settings_schema import Llm, PostHog
from retrace_resources.whole_file import write_whole

POSTHOG_VARIABLE = "RETRACE_POSTHOG_API_KEY"
LLM_VARIABLE = "RETRACE_LLM_API_KEY"
LLM_PROVIDERS: tuple[str, ...] = get_args(Llm.model_fields["provider"].annotation)

# What needs no quotes in `.env`; the rest is put between single ones, where nothing but they and \ is special.
_PLAIN = re.compile(r"[\w.:/+=@-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class PostHogChoice:
    """A PostHog project to pull recordings from."""

    host: str
    project_id: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LlmChoice:
    """A model to write titles, summaries and patches better."""

    provider: str
    base_url: str
    model: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Configured:
    """What was written, and which variables of the process hide what was written to `.env`."""

    config: Path
    env: Path
    blocks: list[str]
    hidden_by_environment: list[str]


def try_posthog(choice: PostHogChoice) -> Answered:
    """Ask PostHog whether it takes this choice."""
    return ask_posthog(PostHog(host=choice.host, project_id=choice.project_id, api_key=SecretStr(choice.api_key)))


def try_llm(choice: LlmChoice) -> Answered:
    """Ask the provider whether it takes this choice."""
    if choice.provider not in LLM_PROVIDERS:
        return Answered("LLM", "wrong", f"the provider is one of {', '.join(LLM_PROVIDERS)}, not {choice.provider!r}")
    return ask_llm(Llm.model_validate(asdict(choice)))


def configure(path: Path, posthog: PostHogChoice | None, llm: LlmChoice | None) -> Configured:
    """Write what was chosen: settings to config.yaml, keys to the `.env` beside it; all else in them stays.

    Raises `config_invalid` for a file that is no YAML, or `file_unwritable`.
    """
    blocks: dict[str, dict[str, str]] = {}
    secrets: dict[str, str] = {}
    if posthog:
        blocks["posthog"] = {"host": posthog.host, "project_id": posthog.project_id}
        secrets[POSTHOG_VARIABLE] = posthog.api_key
    if llm:
        blocks["llm"] = {"provider": llm.provider, "base_url": llm.base_url, "model": llm.model}
        secrets[LLM_VARIABLE] = llm.api_key
    secrets = {name: value for name, value in secrets.items() if value}
    env_path = path.parent / ".env"
    write_files(path)
    # The keys first: a block without its key would be reported as broken, a key without its block is not used.
    if secrets:
        write_whole(env_path, with_variables(_read(env_path), secrets).encode(), mode=0o600)
    if blocks:
        write_whole(path, with_blocks(_read(path), blocks, path).encode(), mode=path.stat().st_mode & 0o777)
    hidden = [name for name, value in secrets.items() if os.environ.get(name) not in {None, "", value}]
    return Configured(path, env_path, list(blocks), hidden)


def with_blocks(text: str, blocks: Mapping[str, Mapping[str, str]], path: Path) -> str:
    """Set keys of blocks in a YAML document and leave its comments, order and other keys alone."""
    # A tenth of a second, for the one command that writes YAML.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    yaml = YAML()
    yaml.preserve_quotes = True
    # Long lines are a person's own.
    yaml.width = 2**20
    try:
        document: Any = yaml.load(text)
        if document is None:
            # Nothing but comments, which have nothing to hang on.
            return text + ("" if text.endswith("\n") or not text else "\n") + _dumped(yaml, dict(blocks))
        for name, values in blocks.items():
            if not isinstance(document.get(name), dict):
                document[name] = {}
            document[name].update(values)
        return _dumped(yaml, document)
    except (YAMLError, AttributeError) as error:
        said = " ".join(str(error).partition("\n")[0].split())
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{path} cannot be changed: {said}", f"correct {path}") from None


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """Set variables in the text of an `.env`: where one is set or offered in a comment, else at its end."""
    lines = text.splitlines()
    for name, value in variables.items():
        line = f"{name}={_quoted(value)}"
        places = [number for number, old in enumerate(lines) if re.match(rf"\s*(export\s+)?{name}\s*=", old)]
        offered = [number for number, old in enumerate(lines) if re.match(rf"#\s*{name}\s*=\s*$", old)]
        if places or offered:
            # Of several the last one counts.
            lines[(places or offered)[-1]] = line
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _dumped(yaml: Any, document: object) -> str:
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _quoted(value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise RetraceError(ErrorCode.CONFIG_INVALID, "a key cannot have more than one line")
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RetraceError(ErrorCode.CONFIG_INVALID, f"{path} cannot be read: {error}") from error
