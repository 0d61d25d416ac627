"""The demo: visits to the shop go through the real door and the real pipeline, and end as incidents.

Belongs here: the order of the acts, and telling how far they are. Does not: the visits (visitors, stored), what the
pipeline does, how a terminal shows it.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import msgspec

from retrace_app.actions import keys, workspace
from retrace_app.actions.incidents import Incident, list_incidents
from retrace_app.actions.pipeline import Processed, process_pending
from retrace_app.actions.reproduce import verify
from retrace_app.demo.fixing import FIXED, FixedAndMerged, fix_one
from retrace_app.demo.reproducing import TIMES, reproduce_two
from retrace_app.demo.shop_server import running_shop
from retrace_app.demo.stored import stored_batches
from retrace_app.demo.visitors import VISITORS, run_visits
from retrace_app.supervisor.child import Child, Program
from retrace_app.supervisor.programs import LOOPBACK, free_port, listens
from retrace_core.certificate import Certificate
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake
from retrace_resources.sandbox.availability import available
from retrace_resources.settings import Settings

_NAMES = workspace.Names("Local", "Demo shop", "demo")
_KEY_NAME = "Demo visitors"
_START_SECONDS = 20.0
_STOP_SECONDS = 20.0

# Says what is being done, and how much of it: (act, done, all). `all` is 0 where nobody knows.
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrated:
    """What the demo did and found."""

    visits: int
    batches: int
    events: int
    seconds: float
    incidents: list[Incident]
    certificates: list[Certificate] = field(default_factory=list)
    fixed: FixedAndMerged | None = None


def demonstrate(settings: Settings, on_progress: OnProgress) -> Demonstrated:
    """Let a real browser visit the shop, each fault and the clean parts; prove two of the incidents, and fix one.

    Raises `browser_not_found`, `recorder_not_built`, or what the pipeline and the tests raise.
    """
    started = time.monotonic()
    faults = {visitor.fault for visitor in VISITORS if visitor.fault}
    with _door(settings) as (url, key), running_shop(door_url=f"{url}/api/sdk/replay", sdk_key=key) as shop:
        visited = 0

        def one_more(_: object) -> None:
            nonlocal visited
            visited += 1
            on_progress("Visiting the shop", visited, len(VISITORS))

        on_progress("Visiting the shop", 0, len(VISITORS))
        visits = run_visits(shop, faults, one_more)
    found = _found(settings, len(visits), started, on_progress)
    to_fix = _to_fix(found.incidents)
    act = "Testing two of them, with and without the bug"
    certificates = reproduce_two(
        settings, found.incidents, faults, lambda done, of: on_progress(act, done, of), to_fix=to_fix
    )
    fixed = fix_one(settings, to_fix, lambda step: on_progress(step, 0, 0), times=TIMES) if to_fix else None
    if fixed:
        certificates.insert(0, verify(settings, to_fix))
    # The queue says by now what the tests and the fix came to.
    with Lake(settings.home) as lake:
        incidents = list_incidents(lake)
    seconds = time.monotonic() - started
    return replace(found, seconds=seconds, incidents=incidents, certificates=certificates, fixed=fixed)


def _to_fix(incidents: Sequence[Incident]) -> str:
    """The incident that has its bug in the repository; none where nothing can be confined."""
    return "" if available() else next((each.public_id for each in incidents if FIXED in each.title), "")


def seed(settings: Settings, on_progress: OnProgress) -> Demonstrated:
    """Replay stored visits to the shop through the door, as if they had ended just now."""
    started = time.monotonic()
    batches = list(stored_batches(datetime.now(UTC)))
    sessions = {batch["sessionId"] for batch in batches}
    with _door(settings) as (url, key), httpx.Client(headers={"x-retrace-key": key}) as client:
        for number, batch in enumerate(batches, 1):
            answer = client.post(f"{url}/api/sdk/replay", content=msgspec.json.encode(batch))
            if answer.status_code != httpx.codes.ACCEPTED:
                raise RetraceError(ErrorCode.INTERNAL_ERROR, f"the door answered {answer.status_code}: {answer.text}")
            on_progress("Replaying stored visits", number, len(batches))
    return _found(settings, len(sessions), started, on_progress)


@contextmanager
def _door(settings: Settings) -> Iterator[tuple[str, str]]:
    """Run a door of our own on a free port; yields its address and an SDK key for it."""
    port = free_port()
    url = workspace.door_url("http", LOOPBACK, port)
    key = keys.create_sdk_key(settings, _NAMES, url, _KEY_NAME)
    serve = (sys.executable, "-m", "retrace_app.cli", "api", "serve", "--host", LOOPBACK, "--port", str(port))
    environment = {**os.environ, "RETRACE_HOME": str(settings.home), "RETRACE_RATE_LIMITS": "off"}
    door = Child(Program("demo door", serve, environment, listens(LOOPBACK, port)), settings.home / "logs")
    door.start()
    try:
        _wait_for(door)
        yield url, key.sdk_key
    finally:
        door.ask_to_stop()
        door.finish(time.monotonic() + _STOP_SECONDS)
        keys.revoke_key(settings, key.key_id)


def _wait_for(door: Child) -> None:
    until = time.monotonic() + _START_SECONDS
    while not door.answers():
        if door.exit_code() is not None or time.monotonic() > until:
            raise RetraceError(ErrorCode.INTERNAL_ERROR, f"the door did not start: {door.last_words()}")
        time.sleep(0.05)


def _found(settings: Settings, visits: int, started: float, on_progress: OnProgress) -> Demonstrated:
    done = Processed()

    def tell(processed: Processed) -> None:
        nonlocal done
        done = processed

    on_progress("Materialising replays, signals, clusters, incidents", 0, 0)
    done = process_pending(settings, on_progress=tell)
    with Lake(settings.home) as lake:
        incidents = list_incidents(lake)
    return Demonstrated(
        visits=visits,
        batches=done.batches,
        events=done.events,
        seconds=time.monotonic() - started,
        incidents=incidents,
    )
