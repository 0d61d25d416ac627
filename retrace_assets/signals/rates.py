"""Whether a detector finds as much as it used to: a rule gone deaf, or one that cries wolf.

Belongs here: the comparison. Does not: counting (checks), or any detector.
"""

from datetime import date
from typing import Final

import polars as pl

# Days and sessions a history needs to say anything.
ENOUGH_DAYS: Final = 3
ENOUGH_SESSIONS: Final = 50
# A rate is unusual when it is this many times the expected one, or that part of it …
TIMES: Final = 3.0
# … and further away than chance: standard deviations of a count, whose variance is its mean.
DEVIATIONS: Final = 4.0


def compare_rates(signals: pl.DataFrame, sessions: pl.DataFrame, day: date) -> pl.DataFrame:
    """Compare what each detector found on a day with the days before it.

    `signals` has detector, day, signals; `sessions` has day, sessions. Returns detector, sessions, found, expected
    (null without enough history), unusual; one row a detector.
    """
    history = sessions.filter(pl.col("day") < day, pl.col("sessions") > 0)
    enough = history.height >= ENOUGH_DAYS and history["sessions"].sum() >= ENOUGH_SESSIONS
    today = int(sessions.filter(pl.col("day") == day)["sessions"].sum())
    counted = signals.group_by("detector", maintain_order=True).agg(
        found=pl.col("signals").filter(pl.col("day") == day).sum(),
        before=pl.col("signals").filter(pl.col("day").is_in(history["day"].implode())).sum(),
    )
    expected = pl.col("before") / history["sessions"].sum() * today if enough else pl.lit(None, pl.Float64)
    return counted.with_columns(sessions=pl.lit(today), expected=expected).select(
        "detector", "sessions", "found", "expected", unusual=_is_unusual().fill_null(value=False)
    )


def _is_unusual() -> pl.Expr:
    found, expected = pl.col("found"), pl.col("expected")
    far = (found - expected).abs() > DEVIATIONS * pl.max_horizontal(expected, pl.lit(1.0)).sqrt()
    return far & ((found > TIMES * expected) | (found * TIMES < expected))
