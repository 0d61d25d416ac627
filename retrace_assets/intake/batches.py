"""From a landed row to a redacted, decoded batch.

Belongs here: checksum, decompression, unpacking, redaction, decoding. Does not: what is already known of the session
(intake/sessions) or the typed columns (intake/columns).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from retrace_core.encodings import decompress
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.events import Event, decode_events, mend_surrogates
from retrace_core.ids import public_id
from retrace_core.limits import MAX_BODY_BYTES
from retrace_core.packing import unpack_events
from retrace_core.redaction import redact


@dataclass(slots=True)
class Post:
    """One row of a landing segment: who sent it, when it came, and its JSON, decompressed and with plain events."""

    segment: str
    received_at: datetime
    project_id: str
    environment_id: str
    session_id: str
    window_id: str
    sequence: int
    body: bytes


@dataclass(slots=True)
class Refusal:
    """A landed row, or one event of it, that cannot be processed, with its redacted bytes."""

    post: Post
    reason: ErrorCode
    detail: str
    payload: str
    event_index: int | None = None


@dataclass(slots=True)
class Batch:
    """One SDK post, decoded: everything in it is redacted but the ids of the session and its window."""

    post: Post
    content_hash: str
    raw_bytes: int
    events_json: bytes
    events: list[Event | None]
    flush_type: str
    sent_ms: float | None
    distinct_id: str | None
    metadata: str | None
    sdk_name: str | None
    sdk_version: str | None
    release: str | None


_IDENTITY = ("project_id", "environment_id", "session_id", "window_id", "sequence")


class _Envelope(msgspec.Struct):
    events: msgspec.Raw = msgspec.Raw(b"[]")
    flushType: Any = None  # noqa: N815 - the wire's names
    flush_type: Any = None
    sentAt: Any = None  # noqa: N815
    distinctId: Any = None  # noqa: N815
    distinct_id: Any = None
    metadata: Any = None
    sdk: Any = None
    release: Any = None


class _Identity(msgspec.Struct):
    distinctId: Any = None  # noqa: N815
    distinct_id: Any = None


_envelope = msgspec.json.Decoder(_Envelope)
_identity = msgspec.json.Decoder(_Identity)


def read_posts(segment: str, record_batch: pa.RecordBatch) -> Iterator[Post | Refusal]:
    """Check, decompress and unpack the rows of a landing record batch; damaged rows are refused, not raised."""
    intact = record_batch.filter(record_batch.column("intact"))
    for value in intact.to_pylist():
        del value["intact"], value["crc32"], value["key_id"]
        encoding = value.pop("encoding")
        post = Post(segment=segment, **value)
        try:
            # Before anything is redacted: what is packed would hide its secrets.
            post.body = unpack_events(decompress(encoding, post.body, MAX_BODY_BYTES), MAX_BODY_BYTES)
        except RetraceError as error:
            yield Refusal(post, ErrorCode.UNREADABLE_BATCH, f"{error.code.value}: {error.detail}", "")
            continue
        yield post
    # Any field of a damaged row may be wrong, and only its texts are sure to be readable at all.
    damaged = record_batch.filter(pc.invert(record_batch.column("intact"))).select(_IDENTITY)
    for value in damaged.to_pylist():
        post = Post(segment=segment, received_at=_opened_at(segment), body=b"", **value)
        yield Refusal(post, ErrorCode.CORRUPT_ROW, "the checksum does not match", "")


def _opened_at(segment: str) -> datetime:
    return datetime.fromtimestamp(int(segment.split("-", 1)[0]) / 1e9, UTC).replace(tzinfo=None)


def decode_posts(posts: Sequence[Post]) -> tuple[list[Batch], list[Refusal]]:
    """Redact the bodies, all at once, then decode them; what cannot be decoded is refused."""
    batches: list[Batch] = []
    refusals: list[Refusal] = []
    redacted = redact(_texts([post.body for post in posts]))
    # As bytes: to make a Python string of each body costs more than to parse it.
    for post, text in zip(posts, redacted.cast(pl.Binary).to_list(), strict=True):
        try:
            batches.append(_decode(post, text))
        except (msgspec.DecodeError, RecursionError) as error:
            refusals.append(Refusal(post, ErrorCode.UNREADABLE_BATCH, str(error), text.decode()))
    return batches, refusals


def _texts(bodies: list[bytes]) -> pl.Series:
    try:
        return pl.Series("body", bodies, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        # One of them is no UTF-8; only Python replaces what is not.
        return pl.Series("body", [body.decode("utf-8", "replace") for body in bodies], dtype=pl.String)


def _decode(post: Post, text: bytes) -> Batch:
    try:
        return _decode_strictly(post, text)
    except msgspec.DecodeError:
        # Browsers cut strings inside an emoji; the decoder refuses the half that is left.
        return _decode_strictly(post, mend_surrogates(text))


def _decode_strictly(post: Post, text: bytes) -> Batch:
    envelope = _envelope.decode(text)
    events = bytes(envelope.events)
    sdk = envelope.sdk if isinstance(envelope.sdk, dict) else {}
    flush_type = _first_text(envelope.flushType, envelope.flush_type)
    return Batch(
        post=post,
        content_hash=hashlib.sha256(post.body).hexdigest(),
        raw_bytes=len(post.body),
        events_json=events,
        events=decode_events(events),
        flush_type="final" if flush_type == "final" else "normal",
        sent_ms=_milliseconds(envelope.sentAt),
        distinct_id=_distinct_id(post, _first_text(envelope.distinctId, envelope.distinct_id)),
        metadata=msgspec.json.encode(envelope.metadata).decode() if isinstance(envelope.metadata, dict) else None,
        sdk_name=_first_text(sdk.get("name")),
        sdk_version=_first_text(sdk.get("version")),
        release=_first_text(envelope.release),
    )


def _distinct_id(post: Post, redacted: str | None) -> str | None:
    """Name the user without naming the person: an id that held something private becomes a pseudonym.

    Two people with e-mails for ids must stay two, so the pseudonym is a hash within the project.
    """
    if redacted is None or "[" not in redacted:
        return redacted
    identity = _identity.decode(mend_surrogates(post.body))
    original = _first_text(identity.distinctId, identity.distinct_id) or ""
    return redacted if original == redacted else public_id("usr_", post.project_id, original)


def _first_text(*values: object) -> str | None:
    return next((value for value in values if isinstance(value, str) and value.strip()), None)


def _milliseconds(value: object) -> float | None:
    # Bounds keep dates representable: 2001 to 2096.
    if isinstance(value, int | float) and not isinstance(value, bool) and 1e12 <= value <= 4e12:
        return float(value)
    return None
