"""Single values of recorders' payloads, whatever JSON they are.

Belongs here: reading a text, a number, an id, and how long each may be. Does not: what a payload is made of
(intake/payloads, intake/requests).
"""

from typing import Any, Final

# Longer texts help nobody and are a way to fill the disk.
MESSAGE_LIMIT: Final = 2_000
STACK_LIMIT: Final = 8_000
URL_LIMIT: Final = 2_000
NAME_LIMIT: Final = 200

Details = dict[str, Any]


def text(value: object, limit: int) -> str | None:
    """The first `limit` characters of a text; None for any other value and for an empty one."""
    return value[:limit] if isinstance(value, str) and value else None


def number(value: object) -> float | None:
    """A number; None for any other value."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        # JSON may write a whole number of hundreds of digits, and the decoder reads it.
        return None


def is_legible(typed: str) -> bool:
    """Whether a text that was typed came without a mask."""
    return bool(typed.strip("*•"))


def trace_id(payload: Details) -> str | None:
    """The W3C trace id that our recorder adds to requests and exceptions."""
    trace = payload.get("trace")
    return text(trace.get("traceId"), 64) if isinstance(trace, dict) else None
