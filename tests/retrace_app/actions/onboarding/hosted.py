"""A door that others run, as the team that connects an app sees it: its manifest, a shell, and what has landed."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from retrace_app.actions.onboarding import Onboarding
from retrace_app.actions.workspace import Names
from retrace_app.demo.serving import serving
from retrace_core.encodings import decompress
from retrace_core.limits import MAX_BODY_BYTES
from retrace_resources.landing import Segment, UnreadableSegment
from retrace_resources.settings import Settings
from tests.browsers import fresh_context

REPOSITORY = Path(__file__).parents[4]
NAMES = Names("Team", "Web", "production")
BUTTON = "<button>Buy</button>"
WAIT_SECONDS = 15


@dataclass(frozen=True)
class Door:
    """A running `retrace api serve`, its folder and a fresh manifest for it."""

    folder: Path
    home: Path
    url: str
    environment: Mapping[str, str]
    settings: Settings
    manifest: Onboarding

    def bodies(self) -> list[dict[str, Any]]:
        """Every batch that landed for the manifest's environment."""
        environment_id = self.manifest.workspace.environment_id
        segments = sorted((self.home / "landing" / "replay").glob("*.arrow*"))
        landed = [row for path in segments for row in _rows(path) if row["environment_id"] == environment_id]
        return [json.loads(decompress(row["encoding"], row["body"], MAX_BODY_BYTES)) for row in landed]


def _rows(path: Path) -> list[dict[str, Any]]:
    # One that is being written, closed or taken in just now is read at the next look.
    with suppress(UnreadableSegment, OSError):
        return [row for batch in Segment(path.name, path, 0).read() for row in batch.to_pylist()]
    return []


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("waited in vain")
        time.sleep(0.05)


@contextmanager
def visit(
    browser: Browser,
    html: str,
    files: Mapping[str, Path] | None = None,
    prepare: Callable[[BrowserContext], object] = id,
) -> Iterator[Page]:
    """A page of another origin than the door's; closed at the end of the block."""

    async def page_(_: Request) -> Response:
        return HTMLResponse(html)

    async def file(request: Request) -> Response:
        return FileResponse((files or {})[request.path_params["name"]], media_type="text/javascript")

    site = Starlette(routes=[Route("/", page_), Route("/{name}.js", file)])
    with serving(site) as origin, fresh_context(browser) as context:
        prepare(context)
        page = context.new_page()
        page.goto(origin)
        yield page


def recorded(door: Door, page: Page, mark: str) -> list[dict[str, Any]]:
    """Leave a page and return the events of the visit in which it had this title, once its click has arrived."""
    page.goto("about:blank")
    events: list[dict[str, Any]] = []

    def has_click() -> bool:
        batches = door.bodies()
        sessions = {batch["sessionId"] for batch in batches if mark in json.dumps(batch["events"])}
        events[:] = [event for batch in batches if batch["sessionId"] in sessions for event in batch["events"]]
        return "retrace/click@1" in {event.get("data", {}).get("plugin") for event in events if event["type"] == 6}

    until(has_click)
    return events


def shell(text: str, door: Door) -> str:
    """Run a command as it stands, strictly, beside an installed `retrace`; what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=door.folder,
        env=dict(door.environment),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout
