"""One window's recording played through the page: a row for each change a person sees, each click and each message.

Belongs here: which events make a row and what it says. Does not: the page itself (retrace_core.visible, messages), or
where recordings come from (update).
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from retrace_assets.pages.ambient import ambient_nodes
from retrace_assets.pages.controls import destination, landmarks, traits
from retrace_core.events import CLICK, FULL_SNAPSHOT, INCREMENTAL, MOUSE_INTERACTION, MUTATION
from retrace_core.folding import unfold
from retrace_core.messages import messages
from retrace_core.visible import Seen, VisiblePage

# rrweb's MouseInteractions that begin a click, and those that may be one: some recorders tell of touches only.
_PRESSES: Final = (1, 7)
_CLICKS: Final = (CLICK, 9)
# Longer than this a finger or button was held for another reason.
_PRESS_MS: Final = 2_000
# Messages of one event that are kept: a list of ten is one thing to a person.
_MESSAGES_AN_EVENT: Final = 5

_Place = tuple[int, int]


class PageRow(NamedTuple):
    """A row of `page_changes` but for its session, window, time and page."""

    sequence: int
    event_index: int
    part: int
    kind: str
    signature: int
    chars: int
    media: int
    main_content: int | None
    loading: int
    busy: int
    before: int | None = None
    node_id: int | None = None
    message: str | None = None
    message_role: str | None = None
    message_classes: str | None = None
    near_field: bool | None = None
    landmark: str | None = None
    link: str | None = None
    traits: list[str] | None = None


def page_rows(recording: Sequence[tuple[int, list[dict[str, Any]]]]) -> list[PageRow]:
    """Play a window: its batches' events by their sequence, in order; empty until its first full snapshot."""
    events = [event for _, batch in recording for event in batch]
    unfold(events)
    player = _Player(ambient_nodes(events))
    rows: list[PageRow] = []
    for sequence, batch in recording:
        for index, event in enumerate(batch):
            rows += player.play(event, (sequence, index))
    return rows


class _Player:
    """The page at one moment of the recording, and what the pointer is about to do."""

    def __init__(self, ambient: list[frozenset[int]]) -> None:
        self._page = VisiblePage()
        self._ambient = ambient
        self._snapshots = 0
        self._last: Seen | None = None
        self._pressed_at = float("-inf")
        self._before_press = 0

    def play(self, event: dict[str, Any], place: _Place) -> Iterator[PageRow]:
        """Bring the page on by one event, and give the rows it makes."""
        kind, data = event.get("type"), event.get("data")
        if not isinstance(data, dict):
            return
        if kind == FULL_SNAPSHOT:
            self._snapshots += 1
            self._page.ambient = self._ambient[min(self._snapshots, len(self._ambient) - 1)]
            self._page.apply(event)
            self._last = self._page.seen()
            yield _row(place, 0, "snapshot", self._last)
        elif kind == INCREMENTAL and self._last is not None:
            source = data.get("source")
            if source == MUTATION:
                yield from self._mutation(event, data, place)
            elif source == MOUSE_INTERACTION:
                yield from self._interaction(event, data, place)

    def _mutation(self, event: dict[str, Any], data: dict[str, Any], place: _Place) -> Iterator[PageRow]:
        self._page.apply(event)
        for node in _moved(data):
            if node not in self._page.ambient:
                self._page.moved(node)
        seen = self._page.seen()
        if seen != self._last:
            self._last = seen
            yield _row(place, 0, "change", seen)
        revealed = [node for node in self._page.revealed if self._page.is_seen(node)]
        for part, message in enumerate(messages(revealed)[:_MESSAGES_AN_EVENT], start=1):
            yield _row(place, part, "message", seen)._replace(
                node_id=message.node.id,
                message=message.text,
                message_role=message.role,
                message_classes=message.classes if message.marked else None,
                near_field=message.near_field,
            )

    def _interaction(self, event: dict[str, Any], data: dict[str, Any], place: _Place) -> Iterator[PageRow]:
        time = event.get("timestamp")
        seen = self._page.seen()
        if not isinstance(time, int | float):
            return
        if data.get("type") in _PRESSES:
            self._pressed_at, self._before_press = time, seen.signature
        elif data.get("type") in _CLICKS:
            control = self._page.dom.control(data.get("id"))
            pressed = 0 <= time - self._pressed_at <= _PRESS_MS
            yield _row(place, 0, "click", seen)._replace(
                before=self._before_press if pressed else seen.signature,
                node_id=control.id if control else None,
                landmark=landmarks(control) if control else None,
                link=destination(control) if control else None,
                traits=traits(control) if control else None,
            )


def _row(place: _Place, part: int, kind: str, seen: Seen) -> PageRow:
    sequence, index = place
    return PageRow(
        sequence, index, part, kind, seen.signature, seen.chars, seen.media, seen.main_content, seen.loading, seen.busy
    )


def _moved(data: dict[str, Any]) -> set[int]:
    """Nodes that were taken out and put in by one mutation: rrweb's way to tell of a move."""
    removed, added = data.get("removes"), data.get("adds")
    if not removed or not isinstance(removed, list) or not isinstance(added, list):
        return set()
    gone = {record.get("id") for record in removed if isinstance(record, dict) and type(record.get("id")) is int}
    came = (record.get("node") for record in added if isinstance(record, dict))
    return {
        node["id"] for node in came if isinstance(node, dict) and type(node.get("id")) is int and node["id"] in gone
    }
