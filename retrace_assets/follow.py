"""How a stage follows the one before it: change by change, writing only rows that differ.

Belongs here: the loop over a change feed in transactions of bounded size, and replacing rows by what differs. Does not:
what a stage computes from a change (its own folder), or the feed itself (retrace_resources.changes).
"""

import time
from collections.abc import Callable
from dataclasses import replace

import polars as pl

from retrace_assets.bounds import bounded
from retrace_assets.report import StageReport
from retrace_core.table import Table
from retrace_resources.changes import advance, read_changes
from retrace_resources.lake import Lake, Transaction

# A rebuild holds the writers' lock for so many sessions or fingerprints at a time, and the hot run waits (DESIGN §3).
KEYS_A_TRANSACTION = 500
# The hot run itself takes larger steps when much has come: what a transaction costs whatever it writes is as much as
# signals cost for 300 sessions. Measured: 2,000 sessions hold the lock for a second.
KEYS_FOLLOWED = 2_000

Step = Callable[[Transaction, pl.DataFrame], StageReport]


def follow(lake: Lake, stage: str, source: str, step: Step) -> StageReport:
    """Hand every change of table `source` that `stage` has not read to `step`, and remember how far it came.

    A change of many keys is split; the mark moves with its last part, so that a run that dies is continued. Steps read
    in the transaction they write in: what they compute cannot be older than what they replace.
    """
    report = StageReport(stage)
    more = True
    while more:
        changes = read_changes(lake, stage, source, KEYS_FOLLOWED)
        slices = list(changes.rows.iter_slices(KEYS_FOLLOWED)) if changes else []
        for number, keys in enumerate(slices, start=1):
            done = changes.commit_no if number == len(slices) else None
            report += _in_one_transaction(lake, stage, keys, step, done)
        more = changes.more
    return report


def recompute(lake: Lake, stage: str, keys: pl.DataFrame, step: Step) -> StageReport:
    """Hand all `keys` to `step`, whatever has changed: a rebuild."""
    report = StageReport(stage)
    for part in keys.iter_slices(KEYS_A_TRANSACTION):
        report += _in_one_transaction(lake, stage, part, step, None)
    return report


def _in_one_transaction(lake: Lake, stage: str, keys: pl.DataFrame, step: Step, done: int | None) -> StageReport:
    started = time.monotonic()
    with lake.transaction() as transaction:
        report = step(transaction, keys)
        if done is not None:
            advance(transaction, stage, done)
    return replace(report, seconds=time.monotonic() - started)


def replace_changed(transaction: Transaction, table: Table, keys: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Put `rows` in the place of those that match `keys`, touching only keys whose rows differ.

    Returns the rows that went and the rows that came: what the next stage has to look at.
    """
    new = rows.select(table.column_names)
    old = rows_of(transaction, table, keys).cast(new.schema)
    marked = pl.concat([_marked(old, "old"), _marked(new, "new")])
    counts = marked.group_by("content").agg(pl.col("side").n_unique().alias("sides"))
    differing = marked.join(counts.filter(pl.col("sides") == 1), on="content", how="semi").drop("content")
    touched = differing.select(keys.columns).unique(maintain_order=True)
    came = new.join(touched, on=keys.columns, how="semi", maintain_order="left")
    transaction.replace(table, touched, came)
    return differing.select(table.column_names)


def rows_of(transaction: Transaction, table: Table, keys: pl.DataFrame) -> pl.DataFrame:
    """The rows that match `keys` on all its columns; the days and starts in it bound the scan."""
    columns = ", ".join(keys.columns)
    return transaction.query(
        f"SELECT {', '.join(table.column_names)} FROM {table.name} SEMI JOIN wanted USING ({columns}) "
        f"WHERE {bounded(keys)}",
        wanted=keys,
    )


def _marked(rows: pl.DataFrame, side: str) -> pl.DataFrame:
    content = pl.struct(pl.all()).struct.json_encode()
    return rows.with_columns(content=content, side=pl.lit(side))
