"""From signals to one row a fingerprint and day.

Belongs here: the aggregation, as SQL over `signals`. Does not: which fingerprints and days (update), or what several
days come to (issues).
"""

from retrace_core.tables import CLUSTERS

# The cause before its consequences, then the first.
_FIRST = "ORDER BY cause IS NOT NULL, occurred_at, signal_id"
_LEVELS = "['low', 'medium', 'high', 'critical']"


def _highest(column: str) -> str:
    return f"{_LEVELS}[max(list_position({_LEVELS}, {column}))]"


_AGGREGATES = {
    "project_id": "project_id",
    "environment_id": "environment_id",
    "day": "day",
    "fingerprint": "fingerprint",
    "fingerprint_version": "max(fingerprint_version)",
    "detector": f"first(detector {_FIRST})",
    "detectors": "list_sort(list(DISTINCT detector))",
    "title": f"first(message {_FIRST})",
    "route": f"first(route {_FIRST})",
    "confidence": _highest("confidence"),
    "severity": _highest("severity"),
    "signals": "count(*)",
    "sessions": "count(DISTINCT session_id)",
    # The rule of `affected users`: everyone with a name once, and each session without one.
    "users": "count(DISTINCT nullif(distinct_id, '')) "
    "+ count(DISTINCT session_id) FILTER (nullif(distinct_id, '') IS NULL)",
    "first_at": "min(occurred_at)",
    "last_at": "max(occurred_at)",
    "first_release": "arg_min(release, (occurred_at, signal_id)) FILTER (release IS NOT NULL)",
    "last_release": "arg_max(release, (occurred_at, signal_id)) FILTER (release IS NOT NULL)",
    "session_id": f"first(session_id {_FIRST})",
    "signal_id": f"first(signal_id {_FIRST})",
    "started_at": f"first(started_at {_FIRST})",
}

# `touched` is a frame of fingerprints and days; the days are constants too, so that other days' files are skipped.
CLUSTERS_SQL = f"""
SELECT {", ".join(f"{_AGGREGATES[name]} AS {name}" for name in CLUSTERS.column_names)}
FROM signals SEMI JOIN touched USING (project_id, environment_id, day, fingerprint)
WHERE day BETWEEN $first_day AND $last_day
GROUP BY project_id, environment_id, day, fingerprint
"""
