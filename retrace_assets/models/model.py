"""A model: one SELECT in a file whose comment header says what it is, and the checks it must pass.

Belongs here: reading the files, what they refer to, their order. Does not: running them (`run`), Dagster (`assets`).

    -- description: What a person finds in it.
    -- grain: one row a …
    -- owners: team:analysts
    -- column: incident_id: What the column says.
    -- test: unique(project_id, environment_id, incident_id)
    -- test: accepted(status: new, ongoing)
    SELECT …

A line that is indented goes on with the one before. Further tests are files of their own,
`tests/<model>__<name>.sql`: a SELECT of rows that should not be there, its first comment saying why.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb

from retrace_assets.models.syntax import Query, parse
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.tables import TABLES

FOLDER = Path(__file__).resolve().parents[2] / "dbt_like_sql"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY = re.compile(r"-- (\w+):\s*(.*)")
_GOES_ON = re.compile(r"--  +(.*)")
_COLUMN = re.compile(r"([a-z][a-z0-9_]*):\s*(.+)")
_TEST = re.compile(r"(unique|not_null|accepted)\(([^()]+)\)")
_WORDS = ("description", "grain", "owners", "column", "test")
# Part of nearly every key, so they say nothing in the name of a check.
_TENANT = ("project_id", "environment_id")


@dataclass(frozen=True, slots=True)
class Check:
    """A promise about a model: a query of the rows that break it. Those of `tests/` only warn."""

    name: str
    description: str
    sql: str
    blocking: bool


@dataclass(frozen=True)
class Model:
    """A model as its file says it; `refs` are the tables and models it reads."""

    name: str
    description: str
    grain: str
    owners: tuple[str, ...]
    columns: Mapping[str, str]
    checks: tuple[Check, ...]
    refs: tuple[str, ...]
    code_version: str
    sql: str


def load_models(folder: Path = FOLDER) -> tuple[Model, ...]:
    """Read every model of a folder, each after those it reads; raises `model_invalid` with file and reason.

    Only parses, with DuckDB, which the lake has loaded anyway: every run of the pipeline pays for this.
    """
    with closing(duckdb.connect(config={"autoinstall_known_extensions": "false"})) as parser:
        models = {path.stem: _read_model(parser, path) for path in sorted(folder.glob("*.sql"))}
        for path in sorted((folder / "tests").glob("*.sql")):
            _add_test(parser, path, models)
    known = {*TABLES, *models}
    for model in models.values():
        _require_known(folder / f"{model.name}.sql", model.refs, known)
    try:
        order = TopologicalSorter({name: set(model.refs) & set(models) for name, model in models.items()})
        return tuple(models[name] for name in order.static_order())
    except CycleError as error:
        raise _invalid(folder, f"models read each other: {' → '.join(error.args[1])}") from error


def with_upstream(models: Iterable[Model], names: Iterable[str]) -> Iterator[Model]:
    """Those of `models` that are named or read by one that is, in the order given (which is that of `load_models`)."""
    by_name = {model.name: model for model in models}
    wanted: set[str] = set()
    todo = [name for name in names if name in by_name]
    while todo:
        name = todo.pop()
        wanted.add(name)
        todo += [ref for ref in by_name[name].refs if ref in by_name and ref not in wanted]
    return (model for name, model in by_name.items() if name in wanted)


def _read_model(parser: duckdb.DuckDBPyConnection, path: Path) -> Model:
    if not _NAME.fullmatch(path.stem) or "__" in path.stem or path.stem in TABLES:
        raise _invalid(path, "a model is named in lower case, without '__', and not as a table of the lake")
    text = path.read_text("utf-8")
    header = _header(path, text)
    columns = dict(_column(path, line) for line in header["column"])
    checks = tuple(_check(path, columns, line) for line in header["test"])
    if len({check.name for check in checks}) < len(checks):
        raise _invalid(path, "two tests say the same")
    query = _parse(parser, path, text)
    return Model(
        name=path.stem,
        description=" ".join(header["description"]),
        grain=" ".join(header["grain"]),
        owners=tuple(owner.strip() for line in header["owners"] for owner in line.split(",")),
        columns=columns,
        checks=checks,
        refs=tuple(sorted(query.tables)),
        code_version=query.code_version,
        sql=_body(text),
    )


def _add_test(parser: duckdb.DuckDBPyConnection, path: Path, models: dict[str, Model]) -> None:
    """Add a file of `tests/` to its model's checks."""
    of, _, name = path.stem.partition("__")
    if of not in models or not _NAME.fullmatch(name):
        raise _invalid(path, "a test is named <model>__<name>.sql", hint=_nearest(of, models))
    text = path.read_text("utf-8")
    query = _parse(parser, path, text)
    _require_known(path, query.tables, {*TABLES, *models})
    why = " ".join(line.removeprefix("--").strip() for line in _comments(text)) or name.replace("_", " ")
    check = Check(name, why, _body(text), blocking=False)
    model = models[of]
    models[of] = Model(**{**vars(model), "checks": (*model.checks, check)})


def _parse(parser: duckdb.DuckDBPyConnection, path: Path, text: str) -> Query:
    try:
        return parse(parser, text)
    except RetraceError as error:
        raise _invalid(path, error.detail, hint=error.hint) from error


def _header(path: Path, text: str) -> dict[str, list[str]]:
    """The entries of the header by their word; lines that go on are joined."""
    header: dict[str, list[str]] = {word: [] for word in _WORDS}
    latest: list[str] = []
    for line in _comments(text):
        if entry := _ENTRY.fullmatch(line):
            if entry[1] not in header:
                raise _invalid(path, f"the header knows no `-- {entry[1]}:`", hint=_nearest(entry[1], header))
            latest = header[entry[1]]
            latest.append(entry[2])
        elif latest and (goes_on := _GOES_ON.fullmatch(line)):
            latest[-1] += f" {goes_on[1]}"
    missing = [word for word, lines in header.items() if not lines]
    if missing:
        raise _invalid(path, f"the header has no `-- {missing[0]}:`", hint="see any file of dbt_like_sql/")
    return header


def _comments(text: str) -> Iterator[str]:
    """The comment lines a file begins with."""
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line.rstrip()


def _body(text: str) -> str:
    """A file's SQL without its header."""
    lines = text.splitlines()
    header = sum(1 for _ in _comments(text))
    return "\n".join(lines[header:]).strip().rstrip(";")


def _column(path: Path, line: str) -> tuple[str, str]:
    match = _COLUMN.fullmatch(line)
    if match is None:
        raise _invalid(path, f"expected `-- column: name: what it says`, found `{line}`")
    return match[1], match[2]


def _check(path: Path, columns: Mapping[str, str], line: str) -> Check:
    match = _TEST.fullmatch(line)
    if match is None:
        raise _invalid(path, f"expected unique(…), not_null(…) or accepted(column: value, …), found `{line}`")
    kind, inside = match.groups()
    names, _, values = inside.partition(":")
    on = [name.strip() for name in names.split(",")]
    for name in on:
        if name not in columns:
            raise _invalid(path, f"{kind}() names the column `{name}`", hint=_nearest(name, columns))
    sql = _check_sql(path, kind, on, [value.strip() for value in values.split(",") if value.strip()])
    named_after = [name for name in on if name not in _TENANT] or on
    return Check("_".join((kind, *named_after)), line, sql, blocking=True)


def _check_sql(path: Path, kind: str, on: list[str], values: list[str]) -> str:
    listed = ", ".join(on)
    rows = f"SELECT {listed} FROM {path.stem}"
    match kind, values:
        case "unique", []:
            return f"{rows} GROUP BY {listed} HAVING count(*) > 1"
        case "not_null", []:
            return f"{rows} WHERE {' OR '.join(f'{name} IS NULL' for name in on)}"
        case "accepted", [_, *_] if len(on) == 1:
            quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
            return f"{rows} WHERE {listed} NOT IN ({quoted})"
    raise _invalid(path, f"{kind}() cannot be read: unique(a, b), not_null(a, b), accepted(a: x, y)")


def _require_known(path: Path, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise _invalid(path, f"there is no table or model `{name}`", hint=_nearest(name, known))


def _nearest(name: str, known: Iterable[str]) -> str:
    found = get_close_matches(name, known, n=1)
    return f"did you mean `{found[0]}`?" if found else ""


def _invalid(path: Path, detail: str, hint: str = "") -> RetraceError:
    return RetraceError(ErrorCode.MODEL_INVALID, f"{path.parent.name}/{path.name}: {detail}", hint)
