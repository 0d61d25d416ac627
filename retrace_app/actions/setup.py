"""Setting up a folder: from nothing to a page that records.

Belongs here: what is written, and what to type next. Does not: how it is asked for or shown (the faces), keys
(`keys.py`), or asking a person for keys of other services (`configure.py`).
"""

import os
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from retrace_app.actions.keys import KeyInHand, mint_sdk_key
from retrace_app.actions.workspace import DEFAULT_PORT, Names
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import DEFAULT_CONFIG_PATH, NAMED_VARIABLES, load_settings
from retrace_resources.settings_schema import SECRET_NAMES
from retrace_resources.state import StateStore

CONFIG_TEXT = """\
# Retrace. Every key is optional; what is commented out shows its default.
# Secrets do not belong here but in .env beside this file.

run:
  data_dir: ./data        # everything Retrace keeps; RETRACE_HOME overrides it
  output_dir: ./reports   # digests and fix prompts

# rate_limits:
#   replay: 600/60s       # requests of one SDK key in a window, or off

# detectors:              # all are on; switch one off by its name
#   rage_click: true

# llm:                    # titles, summaries and patches get better with a model; nothing needs one
#   provider: openai_compatible
#   base_url: ""          # such as http://127.0.0.1:11434/v1
#   model: ""

# retention:
#   replay_batches_days: 30
#   run_artifact_days: 30
"""

ENV_TEXT = (
    "# Secrets for Retrace; a variable of the process overrides its line here. Keep this file out of Git.\n"
    + "".join(f"# {name}=\n" for name, key in NAMED_VARIABLES if key.rpartition(".")[2] in SECRET_NAMES)
)


@dataclass(frozen=True, slots=True)
class Created:
    """What setting up made; the rest was there."""

    config: bool
    env: bool
    key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup(KeyInHand):
    """What setting up left: the key, what was made, the keys there were before, and what to type next."""

    created: Created
    earlier_keys: list[str]
    next: list[str]


def quickstart(config_path: Path | None, names: Names, base_url: str, key_name: str) -> Setup:
    """Set up a folder: configuration, `.env`, state store, workspace and an SDK key; what exists is kept.

    `base_url` is where browsers reach the door, without a slash at its end.
    A second key is minted the second time, since of the first only a hash was kept. Raises `config_invalid`,
    `file_unwritable`, `home_unusable`, `home_too_new` or `invalid_name`.
    """
    path = config_path or DEFAULT_CONFIG_PATH
    wrote_config, wrote_env = write_files(path)
    settings = load_settings(path)
    with StateStore.open(settings.home) as store:
        earlier = store.list_keys()
        workspace = store.ensure_workspace(names.organization, names.project, names.environment)
        key = mint_sdk_key(store, settings.home, workspace, base_url=base_url, name=key_name)
    return Setup(
        **asdict(key),
        created=Created(config=wrote_config, env=wrote_env, key=True),
        earlier_keys=[
            record.masked
            for record in earlier
            if record.environment_id == key.environment_id and record.revoked_at is None
        ],
        next=_next_commands(path, base_url),
    )


def write_files(path: Path) -> tuple[bool, bool]:
    """Write config.yaml and the `.env` beside it where there is none; which of the two were written."""
    return (
        _write_if_absent(path, CONFIG_TEXT, mode=0o644),
        _write_if_absent(path.parent / ".env", ENV_TEXT, mode=0o600),
    )


def _next_commands(config_path: Path, base_url: str) -> list[str]:
    config = "" if config_path == DEFAULT_CONFIG_PATH else f" --config {shlex.quote(str(config_path))}"
    # Behind https stands a proxy, whose port is not the door's.
    url = urlsplit(base_url)
    port = f" --port {url.port}" if url.scheme == "http" and url.port not in {None, DEFAULT_PORT} else ""
    return [f"retrace api serve{config}{port}", f"retrace up{config}{port}", f"retrace qa list{config}"]


def _write_if_absent(path: Path, text: str, *, mode: int) -> bool:
    """Write a new file; True when there was none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        if path.exists():
            return False
        raise RetraceError(ErrorCode.FILE_UNWRITABLE, f"{path}: {error.strerror}") from error
    return True
