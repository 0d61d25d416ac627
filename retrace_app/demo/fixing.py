"""The demo's last act: one incident is fixed, merged, and green on the merged commit.

Belongs here: the repository, the agent, and the person who merges. Does not: fixing or verifying (actions.fix).
"""

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrace_app.actions import repositories
from retrace_app.actions.fix import Fixed, FixHow, Verified, fix, show_fix, verify_fix
from retrace_app.demo.shop_repository import BRANCH, NAME, START_COMMAND, make_repository
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import Settings

FIXED: Final = "POST /api/orders answers 500"
"""Words in the title of the incident whose bug is in the repository."""

_TIMES_BEFORE_MERGING: Final = 1
AGENT: Final = Path(__file__).with_name("agent.py")
"""The program that stands in for a coding agent."""

OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedAndMerged:
    """What became of the incident."""

    fix: Fixed
    patch: str
    merged_as: str
    verification: Verified


def fix_one(settings: Settings, incident_id: str, on_step: OnStep, *, times: int) -> FixedAndMerged:
    """Fix an incident of the shop in a repository made for it, merge the pull request, and verify.

    The test runs `times` on the merged commit.
    Raises `sandbox_unavailable`, and `patch_refused` when the fix was not admitted.
    """
    folder = settings.home / "demo"
    # Another demo on the same home begins with no pull request.
    shutil.rmtree(settings.home / "pull-requests" / NAME.replace("/", "--"), ignore_errors=True)
    shop = make_repository(folder)
    repositories.connect(settings, NAME, shop.checkout, base=BRANCH)
    how = FixHow(
        repo=NAME,
        agent=shlex.join([sys.executable, str(AGENT)]),
        start_command=START_COMMAND,
        times=_TIMES_BEFORE_MERGING,
    )
    done = fix(settings, incident_id, how, on_step)
    if not done.is_published:
        raise RetraceError(ErrorCode.PATCH_REFUSED, f"{done.reason}: {done.error}", hint="retrace repair show")
    on_step("Merging, as a person would")
    merged_as = shop.merge(done.branch)
    on_step("Testing what was merged")
    verification = verify_fix(settings, incident_id, how, times=times)
    patch = str(show_fix(settings, done.fix_id)["patch"])
    return FixedAndMerged(fix=done, patch=patch, merged_as=merged_as, verification=verification)
