"""The visits: each person meets one bug, recorded by one of two recorders, and becomes incidents.

Belongs here: recording and taking in. Does not: the bugs (bugs), or what is made of the incidents (`__main__`).
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Request

from bench.capture.sites import Sites, serving_sites
from bench.door import running_door
from bench.reproduce.bugs import Bug
from bench.reproduce.faults import Build
from retrace_app.actions.pipeline import process_pending
from retrace_app.actions.snippets import pin_recorder, recorder_snippet
from retrace_app.demo.person import Person
from retrace_resources.browser import ensure_browser, launch_async
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore

Recorder = Literal["plain", "ours"]

_POSTS = "/api/sdk/replay"
_LOOPBACK = "127.0.0.1"
_PLAIN = Path(__file__).with_name("plain.js")
_RRWEB = Path(__file__).parents[2] / "sdk/browser/node_modules/rrweb/dist/rrweb.umd.min.cjs"
_STEP_TIMEOUT_MS = 10_000


@contextmanager
def recorded_sites(home: Path, recorder: Recorder, build: Build) -> Iterator[Sites]:
    """Serve the apps with a recorder in their pages, and a door for it."""
    with StateStore.open(home) as state:
        _, secret = state.create_sdk_key(state.ensure_workspace("Local", "Bench", "reproduce"), "bench")
    with running_door(home, 1) as (port, _):
        address = f"http://{_LOOPBACK}:{port}"
        snippet = (
            _plain(address, secret) if recorder == "plain" else recorder_snippet(pin_recorder(home), address, secret)
        )
        with serving_sites(snippet, wrap=build.wrap) as sites:
            yield sites


def _plain(address: str, secret: str) -> str:
    settings = json.dumps({"url": f"{address}/api/sdk/replay", "apiKey": secret})
    own = f"{{ const settings = {settings};\n{_PLAIN.read_text()} }}"
    return f"<script>{_RRWEB.read_text()}</script><script>{own}</script>"


def visit(sites: Sites, build: Build, bugs: Sequence[Bug]) -> dict[str, set[str]]:
    """Let a person meet each bug, one after the other; gives the sessions of each by the page's own storage."""
    return asyncio.run(_visit_all(sites, build, bugs))


async def _visit_all(sites: Sites, build: Build, bugs: Sequence[Bug]) -> dict[str, set[str]]:
    sessions = {}
    async with launch_async(ensure_browser()) as browser:
        for number, bug in enumerate(bugs):
            build.faults = bug.faults
            sessions[bug.name] = await _visit(browser, sites.addresses[bug.site], bug, number)
            print(f"\rvisited {number + 1} of {len(bugs)}", end="", file=sys.stderr, flush=True)
        build.faults = ()
    print(file=sys.stderr)
    return sessions


async def _visit(browser: Browser, address: str, bug: Bug, seed: int) -> set[str]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(_STEP_TIMEOUT_MS)
    sessions: set[str] = set()

    def note(request: Request) -> None:
        if request.url.endswith(_POSTS) and request.post_data:
            sessions.add(json.loads(request.post_data)["sessionId"])

    page = await context.new_page()
    # Uncompressed, so that a post can be read on its way.
    await page.add_init_script("delete window.CompressionStream")
    page.on("request", note)
    person = Person(page, address, seed)
    await bug.story(person)
    await person.leave()
    await context.close()
    return sessions


def incidents_of(settings: Settings, sessions: dict[str, set[str]]) -> dict[str, list[str]]:
    """Take in what landed; gives each bug's incidents, those the most severe first."""
    process_pending(settings)
    found: dict[str, list[str]] = {}
    with Lake(settings.home) as lake:
        for bug, own in sessions.items():
            rows = lake.query(
                "SELECT DISTINCT incident_id, "
                "list_position(['critical', 'high', 'medium', 'low'], incident.severity) AS place "
                "FROM signals JOIN issues ON list_contains(fingerprints, signals.fingerprint) "
                "JOIN incidents AS incident ON list_contains(issue_ids, issue_id) "
                "WHERE list_contains(?, signals.session_id) ORDER BY place, incident_id",
                [sorted(own)],
            )
            found[bug] = rows["incident_id"].to_list()
    return found
