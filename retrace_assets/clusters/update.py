"""Clusters: each touched fingerprint and day is counted anew.

Belongs here: which fingerprints and days, and the transaction. Does not: the aggregation (clusters).
"""

from datetime import date

import polars as pl

from retrace_assets.clusters.clusters import CLUSTERS_SQL
from retrace_assets.follow import follow, recompute, replace_changed
from retrace_assets.report import StageReport
from retrace_core.tables import CLUSTERS, SIGNALS
from retrace_resources.changes import note_changes
from retrace_resources.lake import Lake, Transaction

STAGE = "clusters"

_CLUSTER = ("project_id", "environment_id", "day", "fingerprint")


def update(lake: Lake) -> StageReport:
    """Count the fingerprints and days whose signals have changed since the last update."""
    return follow(lake, STAGE, SIGNALS.name, count_clusters)


def rebuild(lake: Lake, day: date) -> StageReport:
    """Count every fingerprint of a UTC day, also those whose signals are gone."""
    keys = lake.query(
        "SELECT project_id, environment_id, day, fingerprint AS key FROM signals WHERE day = $day "
        "UNION SELECT project_id, environment_id, day, fingerprint FROM clusters WHERE day = $day ORDER BY ALL",
        {"day": day},
    )
    return recompute(lake, STAGE, keys, count_clusters)


def count_clusters(transaction: Transaction, keys: pl.DataFrame) -> StageReport:
    """Count some fingerprints (`key`) on some days anew."""
    touched = keys.rename({"key": "fingerprint"}).select(_CLUSTER)
    bounds = {"first_day": touched["day"].min(), "last_day": touched["day"].max()}
    rows = transaction.query(CLUSTERS_SQL, bounds, touched=touched)
    changed = replace_changed(transaction, CLUSTERS, touched, rows)
    note_changes(
        transaction, CLUSTERS.name, changed.with_columns(started_at=pl.lit(None, pl.Datetime("us")), key="fingerprint")
    )
    return StageReport(
        STAGE,
        rows_in=int(rows["signals"].sum()),
        rows_out=rows.height,
        days=frozenset(changed["day"]),
        notes={"fingerprints": touched.height, "changed": changed.height},
    )
