"""The demo's visits without a browser: recorded once, moved to the present each time.

Belongs here: the file's format, writing and reading it. Does not: recording (`record.py`), posting.

`visits.jsonl.xz` holds one line a post: the number of its visit and the body, whose times count from the visit's first
event, in milliseconds. XZ because each visit repeats the style sheets: gzip, which looks back 32 KB, takes four times
as much.
"""

import json
import lzma
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

VISITS_FILE = Path(__file__).parent / "visits.jsonl.xz"

# Time between the starts of two stored visits: the demo's visitors come over two hours, not all at once.
_GAP = timedelta(minutes=7)

_NAMESPACE = uuid.UUID("6f3b1f6e-5d0e-4a53-9c1c-2f4d6a1f9f11")

Batch = dict[str, Any]


def stored_batches(now: datetime, path: Path = VISITS_FILE) -> Iterator[Batch]:
    """Yield the posts of all stored visits as if the last one had ended at `now`, each visit in its own order.

    The same `now` gives the same bodies, another one other sessions.
    """
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        visits = [list(posts) for _, posts in groupby(map(json.loads, lines), key=itemgetter("visit"))]
    now_ms = _milliseconds(now)
    for index, posts in enumerate(visits):
        bodies = [post["body"] for post in posts]
        duration_ms = max(event["timestamp"] for body in bodies for event in body["events"])
        started_ms = now_ms - duration_ms - (len(visits) - 1 - index) * int(_GAP.total_seconds() * 1000)
        for body in bodies:
            session = uuid.uuid5(_NAMESPACE, f"{body['sessionId']} {now_ms}")
            # Sent now: the visitor's clock is right, it is only the post that comes late.
            yield {**_moved(body, started_ms), "sessionId": str(session), "sentAt": now_ms}


def store_batches(batches: Iterable[Batch], path: Path = VISITS_FILE) -> int:
    """Write posts as they were captured, each once; returns the bytes of the file."""
    # A page that is left while a post is on its way sends it again, to be sure.
    posts = {(batch["sessionId"], batch["windowId"], batch["sequence"]): batch for batch in batches}
    sessions: dict[str, list[Batch]] = {}
    for batch in sorted(posts.values(), key=itemgetter("distinctId")):
        sessions.setdefault(batch["sessionId"], []).append(batch)
    lines = [line for number, session in enumerate(sessions.values()) for line in _lines(number, session)]
    path.write_bytes(lzma.compress("".join(lines).encode(), preset=9))
    return path.stat().st_size


def _lines(number: int, session: list[Batch]) -> Iterator[str]:
    start_ms = min(event["timestamp"] for batch in session for event in batch["events"])
    for batch in session:
        body = {name: value for name, value in batch.items() if name != "sentAt"}
        line = {"visit": number, "body": _moved(body, -start_ms)}
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _moved(body: Batch, by_ms: int) -> Batch:
    return {**body, "events": [_moved_event(event, by_ms) for event in body["events"]]}


def _moved_event(event: dict[str, Any], by_ms: int) -> dict[str, Any]:
    moved = {**event, "timestamp": event["timestamp"] + by_ms}
    payload = event["data"].get("payload")
    if payload and "startedAt" in payload:
        moved["data"] = {**event["data"], "payload": {**payload, "startedAt": payload["startedAt"] + by_ms}}
    return moved


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
