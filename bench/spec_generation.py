"""How long it takes to make a test of half an hour's recording: 100,000 rrweb events, one failure at the end.

    python -m bench.spec_generation [--events 100000]

The page is a shop of 400 articles whose prices, badges and lists change all the time, while a person moves, scrolls,
searches and puts things into a basket; each act is one that leads on, so that no rule leaves out much.
"""

import argparse
import gc
import json
import random
import resource
import time
from typing import Any

from bench.figures import Figure, collect
from retrace_assets.specs.generate import generate
from retrace_assets.specs.recording import recording_of
from retrace_core.spec import Spec
from tests.recorded_pages import element, text
from tests.retrace_assets.specs.recordings import BEGAN_MS, Visit, signal

_HALF_HOUR_MS = 30 * 60 * 1000
_ARTICLES = 400
_ACTS = 60
_BATCH = 500
_Json = dict[str, Any]


def _article(number: int) -> _Json:
    first = 1_000 + number * 10
    return element(
        first,
        "article",
        {"class": f"card card-{number % 7}"},
        element(first + 1, "h3", {}, text(first + 2, f"Rope number {number}")),
        element(first + 3, "span", {"class": "price"}, text(first + 4, f"{number % 90} €")),
        element(first + 5, "button", {"class": "add", "data-testid": f"add-{number}"}, text(first + 6, "Add")),
    )


def _visit(events: int, rand: random.Random) -> Visit:
    visit = Visit()
    search = element(10, "label", {"for": "q"}, text(11, "Search")), element(12, "input", {"id": "q", "type": "search"})
    visit.opens(element(9, "form", {}, *search), *(_article(number) for number in range(_ARTICLES)))
    gap = _HALF_HOUR_MS / events
    every = events // _ACTS
    node_id = 100_000
    badges: dict[int, int] = {}
    while len(visit.events) < events - 4:
        number = len(visit.events)
        article = rand.randrange(_ARTICLES)
        if number % every == 0:
            visit.clicks(1_000 + article * 10 + 5, gap)
        elif number % every == every // 2:
            visit.types(12, "rope")
        elif number % 3 == 0:
            moves = [{"x": number % 900, "y": 300, "id": 2, "timeOffset": -50 * step} for step in range(9)]
            visit.say({"type": 3, "data": {"source": 1, "positions": moves}}, gap)
        elif number % 5 == 0:
            node_id += 2
            badge = element(node_id, "em", {"class": "badge"}, text(node_id + 1, f"{number % 9} left"))
            parent = 1_000 + article * 10
            added = [{"parentId": parent, "nextId": None, "node": badge}]
            old = [{"parentId": parent, "id": badges[article]}] if article in badges else []
            badges[article] = node_id
            visit.changes(gap, adds=added, removes=old, texts=[], attributes=[])
        else:
            price = [{"id": 1_000 + article * 10 + 4, "value": f"{number % 90} €"}]
            visit.changes(gap, adds=[], removes=[], texts=price, attributes=[])
    visit.clicks(1_000 + 5, gap)
    return visit


def _rows(visit: Visit) -> list[_Json]:
    """What the lake keeps of a visit."""
    events = [recorded.event for recorded in visit.events]
    return [
        {
            "window_id": visit.window_id,
            "sequence": number,
            "clock_offset_ms": 0,
            "events": json.dumps(events[begin : begin + _BATCH]),
        }
        for number, begin in enumerate(range(0, len(events), _BATCH))
    ]


def _generate(rows: list[_Json], visit: Visit) -> tuple[float, Spec]:
    began = time.perf_counter()
    recording = recording_of("session-1", rows)
    found = signal(visit, window_id=visit.window_id)
    return time.perf_counter() - began, generate(recording, found, [found])


def main() -> None:
    """Print how long it took and what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    visit = _visit(options.events, random.Random(7))
    rows = _rows(visit)
    size = sum(len(row["events"]) for row in rows) / 1e6
    # The rows are what is measured, not the script they were written by.
    gc.collect()
    gc.freeze()
    began, worked = time.perf_counter(), time.process_time()
    read_seconds, spec = _generate(rows, visit)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    minutes = (visit.at_ms - BEGAN_MS) / 60_000
    print(f"{len(visit.events):,} events of {minutes:.0f} minutes, {size:.0f} MB of JSON")
    print(f"a test of {len(spec.exact_steps)} steps, made of {spec.source.recorded_steps} acts")
    figures = [
        Figure("spec: 100,000 events to a test", seconds, "s", target=5.0 * options.events / 100_000),
        Figure("spec: of that, reading", read_seconds, "s"),
        Figure("spec: of processor", worked, "s"),
        Figure("spec: most memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB"),
    ]
    for figure in figures:
        print(f"{figure.name:<32}{figure.value:8.2f} {figure.unit}")
    collect(*figures)


if __name__ == "__main__":
    main()
