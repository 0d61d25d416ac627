r"""Events as recorders squeeze them to save bytes on the wire, and how they become plain again.

Belongs here: `@rrweb/packer`, whose events are strings of zlib data, and PostHog's `cv`, whose full snapshots,
mutations and style changes hold strings of gzip data; in both, each character is a byte. Does not: Content-Encoding
(`encodings.py`), which squeezes a body as a whole, or what an event means (`events.py`).

Whoever sent them may mean harm: what comes out of one post is bounded, and so is the work of trying.
"""

import re
import zlib
from typing import Final, TypeVar

import msgspec

from retrace_core.events import mend_surrogates
from retrace_core.limits import KIB

PACKED_EVENT: Final = "^x[\x01\x5e\x9c\xda]"
"""How a packed event begins: zlib's header at any level, with the window that all packers use (RFC 1950 §2.2)."""

# The same as JSON writes it, in UTF-8 or escaped, behind the quotation mark.
_PACKED: Final = re.compile(rb'"x(?:\^|\xc2\x9c|\xc3\x9a|\\u00(?:01|5[eE]|9[cC]|[dD][aA]))')
_SQUEEZED: Final = b'"cv"'
_SQUEEZED_FIELDS: Final = ("texts", "attributes", "removes", "adds")
_STRING: Final = b'"'
_OBJECT: Final = b"{"

# Either header is read as what it is.
_ZLIB_OR_GZIP: Final = 32 + zlib.MAX_WBITS
# Given out at a time; also what a damaged event is charged, since it may have cost as much before it failed.
_STEP_BYTES: Final = 16 * KIB

_Fields = dict[str, msgspec.Raw]
_T = TypeVar("_T")

_fields: Final = msgspec.json.Decoder(_Fields)
_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])
_text: Final = msgspec.json.Decoder(str)


class _DamagedError(Exception):
    """An event that is not what it says."""


def unpack_events(body: bytes, limit: int) -> bytes:
    """Put plain events in the place of packed ones, in a post's JSON; a body without any comes back as it is.

    What cannot be unpacked becomes a string that says why, so that every event keeps its index; so does what is left
    when `limit` bytes have come out of the others. Never raises: a body that is no post is for others to refuse.
    """
    if _SQUEEZED not in body and not _PACKED.search(body):
        return body
    try:
        post = _fields.decode(mend_surrogates(body))
        events = _raws.decode(post["events"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return body
    unpacker = _Unpacker(limit)
    packed = [bytes(event) for event in events]
    plain = [unpacker.plain(event) for event in packed]
    if plain == packed:
        return body
    post["events"] = msgspec.Raw(b"[" + b",".join(plain) + b"]")
    return msgspec.json.encode(post)


class _Unpacker:
    """Unpacks the events of one post, of which no more than `left` bytes may come in all."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def plain(self, event: bytes) -> bytes:
        """The JSON of an event, unpacked if it was packed."""
        try:
            if event.startswith(_STRING):
                return self._unpacked(event)
            return self._unsqueezed(event) if _SQUEEZED in event else event
        except _DamagedError as error:
            return msgspec.json.encode(f"an event that could not be unpacked: {error}")

    def _unpacked(self, event: bytes) -> bytes:
        text = _decoded(_text, event)
        if not re.match(PACKED_EVENT, text):
            return event
        plain = self._json(text)
        if not plain.lstrip().startswith(_OBJECT):
            raise _DamagedError("it holds no object")
        return plain

    def _unsqueezed(self, event: bytes) -> bytes:
        fields = _decoded(_fields, event)
        if fields.pop("cv", None) is None or "data" not in fields:
            return event
        data = bytes(fields["data"])
        if data.startswith(_STRING):
            fields["data"] = self._json_in(data)
        elif data.startswith(_OBJECT):
            parts = _decoded(_fields, data)
            for name in _SQUEEZED_FIELDS:
                part = bytes(parts.get(name, b""))
                if part.startswith(_STRING):
                    parts[name] = self._json_in(part)
            fields["data"] = msgspec.Raw(msgspec.json.encode(parts))
        return msgspec.json.encode(fields)

    def _json_in(self, string: bytes) -> msgspec.Raw:
        return msgspec.Raw(self._json(_decoded(_text, string)))

    def _json(self, text: str) -> bytes:
        """The JSON that a string of bytes holds, fit to stand in a document."""
        try:
            plain = mend_surrogates(self._inflated(text.encode("latin-1")))
            msgspec.json.decode(plain)
        except UnicodeEncodeError:
            raise _DamagedError("it has characters that are no bytes") from None
        except zlib.error as error:
            self._left -= _STEP_BYTES
            raise _DamagedError(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _DamagedError("it holds no JSON") from None
        return plain

    def _inflated(self, data: bytes) -> bytes:
        inflater = zlib.decompressobj(_ZLIB_OR_GZIP)
        parts: list[bytes] = []
        while not inflater.eof:
            if self._left <= 0:
                raise _DamagedError("what is packed in this post is over the limit")
            part = inflater.decompress(data, _STEP_BYTES)
            if not part and not inflater.eof:
                raise zlib.error("it ends early")
            self._left -= len(part)
            data = inflater.unconsumed_tail
            parts.append(part)
        return b"".join(parts)


def _decoded(decoder: msgspec.json.Decoder[_T], json: bytes) -> _T:
    try:
        return decoder.decode(json)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _DamagedError("it holds no JSON") from None
