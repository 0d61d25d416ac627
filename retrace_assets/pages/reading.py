"""Reading recordings for playing: only what changes the page or acts on it is decoded whole.

Belongs here: decoding. Does not: what is made of it (replay).
"""

from typing import Any, Final

import msgspec

from retrace_core.events import FULL_SNAPSHOT, INCREMENTAL, INPUT, MOUSE_INTERACTION, MUTATION

_PLAYED_SOURCES: Final = (MUTATION, MOUSE_INTERACTION, INPUT)


class _Event(msgspec.Struct, gc=False):
    type: Any = None
    timestamp: Any = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Data(msgspec.Struct, gc=False):
    source: Any = None


_events = msgspec.json.Decoder(list[_Event])
_data = msgspec.json.Decoder(_Data)


def read_events(text: str) -> list[dict[str, Any]]:
    """Decode a batch of events as JSON; those that are not played keep their place, without their data."""
    try:
        return [_played(event) for event in _events.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [event if isinstance(event, dict) else {} for event in msgspec.json.decode(text)]


def _played(event: _Event) -> dict[str, Any]:
    played = event.type == FULL_SNAPSHOT or (
        event.type == INCREMENTAL and _data.decode(event.data).source in _PLAYED_SOURCES
    )
    data = msgspec.json.decode(event.data) if played else None
    return {"type": event.type, "timestamp": event.timestamp, "data": data}
