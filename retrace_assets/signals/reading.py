"""What the signals stage reads of some sessions, bounded by their days and starts.

Belongs here: the queries. Does not: which sessions, or what is made of their recordings (rows).
"""

from collections.abc import Iterable

import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.signals.detector import Recordings
from retrace_assets.signals.rules import RuleSet
from retrace_core.tables import PAGE_CHANGES, REPLAY_EVENTS
from retrace_resources.lake import Lake, Transaction

_THEIRS = "SEMI JOIN sessions USING (project_id, environment_id, day, session_id)"
# The ends of windows: closed when the latest batch said so, or when the whole session is over. A page was there until
# it said its last word, though nothing may have happened on it any more.
_WINDOWS = """
SELECT project_id, environment_id, session_id, window_id,
       max(CASE WHEN batch.flush_type = 'final'
           THEN greatest(batch.last_at, batch.sent_at + to_milliseconds(batch.clock_offset_ms))
           ELSE batch.last_at END) AS last_at,
       arg_max(batch.flush_type, batch.sequence) = 'final' OR bool_or(session.status = 'closed') AS closed
FROM replay_batches AS batch
JOIN sessions AS session USING (project_id, environment_id, day, session_id)
WHERE {bounded}
GROUP BY ALL
"""
_EVENTS = f"""
SELECT {", ".join(REPLAY_EVENTS.column_names)} FROM replay_events {_THEIRS}
WHERE list_contains($kinds, kind) AND {{bounded}}
"""
_PAGE = f"SELECT {', '.join(PAGE_CHANGES.column_names)} FROM page_changes {_THEIRS} WHERE {{bounded}}"


def read_recordings(reader: Lake | Transaction, sessions: pl.DataFrame, rule_sets: Iterable[RuleSet]) -> Recordings:
    """Read what some rules judge by, of sessions given as rows of `replays`; the order of rows is any."""
    kinds = {kind for rules in rule_sets for rule in rules for kind in rule.detector.kinds}
    bounds = sessions.select("day", "started_at")
    asked = {"kinds": sorted(kinds)}
    return Recordings(
        events=reader.query(_EVENTS.format(bounded=bounded(bounds)), asked, sessions=sessions),
        windows=reader.query(_WINDOWS.format(bounded=bounded(bounds, "batch")), sessions=sessions),
        page=reader.query(_PAGE.format(bounded=bounded(bounds)), sessions=sessions),
    )
