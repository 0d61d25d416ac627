"""Bugs that people have split: some signals of a fingerprint get another one.

Belongs here: what a split decision means for rows of `signals`. Does not: the decision (actions), or fingerprints that
were merged and part again (retrace_assets.issues.merges).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from retrace_assets.versions import Bug, Versions
from retrace_core.ids import public_id
from retrace_resources.state import Decision

# What signals can be told apart by, as an expression over rows of `signals`.
PARTS: Final[Mapping[str, pl.Expr]] = {
    "route": pl.col("route"),
    "target": pl.col("target"),
    "message": pl.coalesce("template", "message"),
    "detector": pl.col("detector"),
}
# A consequence goes where its cause goes, unless it is the detector that tells them apart.
_BY_CAUSE: Final = frozenset(PARTS) - {"detector"}

_TENANT: Final = ("project_id", "environment_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Signals of `fingerprint` whose part `by` is not `keep`, or the `signals` named, are bugs of their own.

    `fingerprint` and `version` are those it was decided under, which also name what is split off; `names` are all that
    the bug goes or went by.
    """

    project_id: str
    environment_id: str
    fingerprint: str
    version: int
    names: frozenset[str]
    by: str = ""
    keep: str = ""
    signals: frozenset[str] = frozenset()

    def fingerprint_of(self, part: str) -> str:
        """The fingerprint of signals that are split off, by their part; of named ones, by which they are."""
        names = sorted(self.signals) if self.signals else [self.by, part]
        return public_id("fp_", str(self.version), "split", self.fingerprint, *names)


def splits_of(decisions: Iterable[Decision]) -> list[Split]:
    """The splits among decisions, in the order they were taken; later ones may split what came of earlier ones."""
    found = []
    for decision in decisions:
        by, signals = str(decision.payload.get("by", "")), decision.payload.get("signals", ())
        if decision.kind == "split" and (by in PARTS or signals):
            found.append(
                Split(
                    project_id=decision.project_id,
                    environment_id=decision.environment_id,
                    fingerprint=decision.fingerprint,
                    version=decision.fingerprint_version,
                    names=frozenset([decision.fingerprint]),
                    by=by,
                    keep=str(decision.payload.get("keep", "")),
                    signals=frozenset(map(str, signals)),
                )
            )
    return found


def splits_now(splits: Iterable[Split], versions: Versions) -> list[Split]:
    """Splits that hold for every name of the bugs they are about, whatever version they were decided under."""
    found = []
    for split in splits:
        now = versions.now(Bug(split.project_id, split.environment_id, split.fingerprint))
        names = frozenset(name.fingerprint for name in versions.names(now))
        found.append(replace(split, names=names | {split.fingerprint}))
    return found


def split_signals(signals: pl.DataFrame, splits: Sequence[Split]) -> pl.DataFrame:
    """Give rows of `signals` the fingerprints that splits come to, one split after the other.

    The rows of a session are given whole, or those of one fingerprint: a cause and what follows from it share it.
    """
    tenants = set(signals.select(_TENANT).unique().iter_rows()) if splits else set()
    for split in splits:
        if (split.project_id, split.environment_id) in tenants:
            signals = _split(signals, split)
    return signals


def part_of(signals: pl.DataFrame, by: str) -> pl.Series:
    """The part of each signal: its own, or that of the first cause in its chain among these rows; none is empty."""
    own = signals.select(_part=PARTS[by].fill_null("")).to_series()
    if by not in _BY_CAUSE or not signals["cause"].is_not_null().any():
        return own
    parts: dict[str, str] = dict(zip(signals["signal_id"], own, strict=True))
    causes: dict[str, Any] = dict(zip(signals["signal_id"], signals["cause"], strict=True))
    return pl.Series("_part", [parts[_first(name, causes)] for name in signals["signal_id"]], dtype=pl.String)


def _first(signal: str, causes: Mapping[str, str | None]) -> str:
    # Ends, since a cause comes before its consequence.
    while (cause := causes[signal]) is not None and cause in causes:
        signal = cause
    return signal


def _split(signals: pl.DataFrame, split: Split) -> pl.DataFrame:
    concerned = (
        (pl.col("project_id") == split.project_id)
        & (pl.col("environment_id") == split.environment_id)
        & pl.col("fingerprint").is_in(split.names)
    )
    rows = signals.with_row_index("_row").filter(concerned)
    if rows.is_empty():
        return signals
    if split.signals:
        moved = rows.filter(pl.col("signal_id").is_in(split.signals)).with_columns(_part=pl.lit(""))
    else:
        moved = rows.with_columns(part_of(rows, split.by)).filter(pl.col("_part") != split.keep)
    names = {part: split.fingerprint_of(part) for part in moved["_part"].unique()}
    renamed = moved.select("_row", _new=pl.col("_part").replace_strict(names, return_dtype=pl.String))
    return (
        signals.with_row_index("_row")
        .join(renamed, on="_row", how="left", maintain_order="left")
        .with_columns(fingerprint=pl.coalesce("_new", "fingerprint"))
        .drop("_row", "_new")
    )
