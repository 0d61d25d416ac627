"""Taps of recorders that do not say `click` after a touch.

Belongs here: telling a tap from a scroll, a pinch or a long press. Does not: clicks that were recorded
(intake/columns).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from retrace_core.events import (
    CLICK,
    INCREMENTAL,
    MOUSE_INTERACTION,
    SCROLL,
    TOUCH_CANCEL,
    TOUCH_END,
    TOUCH_MOVE,
    TOUCH_START,
    Event,
    EventData,
)

# Android and iOS take what lasts longer for a long press.
_LONG_PRESS_MS: Final = 500.0
# Browsers wait up to 350 ms for a second tap before they click, and rrweb reports moves up to 500 ms late.
_DECIDED_AFTER_MS: Final = 700.0
# Android's touch slop is 8 device-independent pixels, iOS's 10 points.
_SLOP_PX: Final = 10.0


@dataclass(slots=True)
class _Touch:
    """A finger on the screen, or lifted at `index` where that may have been a tap."""

    time: float
    data: EventData
    index: int = -1


def find_taps(events: Sequence[Event | None], times: Sequence[float | None]) -> Iterator[int]:
    """Indexes of the touch ends that were taps: short, with one finger in one place, and nothing moved or clicked.

    What ends within 700 ms of the last event is left out: its click may be in the next batch.
    """
    down: _Touch | None = None
    tap: _Touch | None = None
    last = max((time for time in times if time is not None), default=0.0)
    for index, (event, time) in enumerate(zip(events, times, strict=True)):
        if event is None or time is None or event.type != INCREMENTAL or event.data is None:
            continue
        if tap and time > tap.time + _DECIDED_AFTER_MS:
            yield tap.index
            tap = None
        data = event.data
        kind = data.type if data.source == MOUSE_INTERACTION else None
        if kind == TOUCH_START:
            if tap:
                # A tap upon a tap: the first one can no longer be waited for.
                yield tap.index
                tap = None
            # A second finger makes it a pinch.
            down = None if down else _Touch(time, data)
        elif kind == TOUCH_END:
            if down and _is_tap(down, time, data):
                tap = _Touch(time, data, index)
            down = None
        elif kind in (CLICK, TOUCH_CANCEL) or data.source in (TOUCH_MOVE, SCROLL):
            down = tap = None
    if tap and last > tap.time + _DECIDED_AFTER_MS:
        yield tap.index


def _is_tap(down: _Touch, time: float, data: EventData) -> bool:
    if data.id != down.data.id or time - down.time > _LONG_PRESS_MS:
        return False
    places = zip((down.data.x, down.data.y), (data.x, data.y), strict=True)
    return all(began is None or ended is None or abs(began - ended) <= _SLOP_PX for began, ended in places)
