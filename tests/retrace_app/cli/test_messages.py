"""How a run ends: exit code, stdout and stderr together."""

import json
import re
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.cli.messages import ending, notice, printable, warning, write_json
from retrace_core.errors import ErrorCode, RetraceError


def raising(error: BaseException) -> Callable[[], object]:
    def run() -> object:
        raise error

    return run


def test_run_ends_with_zero_when_the_command_returns(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(lambda: print("data")) == 0  # noqa: T201 - the command's data
    assert capsys.readouterr() == ("data\n", "")


def test_run_ends_with_the_code_the_command_exits_with() -> None:
    assert ending(lambda: 3) == 3


def test_refusal_is_its_code_what_was_found_and_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    error = RetraceError(ErrorCode.INCIDENT_NOT_FOUND, "no incident is INC-AAAAAA", hint="retrace qa list")

    assert ending(raising(error)) == 1
    assert capsys.readouterr() == (
        "",
        "error[incident_not_found]: no incident is INC-AAAAAA\nhint: retrace qa list\n",
    )


def test_refusal_says_its_sentence_when_nothing_more_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    ending(raising(RetraceError(ErrorCode.HOME_TOO_NEW)))

    assert capsys.readouterr().err == "error[home_too_new]: This data was written by a newer Retrace.\n"


def test_long_refusal_is_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    ending(raising(RetraceError(ErrorCode.CONFIG_INVALID, "x" * 500)))

    assert f"{'x' * 500}\n" in capsys.readouterr().err


def test_unexpected_error_names_the_file_with_its_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert ending(raising(KeyError("surprise"))) == 1

    out, err = capsys.readouterr()
    (log,) = tmp_path.glob("retrace-*.log")
    assert (out, err) == ("", f"error[internal_error]: KeyError: 'surprise'\nhint: the traceback is in {log}\n")
    assert "Traceback" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_interrupted_run_ends_with_130_and_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "")


def test_run_that_a_person_stops_at_a_question_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(raising(typer.Abort())) == 1
    assert capsys.readouterr() == ("", "Aborted; nothing was done.\n")


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colour_follows_no_color(
    no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)

    warning("careful")

    err = capsys.readouterr().err
    assert bool(re.search(r"\x1b\[[\d;]*33m", err)) is coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", err) == "warning: careful\n"


def test_markup_of_a_page_is_text_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    notice("[bold red]not ours[/] :smile:")

    assert capsys.readouterr().err == "[bold red]not ours[/] :smile:\n"


@given(text=st.text(st.characters(exclude_categories=())))
def test_printable_text_cannot_move_the_cursor_and_can_be_written(text: str) -> None:
    shown = printable(text)

    assert len(shown) == len(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    shown.encode()


def test_printable_text_is_left_as_it_is_when_it_is_harmless() -> None:
    assert printable("naïve 店 ✓\n\ttab") == "naïve 店 ✓\n\ttab"


def test_json_has_every_time_in_utc_and_paths_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    noon = datetime.fromisoformat("2026-03-01T12:00:00")
    write_json(
        {
            "aware": noon.replace(tzinfo=UTC),
            "elsewhere": [noon.replace(tzinfo=timezone(timedelta(hours=2)))],
            "of the lake": (noon,),
            "day": date(2026, 3, 1),
            "path": Path("/a"),
            "not a number": float("nan"),
        }
    )

    assert json.loads(capsys.readouterr().out) == {
        "aware": "2026-03-01T12:00:00Z",
        "elsewhere": ["2026-03-01T10:00:00Z"],
        "of the lake": ["2026-03-01T12:00:00Z"],
        "day": "2026-03-01",
        "path": "/a",
        "not a number": None,
    }
