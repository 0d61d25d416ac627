"""`retrace sql`: ask the lake a question."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrace_app.actions.sql import Answer, Value, ask
from retrace_app.cli.messages import console, notice, printable
from retrace_app.cli.options import ConfigOption, read_settings
from retrace_core.errors import ErrorCode, RetraceError

app = typer.Typer(add_completion=False)

# More rows than this nobody reads on a screen; programs get all of them.
ROWS_SHOWN = 1_000
CELL_WIDTH = 80

_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*")
# What JSON leaves as it is and a terminal would act on: DEL, C1 and bidirectional controls, line separators.
_ACTING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command("sql")
def run(
    query: Annotated[
        str | None, typer.Argument(help="One SELECT, or DESCRIBE, SHOW TABLES, SUMMARIZE, EXPLAIN.")
    ] = None,
    *,
    file: Annotated[Path | None, typer.Option(help="Read the query from this file; - is standard input.")] = None,
    format: Annotated[Format, typer.Option(help="How to write the answer.")] = Format.TABLE,  # noqa: A002 - its flag
    limit: Annotated[
        int | None, typer.Option(help="Rows to write; 0 is all.", min=0, show_default="1000 as a table, else all")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Ask one question in SQL (DuckDB's) over what Retrace has recorded and found; it can only read.

    Tables and models go by their names: `retrace sql "SHOW TABLES"`, `retrace sql "DESCRIBE incident_impact"`.
    """
    sql = _sql(query, file)
    settings = read_settings(config)
    started = perf_counter()
    with ask(settings.home, sql) as answer:
        most = limit if limit is not None else (ROWS_SHOWN if format is Format.TABLE else 0)
        written = _write(answer, format, islice(answer.rows, most or None))
        more = bool(most) and next(answer.rows, None) is not None
    rows = "1 row" if written == 1 else f"{written:,} rows"
    notice(f"{'the first ' if more else ''}{rows} in {perf_counter() - started:.2f} s{'; --limit 0 for all' * more}")


def _sql(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise typer.BadParameter("give a query, or a file with one by --file")
    if file is None:
        return query or ""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise RetraceError(ErrorCode.INVALID_SQL, f"{file}: {error}") from error


def _write(answer: Answer, form: Format, rows: Iterable[list[Value]]) -> int:
    """Write an answer to stdout; returns how many rows."""
    match form:
        case Format.JSON:
            return _write_json(answer.columns, rows)
        case Format.CSV:
            return _write_csv(answer.columns, rows)
        case Format.TABLE:
            return _write_table(answer, rows)


def _write_json(columns: tuple[str, ...], rows: Iterable[list[Value]]) -> int:
    """An array of objects, one a line."""
    count = 0
    for row in rows:
        sys.stdout.write(",\n" if count else "[\n")
        sys.stdout.write(_json(dict(zip(columns, row, strict=True))))
        count += 1
    sys.stdout.write("\n]\n" if count else "[]\n")
    return count


def _write_csv(columns: tuple[str, ...], rows: Iterable[list[Value]]) -> int:
    """RFC 4180: a header line, CRLF, quotes where needed; null is empty, nested values are JSON.

    Written exactly, so a cell that begins with = stays one: spreadsheets are to import it as text.
    """
    out = csv.writer(sys.stdout, lineterminator="\r\n")
    shown = printable if sys.stdout.isatty() else str
    out.writerow(shown(name) for name in columns)
    count = 0
    for row in rows:
        out.writerow(None if value is None else shown(_text(value)) for value in row)
        count += 1
    return count


def _write_table(answer: Answer, rows: Iterable[list[Value]]) -> int:
    if answer.columns == ("explain_key", "explain_value"):
        return _write_plan(rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        justify = "right" if _NUMBER.fullmatch(kind) else "left"
        table.add_column(Text(_cut(name)), justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    count = 0
    for row in rows:
        table.add_row(*_cells(row))
        count += 1
    console().print(table)
    return count


def _write_plan(rows: Iterable[list[Value]]) -> int:
    """A query plan is drawn over many lines: a table would cut it."""
    plans = [printable(str(value)) for _, value in rows]
    console().print(Text("\n".join(plans)), soft_wrap=True)
    return len(plans)


def _cells(row: list[Value]) -> Iterator[Text]:
    for value in row:
        yield Text("null", style="dim") if value is None else Text(_cut(_text(value)))


def _cut(text: str) -> str:
    """Text on one line, no wider than a cell."""
    short = text[:CELL_WIDTH] if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"
    return printable(re.sub(r"[\n\r\t]", " ", short))


def _text(value: Value) -> str:
    """A value as a cell shows it."""
    return value if isinstance(value, str) else _json(value)


def _json(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
