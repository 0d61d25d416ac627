"""rrweb events as they come over the wire: their kinds, and decoding that survives anything.

Belongs here: what an event is called and which of its fields we read. Does not: redaction, tables, clocks.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

# rrweb's EventType.
FULL_SNAPSHOT, INCREMENTAL, META, CUSTOM, PLUGIN = 2, 3, 4, 5, 6
# rrweb's IncrementalSource.
MUTATION, MOUSE_MOVE, MOUSE_INTERACTION, SCROLL, VIEWPORT, INPUT, TOUCH_MOVE = 0, 1, 2, 3, 4, 5, 6
# rrweb's MouseInteractions.
CLICK, TOUCH_START, TOUCH_END, TOUCH_CANCEL = 2, 7, 9, 10

_TYPE_KINDS = {0: "dom_content_loaded", 1: "load", 2: "full_snapshot", 4: "meta", 5: "custom", 6: "plugin"}
_SOURCE_KINDS = {
    MUTATION: "mutation",
    MOUSE_MOVE: "mouse_move",
    MOUSE_INTERACTION: "interaction",
    SCROLL: "scroll",
    VIEWPORT: "viewport",
    INPUT: "input",
    TOUCH_MOVE: "mouse_move",
    7: "media",
    8: "style",
    9: "canvas",
    10: "font",
    12: "mouse_move",
    13: "style",
    14: "selection",
    15: "style",
}
# By the name between vendor and version: `rrweb/console@1`.
_PLUGIN_KINDS = {"console": "console", "exception": "exception", "network": "network"}
# What only our recorder says; `input` is rrweb's own event of every keystroke, an `entry` what came of them.
_OUR_KINDS = {
    "click": "click_target",
    "nav": "navigation",
    "key": "key",
    "input": "entry",
    "dialog": "dialog",
    "hover": "hover",
    "effect": "effect",
    "state": "state",
    "storage": "storage",
    "gap": "gap",
}

# Milliseconds are 13 digits until 2286; anything below is seconds (Sentry's custom events).
_SECONDS_BELOW = 1e11
# Beyond this a timestamp is noise: it would not fit a date after its offset is applied.
_LATEST_MS = 4e12


class EventData(msgspec.Struct, gc=False):
    """The fields of `data` we read; all others are skipped."""

    source: int | None = None
    type: int | None = None
    id: int | None = None
    x: float | None = None
    y: float | None = None
    text: str | None = None
    href: str | None = None
    plugin: str | None = None
    tag: str | None = None
    # A union with Raw would only ever accept null.
    payload: msgspec.Raw = msgspec.Raw()
    adds: list[msgspec.Raw] | None = None
    removes: list[msgspec.Raw] | None = None
    texts: list[msgspec.Raw] | None = None
    attributes: list[msgspec.Raw] | None = None
    positions: msgspec.Raw = msgspec.Raw()


class Event(msgspec.Struct, gc=False):
    """One rrweb event."""

    type: int
    timestamp: float
    data: EventData | None = None

    @property
    def timestamp_ms(self) -> float | None:
        """Milliseconds since 1970 on the client's clock; None when it is no time."""
        value = self.timestamp * 1000 if 0 < self.timestamp < _SECONDS_BELOW else self.timestamp
        return value if 0 < value < _LATEST_MS else None

    @property
    def kind(self) -> str:
        """What the event is, in the words of `replay_events.kind`."""
        if self.data is None:
            return _TYPE_KINDS.get(self.type, "unknown")
        if self.type == INCREMENTAL:
            if self.data.source == MOUSE_INTERACTION and self.data.type == CLICK:
                return "click"
            return _SOURCE_KINDS.get(-1 if self.data.source is None else self.data.source, "unknown")
        if self.type == PLUGIN and self.data.plugin:
            return plugin_kind(self.data.plugin)
        return _TYPE_KINDS.get(self.type, "unknown")


class _LooseEvent(msgspec.Struct):
    type: int
    timestamp: float


_events = msgspec.json.Decoder(list[Event])
_raw_events = msgspec.json.Decoder(list[msgspec.Raw])
_event = msgspec.json.Decoder(Event)
_loose_event = msgspec.json.Decoder(_LooseEvent)


def plugin_kind(plugin: str) -> str:
    """Kind of a plugin event, from names such as `rrweb/console@1` and `retrace/network@1`."""
    vendor, _, versioned = plugin.rpartition("/")
    name = versioned.split("@", 1)[0]
    ours = _OUR_KINDS.get(name) if vendor == "retrace" else None
    return ours or _PLUGIN_KINDS.get(name, "plugin")


def decode_events(text: bytes) -> list[Event | None]:
    """Decode a JSON array of events; what has no usable type or timestamp becomes None in its place.

    Raises msgspec.DecodeError when the text is not a JSON array.
    """
    try:
        return list(_events.decode(text))
    except (msgspec.ValidationError, UnicodeDecodeError):
        return [_decode_one(raw) for raw in _raw_events.decode(text)]


def _decode_one(raw: msgspec.Raw) -> Event | None:
    try:
        return _event.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    # Fields of the wrong type do not make an event worthless: it still happened, then.
    try:
        loose = _loose_event.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Event(loose.type, loose.timestamp)


def decode_payload(raw: msgspec.Raw) -> dict[str, Any]:
    """Decode the payload of a plugin event; anything but an object is an empty one."""
    try:
        payload = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


# A pair, a lone half, or any other escape: matched so that a backslash is never read twice.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.S
)
_LONE_HALF_LENGTH = len(rb"\ud83d")


def mend_surrogates(text: bytes) -> bytes:
    r"""Replace escaped lone surrogates by U+FFFD: browsers send them where a string was cut inside an emoji.

    `JSON.stringify` writes them as `\ud83d`, which strict decoders refuse.
    """
    if b"\\ud" not in text and b"\\uD" not in text:
        return text

    return _ESCAPE.sub(lambda match: rb"\ufffd" if len(match[0]) == _LONE_HALF_LENGTH else match[0], text)


def strings(value: object) -> Iterator[str]:
    """Yield the strings of a decoded JSON value, one level deep: the arguments of a console call."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))
