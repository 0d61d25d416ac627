"""Checks of what fixes need: a sandbox, and repositories that can be worked with.

Belongs here: the fix loop's surroundings. Does not: making a fix (actions.fix).
"""

from retrace_app.actions.doctor.finding import Check, Status
from retrace_app.actions.repositories import list_repositories
from retrace_resources.sandbox.availability import HINT, available, ensure
from retrace_resources.settings import Settings
from retrace_resources.state_engine import DATABASE_NAME


def _sandbox(_: Settings) -> tuple[Status, str, str]:
    missing = available()
    return ("warn", missing, f"retrace doctor --fix; or {HINT}") if missing else ("ok", "agents can be confined", "")


def _install_sandbox(_: Settings) -> str:
    ensure()
    return "installed bubblewrap"


def _repositories(settings: Settings) -> tuple[Status, str, str]:
    if not (settings.home / DATABASE_NAME).exists():
        return "ok", "none is connected", ""
    found = list_repositories(settings)
    broken = [f"{each.name}: {each.problem}" for each in found if each.problem]
    if broken:
        return "warn", "; ".join(broken), "retrace github connect --repo org/name --local-path DIR"
    return "ok", f"{len(found)} connected" if found else "none is connected", ""


SANDBOX = Check("sandbox", _sandbox, _install_sandbox)
REPOSITORIES = Check("repositories", _repositories)
