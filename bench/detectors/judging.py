"""What our detectors say of recordings, by the real road: landing, intake, replays, pages, signals.

Belongs here: a lake for the length of a judgement, and reading its signals. Does not: what is true (`recordings`),
how verdicts are scored (`scores`).
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.detectors.recordings import Recording
from bench.road import ENVIRONMENT, PROJECT, utc_now
from retrace_assets.intake.update import drain
from retrace_assets.pages import update as pages
from retrace_assets.replays import update as replays
from retrace_assets.signals import update as signals
from retrace_assets.signals.detectors import DETECTORS, enabled_detectors
from retrace_resources.lake import Lake
from retrace_resources.landing import LandedRow, Landing
from retrace_resources.landing_writer import LandingWriter

_SIGNALS: Final = """
SELECT session_id, detector, url, target, message, counterfactual, cause, offset_ms
FROM signals ORDER BY session_id, occurred_at, signal_id
"""
_RECEIVED_AFTER_MS: Final = 100


@dataclass(frozen=True)
class Verdict:
    """One signal, as far as a person needs it to see why it is there."""

    detector: str
    url: str
    target: str | None
    message: str
    counterfactual: str
    cause: str | None
    offset_ms: int


@dataclass(frozen=True)
class Judgement:
    """The signals of each recording, by its id, and what it took to find them."""

    verdicts: Mapping[str, Sequence[Verdict]]
    unread: frozenset[str]
    events: int
    seconds: float

    def fired(self, recording_id: str) -> frozenset[str]:
        """Names of the detectors that found something in a recording."""
        return frozenset(verdict.detector for verdict in self.verdicts.get(recording_id, ()))


def judge(recordings: Sequence[Recording]) -> Judgement:
    """Take recordings in and judge them with every detector there is, those that are off by default too."""
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        session_of = asyncio.run(_land(home, recordings))
        with Lake(home) as lake:
            drain(lake, Landing(home))
            replays.update(lake, utc_now())
            pages.update(lake)
            started = time.perf_counter()
            report = signals.update(lake, enabled_detectors(dict.fromkeys(DETECTORS, True)))
            seconds = time.perf_counter() - started
            rows = lake.query(_SIGNALS)
            read = set(lake.query("SELECT session_id FROM replays")["session_id"])
    verdicts: dict[str, list[Verdict]] = {}
    for session_id, *facts in rows.iter_rows():
        verdicts.setdefault(session_of[session_id], []).append(Verdict(*facts))
    unread = frozenset(recording for session, recording in session_of.items() if session not in read)
    return Judgement(verdicts, unread, report.rows_in, seconds)


async def _land(home: Path, recordings: Sequence[Recording]) -> dict[str, str]:
    """Land every post as received when the recording ended, so that a run today and one next year are the same."""
    session_of = {}
    async with LandingWriter(Landing(home)) as writer:
        for recording in recordings:
            received_us = int((recording.last_ms + _RECEIVED_AFTER_MS) * 1000) or int(time.time() * 1e6)
            for post in recording.posts:
                identity = (post["sessionId"], post.get("windowId", ""), post["sequence"])
                body = json.dumps(post, ensure_ascii=False).encode()
                await writer.append(LandedRow(received_us, PROJECT, ENVIRONMENT, "key", *identity, "", body))
                session_of[post["sessionId"]] = recording.id
    return session_of
