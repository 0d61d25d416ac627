"""A recorded window as the steps that click and error rules are told in.

Belongs here: reading clicks with their elements, changes, requests and errors out of rrweb events. Does not: any rule.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bench.detectors.recordings import Json, Recording
from retrace_core.dom import RecordedDom
from retrace_core.folding import unfold
from retrace_core.nodes import Node

_FULL, _INCREMENTAL, _META, _PLUGIN = 2, 3, 4, 6
_MUTATION, _INTERACTION, _SCROLL, _INPUT, _SELECTION = 0, 2, 3, 5, 14
# Sentry counts these as answers, too: media, style sheets, canvas, adopted sheets.
_OTHER_CHANGES: Final = frozenset((7, 8, 9, 13, 14, 15))
_CLICK: Final = 2
_CONTROLS: Final = frozenset(("a", "button", "input", "textarea", "select", "canvas"))
_LABEL_CHARS: Final = 200


@dataclass(frozen=True)
class ClickStep:
    """A click; `closest` is the tag of the nearest control around what was hit, and `attributes` are its."""

    at: float
    node_id: int
    x: float
    y: float
    closest: str
    attributes: Mapping[str, Any]
    text: str
    label: str
    in_link: bool
    edits_text: bool

    @property
    def moves_caret(self) -> bool:
        """Whether a browser reports a changed selection for it: recordings hold only selections that are not empty."""
        return self.edits_text or self.closest not in _CONTROLS


@dataclass(frozen=True)
class RequestStep:
    """A request that was answered, or not (status 0)."""

    at: float
    status: int


@dataclass(frozen=True)
class ErrorStep:
    """An error that was printed or escaped."""

    at: float
    printed_by_rrweb: bool


@dataclass(frozen=True)
class Snapshot:
    """A full snapshot and how long it was the latest one."""

    node: Json
    navigated_at: float
    until: float


@dataclass
class Stream:
    """One window, each list in the order of time; `ends_ms` is when its last event happened."""

    ends_ms: float = 0.0
    clicks: list[ClickStep] = field(default_factory=list)
    dom_changes: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    scrolls: list[float] = field(default_factory=list)
    inputs: list[float] = field(default_factory=list)
    selections: list[float] = field(default_factory=list)
    requests: list[RequestStep] = field(default_factory=list)
    requests_at: list[float] = field(default_factory=list)
    errors: list[ErrorStep] = field(default_factory=list)
    added_elements: list[Json] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)


def whole_sessions(recording: Recording) -> list[Stream]:
    """Read each session of a recording as if it were one window, which ends with its last event."""
    sessions: dict[str, list[Json]] = {}
    for post in recording.posts:
        sessions.setdefault(post["sessionId"], []).extend(map(_unpacked, post["events"]))
    return [_stream(events, 0.0) for events in sessions.values() if events]


def streams_of(recording: Recording) -> list[Stream]:
    """Read each window of a recording."""
    windows: dict[tuple[str, str], list[Json]] = {}
    closed_at: dict[tuple[str, str], float] = {}
    for post in recording.posts:
        key = (post["sessionId"], post.get("windowId", ""))
        windows.setdefault(key, []).extend(map(_unpacked, post["events"]))
        # In the browser these rules see the time pass even when nothing is recorded.
        closed_at[key] = max(closed_at.get(key, 0.0), float(post.get("sentAt") or 0.0))
    return [_stream(events, closed_at[key]) for key, events in windows.items() if events]


def _unpacked(event: Json | str) -> Json:
    if isinstance(event, dict):
        return event
    unpacked: Json = json.loads(zlib.decompress(event.encode("latin-1")))
    return unpacked


def _stream(events: list[Json], closed_at: float) -> Stream:
    unfold(events)
    ordered = sorted(events, key=_at)
    stream = Stream(ends_ms=max(_at(ordered[-1]), closed_at))
    dom = RecordedDom()
    navigated_at = _at(ordered[0])
    for event in ordered:
        at, data = _at(event), event.get("data")
        data = data if isinstance(data, dict) else {}
        if event.get("type") == _META:
            navigated_at = at
        elif event.get("type") == _FULL:
            _close_snapshot(stream, at)
            stream.snapshots.append(Snapshot(data.get("node") or {}, navigated_at, stream.ends_ms))
        elif event.get("type") == _PLUGIN:
            _read_plugin(stream, at, data)
        elif event.get("type") == _INCREMENTAL:
            _read_increment(stream, at, data, dom)
        dom.apply(event)
    return stream


def _at(event: Json) -> float:
    stamp = event.get("timestamp", 0)
    stamp = float(stamp) if isinstance(stamp, int | float) else 0.0
    return stamp * 1000 if 0 < stamp < 1e11 else stamp


def _close_snapshot(stream: Stream, at: float) -> None:
    if stream.snapshots:
        last = stream.snapshots[-1]
        stream.snapshots[-1] = Snapshot(last.node, last.navigated_at, at)


def _read_increment(stream: Stream, at: float, data: Json, dom: RecordedDom) -> None:
    source = data.get("source")
    if source == _MUTATION:
        stream.dom_changes.append(at)
        stream.changes.append(at)
        added = [add.get("node") for add in data.get("adds") or [] if isinstance(add, dict)]
        stream.added_elements += [node for node in added if isinstance(node, dict) and node.get("type") == 2]
    elif source in _OTHER_CHANGES:
        stream.changes.append(at)
        stream.selections += [at] if source == _SELECTION else []
    elif source == _SCROLL:
        stream.scrolls.append(at)
    elif source == _INPUT:
        stream.inputs.append(at)
    elif source == _INTERACTION and data.get("type") == _CLICK:
        stream.clicks.append(_click(at, data, dom))


def _click(at: float, data: Json, dom: RecordedDom) -> ClickStep:
    node_id = data.get("id", -1)
    around = list(_around(dom.node(node_id)))
    control = next((node for node in around if node.tag in _CONTROLS), None)
    shown = control or (around[0] if around else None)
    target = dom.target(node_id) if around else None
    return ClickStep(
        at=at,
        node_id=node_id,
        x=float(data.get("x") or 0),
        y=float(data.get("y") or 0),
        closest=control.tag if control else (shown.tag if shown else ""),
        attributes=shown.attributes if shown else {},
        text=(target.name or "")[:_LABEL_CHARS] if target else "",
        label=(shown.attribute("aria-label") or "") if shown else "",
        in_link=any(node.tag == "a" and node.attribute("href") is not None for node in around),
        edits_text=any(
            node.tag == "textarea"
            or (node.tag == "input" and node.attribute("type") not in ("submit", "button", "checkbox", "radio"))
            or node.attribute("contenteditable") in ("", "true")
            for node in around
        ),
    )


def _around(node: Node | None) -> Iterator[Node]:
    while node is not None:
        if node.is_element:
            yield node
        node = node.parent


def _read_plugin(stream: Stream, at: float, data: Json) -> None:
    plugin, payload = str(data.get("plugin", "")), data.get("payload")
    if not isinstance(payload, dict):
        return
    if "network" in plugin:
        answers = payload.get("requests") if isinstance(payload.get("requests"), list) else [payload]
        for answer in answers or []:
            status = answer.get("responseStatus", answer.get("status"))
            started = answer.get("startedAt")
            stream.requests_at += [float(started)] if isinstance(started, int | float) and started > 1e11 else []
            stream.requests_at.append(at)
            stream.requests.append(RequestStep(at, status if isinstance(status, int) else 0))
    elif plugin.startswith("retrace/exception"):
        stream.errors.append(ErrorStep(at, printed_by_rrweb=False))
    elif "console" in plugin and payload.get("level") in ("error", "assert"):
        stream.errors.append(ErrorStep(at, printed_by_rrweb=plugin.startswith("rrweb/")))
