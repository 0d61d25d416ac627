"""The change feed between stages: what a commit touched, and how far each stage has read.

A stage notes what it touched in the transaction that writes it, and moves its own mark in the transaction that writes
what follows from it: a run that dies between the two is simply continued. Belongs here: reading, noting, advancing.
Does not: what a stage does with a change.
"""

from dataclasses import dataclass

import polars as pl

from retrace_core.tables import CHANGES, PROGRESS
from retrace_resources.lake import Lake, Transaction

_KEYS = ("project_id", "environment_id", "day", "started_at", "key")


@dataclass(frozen=True)
class Changes:
    """What a stage has not yet read: one row a touched key, the last commit they come from, and whether more follow."""

    rows: pl.DataFrame
    commit_no: int
    more: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return not self.rows.is_empty()


def read_changes(reader: Lake | Transaction, stage: str, source: str, limit: int = 500) -> Changes:
    """List what changed in table `source` since `stage` last advanced: whole commits, about `limit` keys of them.

    Columns: project_id, environment_id, day, started_at, key. The oldest commit is taken whole, however large.
    """
    rows = reader.query(
        # The rank of a row counts the rows of earlier commits.
        "SELECT * FROM changes WHERE source = ? AND commit_no > ? "
        "QUALIFY rank() OVER (ORDER BY commit_no) <= ? ORDER BY commit_no",
        [source, _read_until(reader, stage), limit],
    )
    newest = rows["commit_no"].max() if rows.height else 0
    return Changes(
        rows.select(_KEYS).unique(maintain_order=True),
        commit_no=int(newest) if isinstance(newest, int) else 0,
        more=rows.height >= limit,
    )


def _read_until(reader: Lake | Transaction, stage: str) -> int:
    # A query of its own: only a constant lets files of changes that were read be skipped.
    return int(reader.query("SELECT max(commit_no) FROM progress WHERE stage = ?", [stage]).item() or 0)


def note_changes(transaction: Transaction, source: str, keys: pl.DataFrame) -> None:
    """Say which keys of table `source` this transaction touched; day and started_at may be null."""
    touched = keys.select(_KEYS).unique(maintain_order=True)
    transaction.append(
        CHANGES, touched.with_columns(commit_no=pl.lit(transaction.commit_no, pl.Int64), source=pl.lit(source))
    )


def advance(transaction: Transaction, stage: str, commit_no: int) -> None:
    """Remember that `stage` has read the changes up to `commit_no`; a run that was overtaken moves nothing back."""
    known = transaction.query("SELECT coalesce(max(commit_no), 0) FROM progress WHERE stage = ?", [stage]).item()
    if commit_no <= known:
        return
    transaction.replace(
        PROGRESS,
        pl.DataFrame({"stage": [stage]}),
        pl.DataFrame({"stage": [stage], "commit_no": [commit_no]}, schema_overrides={"commit_no": pl.Int64}),
    )


def forget_read_changes(transaction: Transaction, readers: dict[str, str]) -> None:
    """Drop the changes that every reader has read; `readers` maps stage to the table it reads."""
    for source in set(readers.values()):
        stages = [stage for stage, read in readers.items() if read == source]
        transaction.execute(
            "DELETE FROM changes WHERE source = ? AND commit_no <= (SELECT min(coalesce(progress.commit_no, 0)) "
            "FROM unnest(?) AS reader(stage) LEFT JOIN progress USING (stage))",
            [source, stages],
        )
