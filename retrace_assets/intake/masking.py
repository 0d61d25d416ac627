"""What was typed into fields for secrets, where the recorder let it through, is masked before it is written.

Belongs here: which fields those are, from the recorded page, and masking their input. Does not: secrets that can be
told by their text (`retrace_core/redaction.py`).
"""

import json
import re
from collections import defaultdict
from typing import Any, Final

import msgspec

from retrace_assets.intake.columns import EventColumns
from retrace_assets.intake.recordings import Recording, WindowKey, decode_until, read_recordings, window_key
from retrace_assets.intake.sessions import PlacedBatch
from retrace_assets.intake.values import is_legible
from retrace_core.events import FULL_SNAPSHOT, INCREMENTAL, INPUT, MUTATION
from retrace_core.redaction_patterns import CREDENTIAL_INPUT
from retrace_resources.lake import Transaction

_SECRET: Final = re.compile(CREDENTIAL_INPUT)
_SAYS_SECRET: Final = ("type", "autocomplete")
# rrweb's mark on fields whose password is being shown.
_SHOWN_FIELD: Final = "data-rr-is-password"
# What a recording with such a field has somewhere; most have none, and need no decoding.
_HINTS: Final = (b"password", b"one-time-code", b"cc-")
_MASK: Final = "*"


def mask_secrets(transaction: Transaction, columns: EventColumns) -> None:
    """Mask input events of fields for passwords, one-time codes and cards, in the batches about to be written.

    Costs a look at the recordings of windows in which somebody typed legibly: recorders that mask never come here.
    Passwords are masked by all of them; what is left are fields that only `autocomplete` tells from others.
    """
    typed: dict[WindowKey, list[PlacedBatch]] = defaultdict(list)
    for placed in columns.legible:
        typed[window_key(placed)].append(placed)
    if not typed:
        return
    recordings = read_recordings(transaction, columns.placed, typed)
    for window, batches in typed.items():
        if _may_hold_secrets(recordings[window]):
            _mask(recordings[window], {placed.batch.post.sequence: placed for placed in batches})


def _may_hold_secrets(recording: Recording) -> bool:
    texts = (events if isinstance(events, bytes) else events.encode() for events in recording.values())
    return any(hint in text for text in texts for hint in _HINTS)


def _mask(recording: Recording, batches: dict[int, PlacedBatch]) -> None:
    fields = _SecretFields()
    for sequence, events in decode_until(recording, max(batches)).items():
        masked = [fields.mask(event) for event in events]
        if sequence in batches and any(masked):
            batch = batches[sequence].batch
            raws = msgspec.json.decode(batch.events_json, type=list[msgspec.Raw])
            kept = [
                json.dumps(event).encode() if is_masked else bytes(raw)
                for event, raw, is_masked in zip(events, raws, masked, strict=True)
            ]
            batch.events_json = b"[" + b",".join(kept) + b"]"


class _SecretFields:
    """The fields of a recorded page that were ever meant for a secret, by id; one made visible stays secret."""

    def __init__(self) -> None:
        self._ids: set[object] = set()

    def mask(self, event: dict[str, Any]) -> bool:
        """Take note of an event; True if it was input into such a field and is masked now."""
        kind, data = event.get("type"), event.get("data")
        if not isinstance(data, dict):
            return False
        if kind == FULL_SNAPSHOT:
            # Ids start anew with another meaning.
            self._ids.clear()
            self._note([data.get("node")])
        elif kind == INCREMENTAL and data.get("source") == MUTATION:
            self._note([add.get("node") for add in _objects(data.get("adds"))])
            self._note_changes(data)
        elif kind == INCREMENTAL and data.get("source") == INPUT:
            return self._mask_input(data)
        return False

    def _mask_input(self, data: dict[str, Any]) -> bool:
        text, field = data.get("text"), data.get("id")
        if not isinstance(text, str) or not is_legible(text) or not _is_id(field) or field not in self._ids:
            return False
        data["text"] = _MASK * len(text)
        return True

    def _note(self, nodes: list[Any]) -> None:
        left = nodes
        while left:
            node = left.pop()
            if not isinstance(node, dict):
                continue
            if node.get("tagName") == "input":
                self._note_field(node.get("id"), node.get("attributes"))
            children = node.get("childNodes")
            if isinstance(children, list):
                left.extend(children)

    def _note_changes(self, data: dict[str, Any]) -> None:
        for changed in _objects(data.get("attributes")):
            self._note_field(changed.get("id"), changed.get("attributes"))

    def _note_field(self, field: object, attributes: object) -> None:
        if _is_id(field) and isinstance(attributes, dict) and _is_secret(attributes):
            self._ids.add(field)


def _is_secret(attributes: dict[str, Any]) -> bool:
    if _SHOWN_FIELD in attributes:
        return True
    values = (attributes.get(name) for name in _SAYS_SECRET)
    return any(isinstance(value, str) and _SECRET.match(value.strip()) for value in values)


def _is_id(value: object) -> bool:
    return type(value) is int


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
