"""The program as a whole: what it offers, what it loads, and how it takes misuse and interruption."""

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from retrace_app.cli import main
from retrace_app.cli.commands import COMMANDS

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_overview_lists_every_command_with_its_summary(retrace: Run) -> None:
    done = retrace("--help", COLUMNS="200")

    assert (done.returncode, done.stderr) == (0, "")
    for line in COMMANDS:
        assert line.name in done.stdout
        assert line.summary in done.stdout


def test_overview_loads_nothing_that_a_command_needs(environment: Mapping[str, str], tmp_path: Path) -> None:
    program = "import sys; from retrace_app.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=dict(environment), cwd=tmp_path, capture_output=True, text=True, check=True
    )

    heavy = {"sqlalchemy", "alembic", "pydantic", "dagster", "duckdb", "polars", "pyarrow", "starlette", "yaml"}
    assert heavy.isdisjoint(done.stderr.split())


def test_queue_is_listed_without_dagster(environment: Mapping[str, str], tmp_path: Path) -> None:
    program = "import sys; from retrace_app.cli import main; main(['qa', 'list']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=dict(environment), cwd=tmp_path, capture_output=True, text=True, check=True
    )

    loaded = done.stdout.split()
    assert "retrace_app.cli.qa" in loaded
    assert "dagster" not in loaded


@pytest.mark.parametrize("name", [line.name for line in COMMANDS])
def test_every_command_has_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0

    out, err = capsys.readouterr()
    assert f"Usage: retrace {name}" in out
    assert "--install-completion" not in out
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "found", "hint"),
    [
        (["quikstart"], "No such command 'quikstart'. Did you mean 'quickstart'?", "retrace --help"),
        (["quickstart", "--nope"], "No such option: --nope", "retrace quickstart --help"),
        (["quickstart", "--api-port", "99999"], "--api-port", "retrace quickstart --help"),
        (["quickstart", "--api-host", 'a"b'], "expected a host name", "retrace quickstart --help"),
        (["api", "keys", "revoke"], "Missing argument", "retrace api keys revoke --help"),
    ],
)
def test_misuse_is_named_with_the_help_to_read(
    arguments: list[str], found: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error[usage]: ")
    assert found in err
    assert err.endswith(f"hint: {hint}\n")


@pytest.mark.parametrize("arguments", [[], ["api"]])
def test_group_alone_shows_its_help_and_counts_as_misuse(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    out, err = capsys.readouterr()
    assert "Usage: retrace" in out
    assert err == ""


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("retrace ")


def test_interrupted_command_ends_with_130_and_silence(environment: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "retrace.db.lock").open("w") as lock:
        # The command waits for this lock, so it is surely at work when the signal comes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-m", "retrace_app.cli", "quickstart"],
            cwd=tmp_path,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 20
        while not (tmp_path / "data" / "retrace.db").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (130, "", "")


def test_command_ends_quietly_when_nobody_reads_its_output(environment: Mapping[str, str], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "retrace_app.cli", "quickstart", "--json"],
        cwd=tmp_path,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert (process.wait(timeout=20), err) == (1, b"")
