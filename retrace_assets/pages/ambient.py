"""What changes on a page by itself: clocks, tickers, carousels. It says nothing about whether a click had an effect.

Belongs here: finding nodes that change periodically while nobody does anything. Does not: what is made of it (pages).
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from retrace_core.events import FULL_SNAPSHOT, INCREMENTAL, INPUT, MOUSE_INTERACTION, MUTATION

# A page that answers does so within this time (recording-to-test.md: effects come within 2.5 s).
_AFTER_ACTION_MS: Final = 2_500
# So many changes at a steady pace are a clock: three could be what a page loads in parts.
_CHANGES: Final = 5
_LONGEST_PERIOD_MS: Final = 15_000
# The longest pause against the median one; timers drift, loading comes in bursts.
_STEADY: Final = 3.0


def ambient_nodes(events: list[dict[str, Any]]) -> list[frozenset[int]]:
    """Nodes that change by themselves, for what comes before the first full snapshot and for each one.

    Ids have another meaning after a full snapshot. Of added and removed nodes the parent counts.
    """
    found: list[frozenset[int]] = []
    changes: defaultdict[int, list[float]] = defaultdict(list)
    acted_at = float("-inf")
    for event in events:
        kind, data, time = event.get("type"), event.get("data"), event.get("timestamp")
        if not isinstance(time, int | float) or not isinstance(data, dict):
            continue
        if kind == FULL_SNAPSHOT:
            found.append(_steady(changes))
            changes.clear()
        elif kind == INCREMENTAL and data.get("source") in (MOUSE_INTERACTION, INPUT):
            acted_at = time
        elif kind == INCREMENTAL and data.get("source") == MUTATION and time - acted_at > _AFTER_ACTION_MS:
            for node in set(_touched(data)):
                changes[node].append(time)
    found.append(_steady(changes))
    return found


def _touched(data: dict[str, Any]) -> Iterator[int]:
    for name, key in (("texts", "id"), ("attributes", "id"), ("adds", "parentId"), ("removes", "parentId")):
        records = data.get(name)
        for record in records if isinstance(records, list) else ():
            node = record.get(key) if isinstance(record, dict) else None
            if type(node) is int:
                yield node


def _steady(changes: dict[int, list[float]]) -> frozenset[int]:
    return frozenset(node for node, times in changes.items() if len(times) >= _CHANGES and _is_steady(times))


def _is_steady(times: list[float]) -> bool:
    pauses = sorted(later - earlier for earlier, later in pairwise(times))
    median = pauses[len(pauses) // 2]
    return 0 < median <= _LONGEST_PERIOD_MS and pauses[-1] <= _STEADY * median
