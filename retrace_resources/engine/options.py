"""How a run is done, beside what the spec says: where the app is, who is logged in, how long is waited.

Belongs here: the options. Does not: where they come from (settings, command line).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

BrowserName = Literal["chromium", "firefox", "webkit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run; times in milliseconds.

    `app_url` overrides the spec's, `build` names the commit or version that is tested. `values` are variables the
    spec's inputs and auth are read from. `hermetic` is a file of recorded answers: written by the first run, served by
    later ones. `allow_hosts` may be called beside the app's own. `red_elsewhere` says that the same spec was red on
    another build.
    """

    app_url: str = ""
    build: str = ""
    storage_state: Path | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    hermetic: Path | None = None
    allow_hosts: frozenset[str] = frozenset()
    retries: int = 0
    red_elsewhere: bool = False
    # The first page of an app that was just started compiles things; nothing after it may take as long.
    first_page_ms: int = 15_000
    step_ms: int = 5_000
    deadline_ms: int = 90_000
