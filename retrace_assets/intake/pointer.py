"""How a pointer moved: how often it turned back.

Belongs here: counting in the positions of one event. Does not: what many turns mean (detectors).
"""

from typing import Final

import msgspec

# A hand is never still: shorter ways have no direction.
_LEAST_STEP_PX: Final = 10.0
# A recorder sends half a second of positions at a time, ten at the most; a batch of an hour is no recorder's.
_MOST_BYTES: Final = 65_536


class _Position(msgspec.Struct, gc=False):
    x: float
    y: float


_positions = msgspec.json.Decoder(list[_Position])


def sharp_turns(positions: msgspec.Raw) -> int:
    """Count the turns by more than 90° between steps of 10 px or more; 0 for what are no positions."""
    if not 0 < len(bytes(positions)) <= _MOST_BYTES:
        return 0
    try:
        places = _positions.decode(positions)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
    turns, last, step_x, step_y = 0, None, 0.0, 0.0
    for place in places:
        if last is None:
            last = place
            continue
        x, y = place.x - last.x, place.y - last.y
        if x * x + y * y < _LEAST_STEP_PX**2:
            continue
        turns += step_x * x + step_y * y < 0
        last, step_x, step_y = place, x, y
    return turns
