"""A window's recording as it stands: the batches written before, and those about to be.

Belongs here: which windows are read again and their events by batch. Does not: what they are read for (intake/targets,
intake/masking).
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any

import msgspec
import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.intake.sessions import PlacedBatch
from retrace_core.folding import unfold
from retrace_core.tables import REPLAY_PAYLOADS
from retrace_resources.lake import Transaction

WindowKey = tuple[object, ...]
Recording = dict[int, str | bytes]

_WINDOW = ("project_id", "environment_id", "day", "started_at", "session_id", "window_id")


def window_key(placed: PlacedBatch) -> WindowKey:
    """The window a batch belongs to, and where its rows are kept."""
    post = placed.batch.post
    identity = (post.project_id, post.environment_id, placed.day, placed.started_at)
    return (*identity, post.session_id, post.window_id)


def read_recordings(
    transaction: Transaction, placed: Iterable[PlacedBatch], windows: Iterable[WindowKey]
) -> dict[WindowKey, Recording]:
    """The events of windows as JSON, by sequence."""
    wanted = pl.DataFrame(list(windows), schema=list(_WINDOW), orient="row")
    key = ", ".join(_WINDOW)
    written = transaction.query(
        f"SELECT {key}, sequence, events FROM {REPLAY_PAYLOADS.name} SEMI JOIN wanted USING ({key})"
        f" WHERE {bounded(wanted)}",
        wanted=wanted,
    )
    recordings: dict[WindowKey, Recording] = defaultdict(dict)
    for *window, sequence, events in written.iter_rows():
        recordings[tuple(window)][sequence] = events
    for batch in placed:
        recordings[window_key(batch)][batch.batch.post.sequence] = batch.batch.events_json
    return recordings


def decode_until(recording: Recording, last: int) -> dict[int, list[dict[str, Any]]]:
    """The events of a window by sequence, in order up to that one, with plain mutations for folded ones."""
    decoded = {sequence: _objects(recording[sequence]) for sequence in sorted(recording) if sequence <= last}
    unfold(chain.from_iterable(decoded.values()))
    return decoded


def _objects(events_json: str | bytes) -> list[dict[str, Any]]:
    """The events of a batch by index; what is no object is an empty one."""
    try:
        events = msgspec.json.decode(events_json)
    except (msgspec.DecodeError, RecursionError):
        return []
    return [event if isinstance(event, dict) else {} for event in events]
