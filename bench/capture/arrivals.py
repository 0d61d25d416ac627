"""Comparing what was recorded of a visit with what its ledger knows.

Belongs here: which event answers for which line of the ledger, and counting. Does not: acting or watching (ledger),
or reading the lake (__main__).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeVar

from bench.capture.ledger import Ledger

Json = dict[str, Any]
_Known = TypeVar("_Known")
_Told = TypeVar("_Told")

# What a description has under another name.
_FIELDS: Final = {"id": "id", "name": "name", "placeholder": "placeholder", "label": "ariaLabel"}


@dataclass
class Count:
    """Of one kind: how many there were, how many of them arrived in this order, and what arrived besides."""

    expected: int = 0
    arrived: int = 0
    extra: int = 0
    missing: list[str] = field(default_factory=list)

    def add(self, other: "Count") -> None:
        """Add the count of another visit."""
        self.expected += other.expected
        self.arrived += other.arrived
        self.extra += other.extra
        self.missing += other.missing


def compare(ledger: Ledger, events: Sequence[Json]) -> dict[str, Count]:
    """Count what arrived of a visit, by kind; `events` in the order of windows, sequences and places."""
    told = {name: [event["data"]["payload"] for event in _plugin(events, name)] for name in _NAMES}
    failed = [request for request in told["network"] if request.get("error") or request.get("status", 0) >= 400]
    pages = _changes(page["to"] for page in told["nav"])
    return {
        "clicks": _count(ledger.clicks, told["click"], lambda known, click: _is_same(known, click["target"])),
        "inputs": _count(ledger.entries, told["input"], _is_entry),
        "navigations": _count(_changes(ledger.pages), pages, lambda known, page: known == page),
        "errors": _count(ledger.errors, _uncaught(told["exception"]), lambda known, error: known in error["message"]),
        "failed requests": _count(ledger.failed_requests, failed, _is_request, in_order=False),
        "events in order": _order(events),
    }


_NAMES: Final = ("click", "input", "nav", "exception", "network")


def _plugin(events: Iterable[Json], name: str) -> Iterable[Json]:
    return (event for event in events if event["type"] == 6 and event["data"]["plugin"] == f"retrace/{name}@1")


def _count(
    known: Sequence[_Known], told: Sequence[_Told], is_same: Callable[[_Known, _Told], bool], *, in_order: bool = True
) -> Count:
    left, missing, position = list(told), [], 0
    for line in known:
        found = next((place for place in range(position, len(left)) if is_same(line, left[place])), None)
        if found is None:
            missing.append(str(line))
        else:
            del left[found]
            position = found if in_order else 0
    return Count(len(known), len(known) - len(missing), len(left), missing)


def _is_same(known: Mapping[str, str], target: Json) -> bool:
    told = {name: target.get(field_, "") for name, field_ in _FIELDS.items()}
    return target["tagName"] == known["tag"] and all(known[name] == told[name] for name in told)


def _is_entry(known: tuple[str, Mapping[str, str]], entry: Json) -> bool:
    kind, target = known
    return entry["kind"] == kind and _is_same(target, entry["target"])


def _is_request(known: tuple[str, str, int], request: Json) -> bool:
    method, url, status = known
    return (request.get("method", "GET"), request["url"], request.get("status", 0)) == (method, url, status)


def _uncaught(exceptions: Iterable[Json]) -> list[Json]:
    """Errors nobody caught, as often as they happened."""
    uncaught = (error for error in exceptions if error["kind"] in ("onerror", "unhandledrejection"))
    return [error for error in uncaught for _ in range(error.get("count", 1))]


def _changes(pages: Iterable[str]) -> list[str]:
    """Pages one after the other, without those that only come again."""
    changes: list[str] = []
    for page in pages:
        if page not in changes[-1:]:
            changes.append(page)
    return changes


def _order(events: Sequence[Json]) -> Count:
    """How many of our own events came after the one before them in time."""
    times = [event["timestamp"] for event in events if event["type"] == 6]
    backwards = sum(later < earlier for earlier, later in pairwise(times))
    return Count(len(times), len(times) - backwards)
