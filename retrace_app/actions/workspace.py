"""Workspaces and their SDK keys: from an empty folder to a page that records.

Belongs here: what setting up writes and mints, and the addresses and snippet that follow. Does not: how it is asked for
or shown (the faces), or what a workspace is (the state store).
"""

import os
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import DEFAULT_CONFIG_PATH, NAMED_VARIABLES, Settings, load_settings
from retrace_resources.settings_schema import SECRET_NAMES
from retrace_resources.state import SdkKeyRecord, StateStore

DEFAULT_PORT = 8788
DEFAULT_BASE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"

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
class Names:
    """What a person calls a workspace."""

    organization: str = "Local"
    project: str = "Default"
    environment: str = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInHand:
    """A new SDK key with all a person pastes; the only time its secret is seen."""

    key_id: str
    project_id: str
    environment_id: str
    sdk_key: str = field(repr=False)
    ingest_url: str
    sentry_dsn: str = field(repr=False)
    snippet: str = field(repr=False)


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
    wrote_config = _write_if_absent(path, CONFIG_TEXT, mode=0o644)
    wrote_env = _write_if_absent(path.parent / ".env", ENV_TEXT, mode=0o600)
    settings = load_settings(path)
    with StateStore.open(settings.home) as store:
        earlier = store.list_keys()
        key = _mint(store, names, base_url, key_name)
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


def create_sdk_key(settings: Settings, names: Names, base_url: str, key_name: str) -> KeyInHand:
    """Mint an SDK key for a workspace, which is made if it is new."""
    with StateStore.open(settings.home) as store:
        return _mint(store, names, base_url, key_name)


def list_sdk_keys(settings: Settings) -> list[SdkKeyRecord]:
    """Every SDK key ever minted, oldest first, without its secret."""
    with StateStore.open(settings.home) as store:
        return store.list_keys()


def revoke_sdk_key(settings: Settings, key_id: str) -> None:
    """Refuse a key from its next request on; raises `sdk_key_not_found`."""
    with StateStore.open(settings.home) as store:
        store.revoke_key(key_id)


def door_url(scheme: str, host: str, port: int) -> str:
    """Where browsers reach the door."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def sentry_dsn(base_url: str, secret: str, project_number: int) -> str:
    """The address a Sentry SDK takes: the key is its user, the project's number the end of its path."""
    return f"{base_url.replace('://', f'://{secret}@', 1)}/{project_number}"


def recorder_snippet(base_url: str, secret: str) -> str:
    """What goes into a page's head: the recorder, loaded from the user's own door."""
    return f"""\
<script type="module">
  import {{ init }} from "{base_url}/sdk/retrace.js";
  init({{
    apiKey: "{secret}",
    ingestUrl: "{_ingest_url(base_url)}",
  }});
</script>
"""


def _ingest_url(base_url: str) -> str:
    return f"{base_url}/api/sdk/replay"


def _mint(store: StateStore, names: Names, base_url: str, key_name: str) -> KeyInHand:
    workspace = store.ensure_workspace(names.organization, names.project, names.environment)
    key, secret = store.create_sdk_key(workspace, key_name)
    return KeyInHand(
        key_id=key.id,
        project_id=key.project_id,
        environment_id=key.environment_id,
        sdk_key=secret,
        ingest_url=_ingest_url(base_url),
        sentry_dsn=sentry_dsn(base_url, secret, workspace.dsn_project_number),
        snippet=recorder_snippet(base_url, secret),
    )


def _next_commands(config_path: Path, base_url: str) -> list[str]:
    config = "" if config_path == DEFAULT_CONFIG_PATH else f" --config {shlex.quote(str(config_path))}"
    # Behind https stands a proxy, whose port is not the door's.
    url = urlsplit(base_url)
    port = f" --port {url.port}" if url.scheme == "http" and url.port not in {None, DEFAULT_PORT} else ""
    return [f"retrace api serve{config}{port}", f"retrace up{config}", f"retrace qa list{config}"]


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
