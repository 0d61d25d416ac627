"""Checks of what is around the data: recorder, keys, browser, door, and the services a person brought.

Belongs here: the world outside the home. Does not: how a service is asked (`retrace_resources.providers`).
"""

import http.client
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from retrace_app.actions.doctor.finding import Check, Status
from retrace_app.actions.workspace import DEFAULT_BASE_URL
from retrace_app.http.ingest.recorder import GLOBAL_RECORDER_PATH, PINNED_FOLDER, RECORDER_PATH, pinned_name
from retrace_app.supervisor import lease
from retrace_core.errors import RetraceError
from retrace_resources.browser import ensure_browser, find_browser
from retrace_resources.providers import Answered, ask_github, ask_llm, ask_posthog
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore
from retrace_resources.state_engine import DATABASE_NAME

_DOOR_SECONDS = 1.0
_NOT_CONFIGURED = "not configured"


def _recorder(settings: Settings) -> tuple[Status, str, str]:
    missing = [path.name for path in (RECORDER_PATH, GLOBAL_RECORDER_PATH) if not path.is_file()]
    if missing:
        return "fail", f"not built: {', '.join(missing)}", "in a source checkout: make setup"
    pinned = list((settings.home / PINNED_FOLDER).glob("retrace.*.js"))
    broken = [path.name for path in pinned if pinned_name(path.read_bytes()) != path.name]
    if broken:
        return "fail", f"pages that load {broken[0]} do not record: the file was changed", "retrace quickstart"
    return "ok", f"built; {len(pinned)} kept for snippets", ""


def _keys(settings: Settings) -> tuple[Status, str, str]:
    create = "retrace api create-sdk-key"
    if not (settings.home / DATABASE_NAME).exists():
        return "warn", "there is none yet", create
    with StateStore.open(settings.home) as store:
        valid = [record.kind for record in store.list_keys() if record.revoked_at is None]
    sdk_keys, tokens = valid.count("sdk_key"), valid.count("service_token")
    found = f"{sdk_keys} SDK keys, {tokens} service tokens"
    return ("ok", found, "") if sdk_keys else ("warn", found, create)


def _browser(_: Settings) -> tuple[Status, str, str]:
    try:
        found = find_browser()
    except RetraceError as error:
        return "warn", error.detail, error.hint
    return ("ok", str(found), "") if found else ("warn", "no Chromium was found", "retrace doctor --fix")


def _install_browser(_: Settings) -> str:
    return f"installed {ensure_browser()}"


def _door(settings: Settings) -> tuple[Status, str, str]:
    running = lease.current(settings.home)
    url = running.door_url if running else DEFAULT_BASE_URL
    try:
        answers = _is_door(url)
    except OSError:
        if running:
            return "fail", f"`retrace up` runs (process {running.pid}), but {url} does not answer", "start it again"
        return "ok", f"not running at {url}", ""
    if answers:
        return "ok", f"answers at {url}", ""
    return "warn", f"another program answers at {url}", "choose another port with --port"


def _is_door(url: str) -> bool:
    """Whether a door answers there; raises `OSError` when nobody listens."""
    address = urlsplit(url)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(address.hostname), str(address.hostname))  # noqa: S104
    socket.create_connection((host, address.port or 80), _DOOR_SECONDS).close()
    connection = http.client.HTTPConnection(host, address.port, timeout=_DOOR_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().getheader("x-retrace-trace-id") is not None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _integration(
    name: str, is_configured: Callable[[Settings], bool], ask: Callable[[Settings], Answered], block: str
) -> Check:
    def look(settings: Settings) -> tuple[Status, str, str]:
        if not is_configured(settings):
            return "ok", _NOT_CONFIGURED, ""
        answered = ask(settings)
        if answered.verdict == "ok":
            return "ok", answered.found, ""
        if answered.verdict == "not_checked":
            return "warn", f"not checked: {answered.found}", "try again when it can be reached"
        return "fail", answered.found, f"correct `{block}` in the configuration, or its key: retrace init"

    return Check(name, look)


RECORDER = Check("recorder", _recorder)
KEYS = Check("keys", _keys)
BROWSER = Check("browser", _browser, _install_browser)
DOOR = Check("door", _door)
INTEGRATIONS = (
    _integration(
        "PostHog",
        lambda settings: bool(settings.posthog.host or settings.posthog.api_key.get_secret_value()),
        lambda settings: ask_posthog(settings.posthog),
        "posthog",
    ),
    _integration(
        "LLM",
        lambda settings: bool(settings.llm.base_url or settings.llm.model or settings.llm.api_key.get_secret_value()),
        lambda settings: ask_llm(settings.llm),
        "llm",
    ),
    _integration(
        "GitHub",
        lambda settings: bool(settings.github_sink.repo or settings.github_sink.api_key.get_secret_value()),
        lambda settings: ask_github(settings.github_sink),
        "github_sink",
    ),
)
