"""What the fold of issues reads from the lake, bounded by day so that a large issue costs no more than a small one.

Belongs here: the queries. Does not: what follows from the rows (fold, evidence, steps).
"""

from collections.abc import Iterable, Sequence

import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.issues.evidence import SIGNALS_SHOWN
from retrace_assets.issues.fold import ROOT
from retrace_assets.issues.steps import EVENT_KINDS
from retrace_assets.versions import Bug
from retrace_core.tables import CLUSTERS, SIGNALS
from retrace_resources.lake import Transaction

# Steps keep 20: no walk through the last 500 clicks, inputs and pages before a signal needs more.
EVENTS_READ = 500

_MEMBERS = {"project_id": pl.String, "environment_id": pl.String, "fingerprint": pl.String, "root": pl.String}
_SIGNAL_COLUMNS = ", ".join(f"signals.{name}" for name in SIGNALS.column_names)
_STEP_COLUMNS = (
    *("kind", "occurred_at", "url", "node_id", "target_tag", "target_role", "target_name", "target_test_id"),
    *("target_css", "target_interactive"),
)


def members_frame(groups: Iterable[tuple[Bug, Sequence[Bug]]]) -> pl.DataFrame:
    """One row a fingerprint with the root it is merged into."""
    rows = [(*member, root.fingerprint) for root, members in groups for member in members]
    return pl.DataFrame(rows, schema=_MEMBERS, orient="row")


def read_clusters(transaction: Transaction, members: pl.DataFrame) -> pl.DataFrame:
    """The clusters of all days of some fingerprints, with `root`."""
    return transaction.query(
        f"SELECT {', '.join(CLUSTERS.column_names)}, root FROM clusters "
        "JOIN members USING (project_id, environment_id, fingerprint)",
        members=members,
    )


def read_daily(transaction: Transaction, clusters: pl.DataFrame) -> pl.DataFrame:
    """Sessions and users of each root and day; counted anew only where several fingerprints share a day."""
    days = clusters.group_by(*ROOT, "day").agg(
        pl.len().alias("fingerprints"), pl.col("sessions", "users").sum().cast(pl.Int64), pl.col("fingerprint")
    )
    alone = days.filter(pl.col("fingerprints") == 1).select(*ROOT, "day", "sessions", "users")
    shared = days.filter(pl.col("fingerprints") > 1).select(*ROOT, "day", "fingerprint").explode("fingerprint")
    if shared.is_empty():
        return alone
    counted = transaction.query(
        "SELECT project_id, environment_id, root, day, count(DISTINCT session_id) AS sessions, "
        "count(DISTINCT nullif(distinct_id, '')) "
        "+ count(DISTINCT session_id) FILTER (nullif(distinct_id, '') IS NULL) AS users "
        "FROM signals JOIN shared USING (project_id, environment_id, day, fingerprint) "
        f"WHERE {bounded(shared)} GROUP BY ALL",
        shared=shared,
    )
    return pl.concat([alone, counted.select(alone.columns)])


def read_examples(transaction: Transaction, clusters: pl.DataFrame) -> pl.DataFrame:
    """The latest signals of each root's last day, newest first, with `root`."""
    last_day = pl.col("day") == pl.col("day").max().over(*ROOT)
    wanted = clusters.filter(last_day).select("project_id", "environment_id", "day", "fingerprint", "root")
    # Which they are is read first, in narrow columns: all signals of a day with their evidence would be much to read.
    latest = transaction.query(
        "SELECT project_id, environment_id, day, started_at, session_id, signal_id, root "
        "FROM signals JOIN wanted USING (project_id, environment_id, day, fingerprint) "
        f"WHERE {bounded(wanted, 'signals')} QUALIFY row_number() OVER (PARTITION BY {', '.join(ROOT)} "
        f"ORDER BY occurred_at DESC, signal_id) <= {SIGNALS_SHOWN}",
        wanted=wanted,
    )
    return transaction.query(
        f"SELECT {_SIGNAL_COLUMNS}, root "
        "FROM signals JOIN latest USING (project_id, environment_id, day, started_at, session_id, signal_id) "
        f"WHERE {bounded(latest, 'signals')} ORDER BY occurred_at DESC, signal_id",
        latest=latest,
    )


def read_session_signals(transaction: Transaction, totals: pl.DataFrame) -> pl.DataFrame:
    """All signals of the representative sessions, with the `root` they represent."""
    return transaction.query(
        f"SELECT {_SIGNAL_COLUMNS}, root "
        "FROM signals JOIN wanted USING (project_id, environment_id, day, session_id) "
        f"WHERE {bounded(totals, 'signals')} ORDER BY occurred_at, signal_id",
        wanted=totals.select(*ROOT, "day", "session_id"),
    )


def read_walks(transaction: Transaction, representatives: pl.DataFrame) -> pl.DataFrame:
    """The events that led to each representative signal in its window, in order, with `signal_id`."""
    return transaction.query(
        f"SELECT signal_id, {', '.join(f'event.{name}' for name in _STEP_COLUMNS)} FROM replay_events AS event "
        "JOIN wanted USING (project_id, environment_id, day, session_id, window_id) "
        f"WHERE {bounded(representatives, 'event')} AND list_contains(?, kind) "
        "AND event.occurred_at <= until QUALIFY row_number() OVER (PARTITION BY wanted.project_id, "
        "wanted.environment_id, signal_id ORDER BY event.occurred_at DESC, sequence DESC, event_index DESC) "
        f"<= {EVENTS_READ} ORDER BY event.occurred_at, sequence, event_index",
        [list(EVENT_KINDS)],
        wanted=representatives.select(
            *("project_id", "environment_id", "day", "session_id", "window_id", "signal_id"), until="occurred_at"
        ),
    )
