"""A session's recording as a spec is made of it: windows in order, each with its events.

Belongs here: decoding what the lake keeps, and which windows led to a moment. Does not: what a person did (acts).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from retrace_assets.uncollected import uncollected
from retrace_core.events import INCREMENTAL, INPUT, MOUSE_INTERACTION, MUTATION
from retrace_core.folding import unfold
from retrace_core.ids import event_id

# Seconds are what some recorders write into custom events; see retrace_core.events.
_SECONDS_BELOW: Final = 1e11
# A window that says something so long after another began is another tab, not the page before.
_OVERLAP_MS: Final = 3_000
# Half of a character, as a script that cuts texts leaves it: no file can hold it.
_HALF: Final = re.compile(r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..")


# Of rrweb's many incremental events those that acts and pages are made of; a third of a recording is none of them.
_READ_SOURCES: Final = frozenset((MUTATION, MOUSE_INTERACTION, INPUT))


class _Event(msgspec.Struct):
    """An event whose data is not read yet; hostile ones have anything anywhere."""

    type: Any = None
    timestamp: Any = None
    data: msgspec.Raw = msgspec.Raw()


class _Source(msgspec.Struct):
    source: Any = None


class RecordedEvent(NamedTuple):
    """An event by its id, at a time in milliseconds since 1970 on our clock."""

    event_id: str
    at_ms: float
    event: dict[str, Any]


@dataclass(frozen=True)
class RecordedWindow:
    """One page load: its events in the order they were recorded."""

    window_id: str
    events: tuple[RecordedEvent, ...]


@dataclass(frozen=True)
class Recording:
    """A session: its windows, the earliest first."""

    session_id: str
    windows: tuple[RecordedWindow, ...]

    def led_to(self, window_id: str) -> tuple[RecordedWindow, ...]:
        """The window and those before it in the same tab: what was open at the same time is another tab."""
        last = next((window for window in self.windows if window.window_id == window_id), None)
        if last is None:
            return ()
        begins = last.events[0].at_ms
        before = (
            window
            for window in self.windows
            if window.events[0].at_ms < begins and window.events[-1].at_ms <= begins + _OVERLAP_MS
        )
        return (*before, last)


@uncollected()
def recording_of(session_id: str, rows: Iterable[Mapping[str, Any]]) -> Recording:
    """Read rows of `replay_payloads` with their window's `clock_offset_ms`, ordered by window and sequence.

    What cannot be read is left out: a recording with a hole is still one.
    """
    windows: dict[str, list[RecordedEvent]] = {}
    for row in rows:
        own = windows.setdefault(row["window_id"], [])
        for index, event in enumerate(_events(row["events"])):
            at_ms = _time_of(event.get("timestamp"))
            if at_ms is not None:
                name = event_id(row["window_id"], row["sequence"], index)
                own.append(RecordedEvent(name, at_ms + (row["clock_offset_ms"] or 0), event))
    for own in windows.values():
        unfold(recorded.event for recorded in own)
    found = [RecordedWindow(name, tuple(events)) for name, events in windows.items() if events]
    return Recording(session_id, tuple(sorted(found, key=lambda window: window.events[0].at_ms)))


def _events(text: str) -> Iterator[dict[str, Any]]:
    """The events of a batch, none where it is no list; what is no event stays, empty: others keep their place."""
    # The pattern is slow, and halves are rare.
    whole = _HALF.sub(r"\\ufffd", text) if "\\ud" in text or "\\uD" in text else text
    try:
        raw_events = msgspec.json.decode(whole, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return
    for raw in raw_events:
        try:
            yield _read(msgspec.json.decode(raw, type=_Event))
        except (msgspec.DecodeError, RecursionError):
            yield {}


def _read(event: _Event) -> dict[str, Any]:
    data = event.data
    if event.type == INCREMENTAL:
        source = msgspec.json.decode(data, type=_Source).source
        if type(source) is not int or source not in _READ_SOURCES:
            return {"type": INCREMENTAL, "timestamp": event.timestamp, "data": {"source": source}}
    said = {"data": msgspec.json.decode(data)} if data else {}
    return {"type": event.type, "timestamp": event.timestamp, **said}


def _time_of(timestamp: object) -> float | None:
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float):
        return None
    return timestamp * 1000 if timestamp < _SECONDS_BELOW else float(timestamp)
