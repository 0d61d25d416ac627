"""What a table of the lake is: its columns with types and meaning, and how its rows come to be.

DDL and Arrow schemas come from here. Belongs here: the shape of a table. Does not: the tables (tables.py).
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import pyarrow as pa


class Kind(Enum):
    """How a table's rows come to be (DESIGN §4.2)."""

    FACTS = "facts"
    DERIVED = "derived"
    LEDGER = "ledger"


TENANT = """
project_id VARCHAR Project the row belongs to.
environment_id VARCHAR Environment within the project.
"""
"""The columns every table of a tenant begins with, for `read_columns`."""

_ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: DuckDB type and the sentence a person reads."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """A table: its columns in order, its kind, the columns it is sorted by, and whether its files are kept by day."""

    name: str
    kind: Kind
    description: str
    columns: tuple[Column, ...]
    sorted_by: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    daily: bool = True

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Column names in table order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the table's rows."""
        return pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in self.columns])

    @property
    def ddl(self) -> str:
        """`CREATE TABLE` for DuckDB."""
        columns = ", ".join(f"{column.name} {column.type}" for column in self.columns)
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({columns})"


def read_columns(text: str) -> tuple[Column, ...]:
    """Read `name TYPE description` lines."""
    return tuple(Column(*line.split(None, 2)) for line in text.strip().splitlines())
