"""What one SDK post says, as far as the door needs to know: whose batch it is, which one, and that it is a batch.

Belongs here: the shape of the body and the name of each way to get it wrong. Does not: what the events mean (intake
reads them, with everything else in the body).

The wire (both spellings of a name are taken, the first non-empty one counts):

1. `sessionId`, `session_id`: string of 1 to 200 characters once trimmed, none of them a control character.
2. `windowId`, `window_id`: the same, but may be absent or empty.
3. `sequence`: whole number from 0 to 2^31-1, or its digits in a string.
4. `events`: array of objects or strings of `@rrweb/packer`, may be empty; nothing in them is looked at.
5. `flushType`, `flush_type`: `final`, or else `normal` whatever it says.
6. Everything else is left to intake; a wrong type there is no reason to lose the events.
"""

import re
from typing import Annotated, Final, NamedTuple

import msgspec

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.events import mend_surrogates
from retrace_core.limits import MAX_ID_CHARS, MAX_SEQUENCE
from retrace_core.packing import PACKED_EVENT

_ABSENT: Final = msgspec.Raw(b"")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_FIELD_IN_FAULT: Final = re.compile(r"\$\.(\w+)")
_REFUSALS: Final = {
    "sessionId": ErrorCode.INVALID_SESSION_ID,
    "session_id": ErrorCode.INVALID_SESSION_ID,
    "windowId": ErrorCode.INVALID_WINDOW_ID,
    "window_id": ErrorCode.INVALID_WINDOW_ID,
    "sequence": ErrorCode.INVALID_SEQUENCE,
    "events": ErrorCode.INVALID_EVENTS,
}


class ReplayBatch(NamedTuple):
    """A post of the shape the wire asks for."""

    session_id: str
    window_id: str
    sequence: int
    event_count: int
    is_final: bool


class _Event(msgspec.Struct, gc=False):
    """Any object: its fields are checked as JSON and dropped."""


_PackedEvent = Annotated[str, msgspec.Meta(pattern=PACKED_EVENT)]


class _Post(msgspec.Struct):
    sessionId: str | None = None  # noqa: N815 - the wire's names
    session_id: str | None = None
    windowId: str | None = None  # noqa: N815
    window_id: str | None = None
    sequence: int | str | None = None
    events: list[_Event | _PackedEvent] | None = None
    flushType: msgspec.Raw = _ABSENT  # noqa: N815
    flush_type: msgspec.Raw = _ABSENT


_decoder = msgspec.json.Decoder(_Post)


def decode_batch(body: bytes) -> ReplayBatch:
    """Decode a decompressed body; raises the refusal of the first of the points above that it misses."""
    post = _decode(body)
    if post.sequence is None and post.events is None and not (post.sessionId or post.session_id):
        raise RetraceError(ErrorCode.INVALID_PAYLOAD)
    session_id = _identifier(post.sessionId, post.session_id, ErrorCode.INVALID_SESSION_ID)
    if not session_id:
        raise RetraceError(ErrorCode.MISSING_SESSION_ID)
    window_id = _identifier(post.windowId, post.window_id, ErrorCode.INVALID_WINDOW_ID)
    sequence = _sequence(post.sequence)
    if post.events is None:
        raise RetraceError(ErrorCode.INVALID_EVENTS)
    flush_type = _text(post.flushType) or _text(post.flush_type)
    return ReplayBatch(session_id, window_id, sequence, len(post.events), flush_type == "final")


def _decode(body: bytes) -> _Post:
    try:
        if not body.isascii():
            # The decoder does not look inside what it skips.
            body.decode()
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        field = _FIELD_IN_FAULT.search(str(error))
        raise RetraceError(_REFUSALS[field[1]] if field else ErrorCode.INVALID_PAYLOAD) from None
    except RecursionError:
        raise RetraceError(ErrorCode.INVALID_JSON, "nested too deeply") from None
    except UnicodeDecodeError:
        raise RetraceError(ErrorCode.INVALID_JSON, "bytes that are not UTF-8") from None
    except msgspec.DecodeError as error:
        # Browsers escape the half of an emoji that a cut string ends in; that is no reason to lose the events.
        mended = mend_surrogates(body)
        if mended != body:
            return _decode(mended)
        raise RetraceError(ErrorCode.INVALID_JSON, str(error)) from None


def _identifier(first: str | None, second: str | None, refusal: ErrorCode) -> str:
    value = (first or "").strip() or (second or "").strip()
    if len(value) > MAX_ID_CHARS:
        raise RetraceError(refusal, f"{len(value)} characters")
    if _CONTROL.search(value):
        raise RetraceError(refusal, "control characters")
    return value


def _sequence(value: int | str | None) -> int:
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SEQUENCE)) else None
    if value is None or not 0 <= value <= MAX_SEQUENCE:
        raise RetraceError(ErrorCode.INVALID_SEQUENCE)
    return value


def _text(value: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(value, type=str).strip()
    except msgspec.DecodeError:
        return ""
