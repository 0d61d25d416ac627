"""Recordings written by hand, event by event, for tests of what is made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from retrace_assets.specs.acts import Act
from retrace_assets.specs.recording import RecordedEvent, RecordedWindow, Recording
from tests.recorded_pages import document, element, mutation

Json = dict[str, Any]

BEGAN_MS = 1_790_000_000_000.0
ORIGIN = "http://127.0.0.1:8790"


@dataclass
class Visit:
    """One page load: what happens is said in order, 500 ms apart unless a time is named."""

    url: str = f"{ORIGIN}/"
    window_id: str = "w1"
    at_ms: float = BEGAN_MS
    events: list[RecordedEvent] = field(default_factory=list)

    def say(self, event: Json, after_ms: float = 500) -> str:
        """Record an event; returns its id."""
        self.at_ms += after_ms
        name = f"evt-{self.window_id}-{len(self.events)}"
        self.events.append(RecordedEvent(name, self.at_ms, {**event, "timestamp": self.at_ms}))
        return name

    def opens(self, *children: Json, url: str = "") -> "Visit":
        """Load a page with these children of its body, whose id is 2."""
        self.url = url or self.url
        self.say({"type": 4, "data": {"href": self.url, "width": 1280, "height": 720}}, 10)
        self.say({"type": 2, "data": {"node": document(1, element(2, "body", None, *children))}}, 10)
        return self

    def presses(self, node: int, kind: int, after_ms: float = 500) -> str:
        """One of rrweb's mouse interactions on a node."""
        return self.say({"type": 3, "data": {"source": 2, "type": kind, "id": node}}, after_ms)

    def clicks(self, node: int, after_ms: float = 500) -> str:
        """Press, and click; returns the click's id."""
        self.presses(node, 1, after_ms)
        return self.presses(node, 2, 60)

    def enters(self, node: int, text: str, after_ms: float = 500, **more: object) -> str:
        """An entry as rrweb tells it."""
        return self.say(
            {"type": 3, "data": {"source": 5, "id": node, "text": text, "isChecked": False, **more}}, after_ms
        )

    def types(self, node: int, text: str) -> None:
        """Give a field the focus and fill it key by key."""
        self.clicks(node)
        for number in range(1, len(text) + 1):
            self.enters(node, text[:number], 80)

    def changes(self, after_ms: float = 100, **changes: list[Any]) -> str:
        """The page changes."""
        return self.say(mutation(**changes), after_ms)

    def tells(self, plugin: str, after_ms: float = 10, **payload: object) -> str:
        """What our own recorder tells beside rrweb."""
        return self.say({"type": 6, "data": {"plugin": f"retrace/{plugin}@1", "payload": payload}}, after_ms)

    @property
    def window(self) -> RecordedWindow:
        """What was recorded so far."""
        return RecordedWindow(self.window_id, tuple(self.events))


def recording(*visits: Visit) -> Recording:
    """A session of these page loads."""
    return Recording("session-1", tuple(visit.window for visit in visits))


def signal(visit: Visit, detector: str = "console_error", at_ms: float | None = None, **more: object) -> Json:
    """A row of `signals`, its evidence decoded, at the end of a visit unless a time is named."""
    at = datetime.fromtimestamp((visit.at_ms if at_ms is None else at_ms) / 1000, UTC).replace(tzinfo=None)
    return {
        "signal_id": "sig_1",
        "window_id": visit.window_id,
        "detector": detector,
        "occurred_at": at,
        "fingerprint": "f1",
        "cause": None,
        "template": "TypeError: boom",
        "message": "TypeError: boom",
        "method": None,
        "request": None,
        "url": visit.url,
        "evidence": {},
        **more,
    }


def clicks_of(*event_ids: str) -> Json:
    """Evidence of a dead or rage click."""
    return {"events": [{"event_id": name} for name in event_ids]}


def names(things: Sequence[object]) -> list[str]:
    """The kinds of acts, or the types of steps, in order."""
    return [thing.kind if isinstance(thing, Act) else type(thing).__name__.lower() for thing in things]
