"""From batches and events to one row a session.

Belongs here: the aggregation, as SQL over frames the shell names. Does not: which sessions to recompute (update).
"""

from datetime import datetime, timedelta

import polars as pl

from retrace_core.ids import replay_id
from retrace_core.tables import REPLAYS

# DESIGN §4: a session without a final batch is over after 5 idle minutes.
IDLE = timedelta(minutes=5)

# Both are restricted to the touched sessions by `{bounded}`; $now is UTC.
_SQL = """
WITH batch AS (
    SELECT *, (received_at, last_at, window_id, sequence) AS place
    FROM replay_batches SEMI JOIN touched USING (project_id, environment_id, day, session_id) {bounded}
),
event AS (
    FROM replay_events SEMI JOIN touched USING (project_id, environment_id, day, session_id) {bounded}
),
windows AS (
    SELECT project_id, environment_id, day, session_id, window_id,
           bool_or(flush_type = 'final') AS final,
           max(sequence) + 1 - count(*) AS gaps,
           arg_max(clock_offset_ms, sequence) AS clock_offset_ms
    FROM batch GROUP BY ALL
),
window_sums AS (
    SELECT project_id, environment_id, day, session_id, count(*) AS windows, bool_and(final) AS final,
           sum(gaps) AS gaps, arg_max(clock_offset_ms, (abs(clock_offset_ms), clock_offset_ms)) AS clock_offset_ms
    FROM windows GROUP BY ALL
),
batch_sums AS (
    SELECT project_id, environment_id, day, session_id, started_at,
           min(received_at) AS received_first_at, max(received_at) AS received_last_at,
           count(*) AS batches, sum(raw_bytes) AS raw_bytes,
           arg_max(distinct_id, place) FILTER (distinct_id IS NOT NULL) AS distinct_id,
           arg_max(release, place) FILTER (release IS NOT NULL) AS release,
           arg_max(metadata ->> '$.userAgent', place) FILTER (metadata IS NOT NULL) AS user_agent
    FROM batch GROUP BY ALL
),
event_sums AS (
    SELECT project_id, environment_id, day, session_id,
           min(occurred_at) AS first_at, max(occurred_at) AS last_at, count(*) AS events,
           count(*) FILTER (kind = 'click') AS clicks,
           count(*) FILTER (kind = 'input') AS inputs,
           count(*) FILTER (kind = 'exception' OR (kind = 'console' AND level IN ('error', 'assert'))) AS errors,
           count(*) FILTER (kind = 'network' AND (status >= 400 OR status = 0)) AS failed_requests,
           count(*) FILTER (kind = 'gap') AS reported_gaps,
           count(DISTINCT url) AS pages,
           arg_min(url, occurred_at) FILTER (url IS NOT NULL) AS first_url,
           arg_max(url, occurred_at) FILTER (url IS NOT NULL) AS last_url,
           bool_or(kind = 'full_snapshot') AS has_full_snapshot
    FROM event GROUP BY ALL
)
SELECT * RENAME (gaps AS sequence_gaps),
       CASE WHEN final THEN 'final' WHEN received_last_at <= $now - $idle THEN 'idle' END AS closed_by
FROM batch_sums JOIN window_sums AS windows USING (project_id, environment_id, day, session_id)
LEFT JOIN event_sums USING (project_id, environment_id, day, session_id)
"""


def replays_sql(bounded: str) -> str:
    """The aggregation over the sessions of a frame `touched`; `bounded` is a WHERE clause on day and started_at."""
    return _SQL.format(bounded=bounded)


def replays_parameters(now: datetime) -> dict[str, object]:
    """Parameters of the aggregation: when idle sessions are over."""
    return {"now": now, "idle": IDLE}


def replay_rows(sums: pl.DataFrame) -> pl.DataFrame:
    """Finish the rows of `replays`: public id, status, duration, zeros where nothing happened."""
    ids = [
        replay_id(project, environment, session)
        for project, environment, session in sums.select("project_id", "environment_id", "session_id").iter_rows()
    ]
    counts = ("events", "clicks", "inputs", "errors", "failed_requests", "reported_gaps", "pages")
    return sums.with_columns(
        pl.Series("replay_id", ids, dtype=pl.String),
        pl.col(counts).fill_null(0),
        pl.col("has_full_snapshot").fill_null(value=False),
        status=pl.when(pl.col("closed_by").is_null()).then(pl.lit("active")).otherwise(pl.lit("closed")),
        first_at=pl.coalesce("first_at", "started_at"),
        last_at=pl.coalesce("last_at", "started_at"),
        duration_ms=(pl.col("last_at") - pl.col("first_at")).dt.total_milliseconds().fill_null(0),
    ).select(REPLAYS.column_names)
