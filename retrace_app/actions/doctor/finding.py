"""What a check finds, and the shape of a check.

Belongs here: the words all checks share. Does not: any check (their modules), or the order they are made in
(`examination.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from retrace_resources.settings import Settings

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `next_step` is a command or a sentence, `repaired` what `--fix` did about it."""

    name: str
    status: Status
    found: str
    next_step: str = ""
    repaired: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A look at one thing, which changes nothing, and where it is safe a repair, which says what it did."""

    name: str
    look: Callable[[Settings], tuple[Status, str, str]]
    """Returns the status, what was found, and the next step (empty when there is none)."""
    repair: Callable[[Settings], str] | None = None
