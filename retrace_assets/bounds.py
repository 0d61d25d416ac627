"""Bounds of look-ups: constants that let the lake skip what belongs to other days and other sessions.

A join alone reads everything. Belongs here: the condition. Does not: the queries it stands in.
"""

from datetime import date, datetime, timedelta

import polars as pl

# Starts that are this close are bounded as one span: to compare each row with 500 of them costs 55 ms, as much as
# reading half a million rows. Farther apart, one session that began hours ago would have all that came since read.
_ONE_SPAN = timedelta(minutes=10)


def bounded(rows: pl.DataFrame, table: str = "") -> str:
    """A condition in SQL on `day` and `started_at` of `table`, as far as `rows` have them: it holds for all of theirs.

    Meant for some hundreds of rows at most; without rows nothing matches.
    """
    if rows.is_empty():
        return "false"
    prefix = f"{table}." if table else ""
    conditions = []
    if "day" in rows.columns:
        conditions.append(f"{prefix}day IN ({_literals(rows['day'])})")
    if "started_at" in rows.columns:
        conditions += _starts(rows["started_at"], f"{prefix}started_at")
    return " AND ".join(conditions) or "true"


def _starts(starts: pl.Series, column: str) -> list[str]:
    distinct = starts.unique().sort()
    first, last = distinct[0], distinct[-1]
    conditions = [f"{column} BETWEEN {_literal(first)} AND {_literal(last)}"]
    if last - first > _ONE_SPAN:
        conditions.append(f"{column} IN ({_literals(distinct)})")
    return conditions


def _literals(values: pl.Series) -> str:
    return ", ".join(map(_literal, values.unique().sort()))


def _literal(value: date | datetime) -> str:
    return f"TIMESTAMP '{value.isoformat(sep=' ')}'" if isinstance(value, datetime) else f"DATE '{value.isoformat()}'"
