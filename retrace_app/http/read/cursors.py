"""Cursors: where a list goes on, as a text that a client hands back without looking into it.

A cursor is no permission: it is only ever a bound within the rows a token may see. So it is not signed but checked:
what does not decode to a place of this very list is refused. Belongs here: both directions. Does not: what a place
means (actions/listing).
"""

import base64
import binascii
from typing import Final

import msgspec

from retrace_app.actions.listing import Order, Place
from retrace_core.errors import ErrorCode, RetraceError

MAX_CURSOR_CHARS: Final = 2_000
"""A place holds ids of at most 200 characters, of four bytes each."""

_LARGEST: Final = 2**53
"""No number in a place is larger: microseconds since 1970 until the year 2255, or a count."""


def write_cursor(name: str, place: Place | None) -> str | None:
    """The cursor of a place in the list `name`; None behind the last row."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([name, *place])).decode().rstrip("=")


def read_cursor(name: str, order: Order, cursor: str | None, parameter: str = "cursor") -> Place | None:
    """The place a cursor of the list `name` means; raises `invalid_parameter`."""
    if cursor is None:
        return None
    try:
        found = msgspec.msgpack.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        found = None
    match found:
        case [str(named), *place] if named == name and order.fits(place) and _is_small(place):
            return tuple(place)
    raise RetraceError(ErrorCode.INVALID_PARAMETER, f"`{parameter}` is not a cursor of this list")


def _is_small(place: list[int | str]) -> bool:
    return all(not isinstance(value, int) or -_LARGEST <= value <= _LARGEST for value in place)
