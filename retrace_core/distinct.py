"""Applying a function of one text to a column: each distinct text once.

Belongs here: that. Does not: the functions (parametrise).
"""

from collections.abc import Callable

import polars as pl


def map_distinct(values: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    """Apply a function of one text to each distinct text once; null stays null."""
    distinct = values.drop_nulls().unique()
    results = pl.Series([function(text) for text in distinct], dtype=pl.String)
    return values.replace_strict(distinct, results, default=None, return_dtype=pl.String)
