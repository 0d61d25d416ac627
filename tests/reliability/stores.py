"""Everything that is written down under a home, as text.

Belongs here: reading each store by its own means, since bytes on the disk are compressed or cut into pages. Does not:
what is looked for.
"""

import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from retrace_resources.lake import Lake

_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])")


def everything_written(home: Path) -> Iterator[tuple[str, str]]:
    """Yield where and what: the bytes of every file, every cell of every SQLite file, every column of the lake.

    Characters that JSON writes as escapes are written plainly: what is hidden so is there all the same.
    """
    for where, text in _stored(home):
        yield where, _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)


def _stored(home: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        where, data = str(path.relative_to(home)), path.read_bytes()
        yield where, data.decode("utf-8", "replace")
        if data.startswith(b"SQLite format 3\0"):
            yield from _sqlite(where, path)
    with Lake(home) as lake:
        yield from _lake(lake)


def _sqlite(where: str, path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in connection.execute(f'SELECT * FROM "{table.decode()}"'):
                yield f"{where}:{table.decode()}", " ".join(map(_text, row))


def _text(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    # Dagster compresses what it keeps of a run.
    with suppress(zlib.error):
        value = zlib.decompress(value)
    return value.decode("utf-8", "replace")


def _lake(lake: Lake) -> Iterator[tuple[str, str]]:
    tables = lake.query("SELECT table_name FROM ducklake_table_info('lake') ORDER BY table_name")[
        "table_name"
    ].to_list()
    for table in tables:
        for column in lake.query(f"DESCRIBE {table}")["column_name"].to_list():
            values = lake.query(f'SELECT "{column}"::VARCHAR AS text FROM {table} WHERE "{column}" IS NOT NULL')["text"]
            yield f"lake:{table}.{column}", "\n".join(values.to_list())
