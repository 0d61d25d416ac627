"""`retrace sql`: exit code, stdout and stderr of the three forms, with text that would like to act on the terminal."""

import csv
import io
import json
from pathlib import Path

import pytest

from retrace_app.cli import main
from retrace_resources.lake import Lake

HOSTILE = "[bold red]Save[/]\x1b[31m\x07\u202e=1+1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty lake."""
    home = tmp_path_factory.mktemp("home")
    with Lake(home) as lake:
        lake.snapshot_id()
    return home


@pytest.fixture(autouse=True)
def where(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without configuration; the home is named by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETRACE_HOME", str(home))


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `retrace sql …`."""
    code = main(["sql", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_table_has_numbers_at_the_right_and_its_size_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "SELECT * FROM (VALUES ('tea', 1, NULL), ('coffee', 12, [1, 2])) AS t(name, n, list)")

    assert code == 0
    assert [line.rstrip() for line in out.splitlines()] == [
        "name     n  list",
        "tea      1  null",
        "coffee  12  [1, 2]",
    ]
    assert err.startswith("2 rows in ")


def test_a_table_shows_hostile_text_harmless_on_one_line_and_cut(capsys: pytest.CaptureFixture[str]) -> None:
    text = HOSTILE + "\nnext\tline " + "x" * 200
    code, out, _ = ask(capsys, f"SELECT '{text}' AS \"[red]name\x1b\"")

    heading, row = out.splitlines()
    assert code == 0
    assert heading.startswith("[red]name\ufffd")
    assert row.startswith("[bold red]Save[/]\ufffd[31m\ufffd\ufffd=1+1 next line xxx")
    assert row.rstrip().endswith("x…")
    assert len(row.rstrip()) <= 80


def test_json_is_an_array_of_objects_with_real_values(capsys: pytest.CaptureFixture[str]) -> None:
    sql = f"SELECT '{HOSTILE}\x9b\u2028é' AS text, {{'at': TIMESTAMP '2026-11-20 12:00:00'}} AS s FROM range(2)"
    code, out, err = ask(capsys, sql, "--format", "json")

    assert code == 0
    assert json.loads(out) == [{"text": f"{HOSTILE}\x9b\u2028é", "s": {"at": "2026-11-20T12:00:00Z"}}] * 2
    assert not any(character in out for character in "\x1b\x07\u202e\x9b\u2028")
    assert "é" in out
    assert err.startswith("2 rows in ")


def test_json_of_no_rows_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "FROM incidents", "--format", "json")

    assert (code, json.loads(out)) == (0, [])
    assert err.startswith("0 rows in ")


def test_csv_is_rfc_4180_and_says_exactly_what_was_stored(capsys: pytest.CaptureFixture[str]) -> None:
    sql = f"SELECT 'a \"b\", c\nd' AS text, NULL AS none, [1, 2] AS list, true AS yes, '{HOSTILE}' AS hostile"
    code, out, _ = ask(capsys, sql, "--format", "csv")

    assert code == 0
    assert out.startswith("text,none,list,yes,hostile\r\n")
    assert '"a ""b"", c\nd",,"[1, 2]",true,' in out
    assert out.endswith("\r\n")
    assert list(csv.reader(io.StringIO(out, newline="")))[1] == ['a "b", c\nd', "", "[1, 2]", "true", HOSTILE]


@pytest.mark.parametrize(
    ("arguments", "rows", "note"),
    [
        (["--format", "csv"], 1_500, "1,500 rows in "),
        (["--format", "csv", "--limit", "2"], 2, "the first 2 rows in "),
        (["--format", "csv", "--limit", "1500"], 1_500, "1,500 rows in "),
        ([], 1_000, "the first 1,000 rows in "),
        (["--limit", "0"], 1_500, "1,500 rows in "),
    ],
)
def test_a_cut_answer_says_so(capsys: pytest.CaptureFixture[str], arguments: list[str], rows: int, note: str) -> None:
    code, out, err = ask(capsys, "FROM range(1500)", *arguments)

    assert code == 0
    assert len(out.splitlines()) == rows + 1
    assert err.startswith(note)
    assert ("--limit 0" in err) == ("first" in note)


def test_a_plan_is_drawn_over_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "EXPLAIN FROM incidents")

    assert code == 0
    assert "┌" in out
    assert len(out.splitlines()) > 3


def test_a_query_comes_from_a_file_or_from_standard_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "question.sql").write_text("-- how many\nSELECT 42 AS answer;\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 43 AS answer"))

    for file, answer in (("question.sql", 42), ("-", 43)):
        code, out, _ = ask(capsys, "--file", file, "--format", "json")
        assert (code, json.loads(out)) == (0, [{"answer": answer}])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "give a query, or a file"),
        (["SELECT 1", "--file", "x.sql"], 2, "give a query, or a file"),
        (["SELECT 1", "--format", "xml"], 2, "xml"),
        (["SELECT 1", "--limit", "-1"], 2, "'--limit'"),
        (["--file", "nowhere.sql"], 1, "error[invalid_sql]: nowhere.sql"),
        (["FROM incident"], 1, "hint: did you mean incidents?"),
        (["DROP TABLE incidents"], 1, "error[sql_not_read_only]"),
        ([f"SELECT '{HOSTILE}'::INT"], 1, "error[invalid_sql]"),
        (["SELECT '\udcff'"], 1, "error[invalid_sql]"),
    ],
)
def test_what_cannot_be_answered_leaves_stdout_empty(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    found, out, err = ask(capsys, *arguments)

    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    assert "\x1b[31m" not in err


def test_a_home_without_a_lake_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRACE_HOME", str(tmp_path / "new"))

    code, out, err = ask(capsys, "FROM incidents")

    assert (code, out) == (1, "")
    assert "error[lake_not_found]" in err
    assert "hint: run `retrace up`" in err
