"""Building models: each computed as a whole, put into its table in one short transaction, then checked.

Belongs here: the order of things and what stops what. Does not: what a model says (`model`), Dagster (`assets`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter

import duckdb
import polars as pl

from retrace_assets.models.model import Check, Model
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.lake import Lake, Transaction

Columns = Mapping[str, str]


@dataclass(frozen=True)
class Built:
    """A model that was written: its rows, columns with DuckDB types, commit, and how many rows break each check."""

    model: Model
    rows: pl.DataFrame
    columns: Columns
    commit_no: int
    seconds: float
    broken: Mapping[str, int]

    @property
    def is_sound(self) -> bool:
        """Whether models that read this one may be built on it."""
        return not any(check.blocking and self.broken[check.name] for check in self.model.checks)


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """A model that was left as it was, and why."""

    model: Model
    why: str


def build_models(lake: Lake, models: Iterable[Model]) -> Iterator[Built | NotBuilt]:
    """Build models in the order given; one that fails, or breaks its checks, stops only those that read it."""
    unsound: set[str] = set()
    for model in models:
        result = _build_unless(unsound, lake, model)
        if isinstance(result, NotBuilt) or not result.is_sound:
            unsound.add(model.name)
        yield result


def _build_unless(unsound: set[str], lake: Lake, model: Model) -> Built | NotBuilt:
    if stopped_by := sorted(unsound & set(model.refs)):
        return NotBuilt(model, f"it reads {', '.join(stopped_by)}, which could not be built or broke its checks")
    try:
        return build_model(lake, model)
    except RetraceError as error:
        return NotBuilt(model, str(error))
    except duckdb.Error as error:
        return NotBuilt(model, _without_values(model, error))


def _without_values(model: Model, error: duckdb.Error) -> str:
    """What DuckDB says, unless it quotes rows: this is shown where no text of a page may be."""
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return str(error)
    return f"{type(error).__name__}; `retrace sql --file dbt_like_sql/{model.name}.sql` shows the value"


def build_model(lake: Lake, model: Model) -> Built:
    """Compute a model, put it in the place of what its table held, and count the rows that break its checks.

    Raises `model_invalid` when the header does not name the columns of the SELECT.
    """
    started = perf_counter()
    columns = _columns_of_query(lake, model)
    rows = lake.query(model.sql)
    with lake.transaction() as transaction:
        _make_room(transaction, model.name, columns)
        transaction.execute(f"INSERT INTO {model.name} SELECT * FROM computed", computed=rows)
        commit_no = transaction.commit_no
    broken = {check.name: _count(lake, check) for check in model.checks}
    return Built(model, rows, columns, commit_no, perf_counter() - started, broken)


def _columns_of_query(lake: Lake, model: Model) -> Columns:
    described = lake.query(f"DESCRIBE {model.sql}")
    columns = dict(described.select("column_name", "column_type").rows())
    if list(columns) != list(model.columns):
        found, said = list(columns), list(model.columns)
        odd = next((name for name in (*found, *said) if (name in found) != (name in said)), "their order")
        raise RetraceError(
            ErrorCode.MODEL_INVALID, f"{model.name}: header and SELECT do not name the same columns: {odd}"
        )
    return columns


def _make_room(transaction: Transaction, name: str, columns: Columns) -> None:
    """Empty the model's table, or make it anew when its columns have changed.

    Making it anew each time would add a table to the catalog for ever, and every other process would read the
    catalog again: measured at twice the time of emptying it.
    """
    stored = transaction.query(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'lake' AND table_name = ? "
        "ORDER BY column_index",
        [name],
    )
    if dict(stored.rows()) == columns:
        transaction.execute(f"DELETE FROM {name}")
    else:
        listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        transaction.execute(f"CREATE OR REPLACE TABLE {name} ({listed})")


def _count(lake: Lake, check: Check) -> int:
    return int(lake.query(f"SELECT count(*) FROM ({check.sql})").item())
