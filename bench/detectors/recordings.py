"""Labelled recordings on disk: what a recorder sent, and what is true of the session.

A recording is `<id>.truth.json` beside `<id>.posts.json` (an array of bodies as our recorder posted them) or
`<id>.events.json` (an array of rrweb events, or of packed ones); `<id>.decoded_events.json` holds what other
recorders sent, decoded. The truth comes from whoever made the session: which fault was switched on and what the
visitor did. It never comes from a rule.

Belongs here: finding and reading them. Does not: making them (`visits`, `recording`), judging (`judging`).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]

LABELLED: Final = frozenset(
    (
        *("console_error", "network_4xx", "network_5xx", "rage_click", "dead_click", "error_toast", "blank_render"),
        "session_abandon_on_error",
    )
)
"""Detectors that labels speak of unless they say otherwise (`judged_detectors`)."""

# Other names of our detectors in truth files.
_ALIASES: Final = {"session_abandon": "session_abandon_on_error"}
_WINDOW: Final = "w0"
# A flush as far behind the last event as a recorder's timer is.
_SENT_AFTER_MS: Final = 50


@dataclass(frozen=True)
class Truth:
    """What is true of a session: detectors that must fire, and those that may.

    Any other of the detectors that are `judged` is wrong when it fires.
    """

    required: frozenset[str]
    allowed: frozenset[str]
    judged: frozenset[str]
    about: str

    @property
    def forbidden(self) -> frozenset[str]:
        """Detectors that must not fire."""
        return self.judged - self.allowed


@dataclass(frozen=True)
class Recording:
    """A recorded session; `posts` are bodies as an SDK sends them, in order."""

    id: str
    variant: str
    posts: tuple[Json, ...]
    truth: Truth

    @property
    def events(self) -> list[Json | str]:
        """All events of the session, in the order they were sent."""
        return [event for post in self.posts for event in post["events"]]

    @property
    def last_ms(self) -> float:
        """When the last event happened, milliseconds since 1970."""
        return max((_milliseconds(event) for event in self.events), default=0.0)


def read_recordings(folder: Path, *, decoded: bool = False) -> list[Recording]:
    """Read a folder's recordings in the order of their ids; `decoded` takes also what other recorders sent.

    Raises FileNotFoundError when there is no labelled recording in it.
    """
    found = list(_recordings(folder, decoded))
    if not found:
        raise FileNotFoundError(f"no recordings in {folder}: expected <id>.truth.json beside <id>.events.json")
    return found


def _recordings(folder: Path, decoded: bool) -> Iterator[Recording]:
    for path in sorted(folder.glob("*.truth.json")):
        recording_id = path.name.removesuffix(".truth.json")
        label = json.loads(path.read_text())
        posts = _posts(folder, recording_id, decoded)
        if posts:
            yield Recording(recording_id, label["variant"], tuple(posts), _truth(label))


def _posts(folder: Path, recording_id: str, decoded: bool) -> list[Json]:
    as_posted = folder / f"{recording_id}.posts.json"
    if as_posted.is_file():
        posts: list[Json] = json.loads(as_posted.read_text())
        return posts
    for ending in ("events", *(["decoded_events"] if decoded else [])):
        path = folder / f"{recording_id}.{ending}.json"
        if path.is_file():
            return [one_post(recording_id, json.loads(path.read_text()))]
    return []


def one_post(session_id: str, events: list[Json | str]) -> Json:
    """Wrap the events of a recorder that is not ours into a single, final post."""
    sent_at = max(map(_milliseconds, events), default=0.0) + _SENT_AFTER_MS
    envelope = {"sessionId": session_id, "windowId": _WINDOW, "sequence": 0, "flushType": "final"}
    return {**envelope, "distinctId": session_id, "sentAt": sent_at, "events": events}


def _milliseconds(event: Json | str) -> float:
    # Packed events hide their time; seconds are what some recorders write for their own events.
    stamp = event.get("timestamp", 0) if isinstance(event, dict) else 0
    stamp = stamp if isinstance(stamp, int | float) else 0
    return stamp * 1000 if 0 < stamp < 1e11 else stamp


def _truth(label: Json) -> Truth:
    required = _names(label["required_detectors"])
    about = (label.get("bug") or {}).get("summary") or label.get("about") or "nothing is wrong"
    allowed = required | _names(label["allowed_detectors"])
    return Truth(required, allowed, _names(label.get("judged_detectors", LABELLED)), about)


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(_ALIASES.get(name, name) for name in names)
