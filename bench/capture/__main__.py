"""Does all of it arrive? Scripted visits in a real Chromium, recorded by the snippet, posted to a real door.

What arrives is read back from the lake and compared with what was done and what the browser itself reported: clicks,
entries, navigations, uncaught errors and failed requests, each kind in order. Every app is also visited without the
recorder, to see that its own calls to other origins stay as they are.

    python -m bench.capture [--visits 200] [--apps shop,conduit]

Apps of others come from the folder that `RETRACE_BENCH_APPS` names (bench/capture/sites.py says how to fill it).
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ProxySettings

from bench.capture.arrivals import Count, Json, compare
from bench.capture.ledger import Ledger, Person
from bench.capture.sites import serving_sites
from bench.capture.stories import STORIES
from bench.door import running_door
from bench.figures import Figure, print_figures
from retrace_app.actions.snippets import pin_recorder, recorder_snippet
from retrace_assets.intake.update import drain
from retrace_resources.browser import ensure_browser, launch_async
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

_AT_ONCE: Final = 4
_STEP_TIMEOUT_MS: Final = 10_000
_LOOPBACK: Final = "127.0.0.1"
# A proxy that nobody is, for all but this machine. Intercepting requests would hold back those of pages that are left.
NO_INTERNET: Final = ProxySettings(server=f"http://{_LOOPBACK}:9", bypass=_LOOPBACK)


async def visit_all(addresses: Mapping[str, str], door: str, visits: int) -> list[tuple[str, Ledger]]:
    """Make so many visits, the apps and their stories in turn, each in a browser context of its own."""
    plan = [(name, story) for name in addresses for story in STORIES[name]]
    places = asyncio.Semaphore(_AT_ONCE)

    async def visit(browser: Browser, number: int) -> tuple[str, Ledger]:
        name, story = plan[number % len(plan)]
        ledger = Ledger(door)
        async with places:
            context = await browser.new_context(viewport={"width": 1280, "height": 800}, proxy=NO_INTERNET)
            context.set_default_timeout(_STEP_TIMEOUT_MS)
            person = Person(await context.new_page(), addresses[name], ledger)
            await story(person)
            await person.leave()
            await context.close()
        print(f"\r{number + 1} of {visits}", end="", file=sys.stderr, flush=True)
        return f"{name}{story.__name__}", ledger

    async with launch_async(ensure_browser()) as browser:
        return await asyncio.gather(*(visit(browser, number) for number in range(visits)))


def read_back(home: Path) -> dict[str, list[Json]]:
    """Take in what landed and return the events of each session: windows by their first event, batches by sequence."""
    with Lake(home) as lake:
        drain(lake, Landing(home), max_bytes=1 << 40)
        rows = lake.query(
            "SELECT session_id, window_id, events FROM replay_payloads ORDER BY session_id, window_id, sequence"
        )
    windows: dict[str, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
    for session, window, events in rows.iter_rows():
        windows[session][window] += json.loads(events)
    return {session: _one_after_the_other(own.values()) for session, own in windows.items()}


def _one_after_the_other(windows: Iterable[list[Json]]) -> list[Json]:
    return [event for events in sorted(windows, key=lambda events: events[0]["timestamp"]) for event in events]


def figures(visits: Sequence[tuple[str, Ledger]], sessions: Mapping[str, list[Json]]) -> list[Figure]:
    """What arrived of all visits, by kind."""
    totals: dict[str, Count] = defaultdict(Count)
    for name, ledger in visits:
        events = [event for session in sorted(ledger.sessions) for event in sessions.get(session, [])]
        for kind, count in compare(ledger, events).items():
            totals[kind].add(count)
            for missing in count.missing[:3]:
                print(f"missing of {name}: {kind}: {missing[:200]}")
            if count.extra and kind in ("clicks", "inputs"):
                print(f"{count.extra} {kind} of {name} that nobody did")
    several = sum(len(ledger.sessions) != 1 for _, ledger in visits)
    blocked = [line for _, ledger in visits for line in ledger.blocked]
    print("\n".join(blocked[:5]))
    shares = [
        Figure(f"{kind}, arrived of {count.expected:,}", _percent(count), "%", 100, at_least=True)
        for kind, count in totals.items()
    ]
    return [
        *shares,
        Figure("visits that are not one session", several, "", 0),
        Figure("posts blocked by the browser", len(blocked), "", 0),
    ]


def _percent(count: Count) -> float:
    return 100 * count.arrived / count.expected if count.expected else 100.0


@contextmanager
def running_snippet(home: Path) -> Iterator[tuple[str, str]]:
    """Run a door; yields its address and the snippet for it."""
    with StateStore.open(home) as state:
        _, secret = state.create_sdk_key(state.ensure_workspace("Local", "Bench", "capture"), "bench")
    with running_door(home, 1) as (port, _):
        address = f"http://{_LOOPBACK}:{port}"
        yield address, recorder_snippet(pin_recorder(home), address, secret)


def changed_calls(snippet: str, door: str, wanted: Sequence[str]) -> int:
    """How many of the apps' calls to another origin are others with the recorder than without it."""
    calls = []
    for inserted in ("", snippet):
        with serving_sites(inserted, wanted) as sites:
            asyncio.run(visit_all(sites.addresses, door, sum(len(STORIES[name]) for name in sites.addresses)))
            # The app's own port is another each time.
            calls.append(Counter((*call[:2], *call[3:]) for call in sites.called.requests))
    without, recorded = calls
    changed = (without - recorded) + (recorded - without)
    print(f"\n{without.total()} calls to another origin, changed: {dict(changed) or 'none'}")
    return changed.total()


def main() -> int:
    """Visit, read back, compare; the exit code is 1 if anything is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=200)
    parser.add_argument("--apps", default="", help="names, with commas between; all that are there if empty")
    arguments = parser.parse_args()
    wanted = [name for name in arguments.apps.split(",") if name]
    with tempfile.TemporaryDirectory(prefix="retrace-capture-") as folder:
        home = Path(folder)
        with running_snippet(home) as (door, snippet):
            with serving_sites(snippet, wanted) as sites:
                print(f"{arguments.visits} visits of {', '.join(sites.addresses)}")
                visits = asyncio.run(visit_all(sites.addresses, door, arguments.visits))
            changed = changed_calls(snippet, door, wanted)
        found = figures(visits, read_back(home))
    return print_figures([*found, Figure("calls of the apps that are changed", changed, "", 0)])


if __name__ == "__main__":
    sys.exit(main())
