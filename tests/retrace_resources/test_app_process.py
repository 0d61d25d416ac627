"""An app under test: it answers before the test begins, and nothing of it is left after."""

import os
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from retrace_app.demo.serving import serving
from retrace_app.supervisor.programs import free_port
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.app_process import running_app
from tests.retrace_resources.engine.apps import create_app

pytestmark = pytest.mark.slow

SERVER = f"{sys.executable} -m http.server --bind 127.0.0.1"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "app.log"


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def refusal(command: str, url: str, log: Path, seconds: float = 5.0) -> RetraceError:
    with pytest.raises(RetraceError) as raised, running_app(command, url, log, ready_seconds=seconds):
        pass
    assert raised.value.code is ErrorCode.APP_NOT_STARTED
    return raised.value


def test_it_answers_inside_the_block_and_not_after(log: Path) -> None:
    port = free_port()
    with running_app(f"{SERVER} {port}", address(port), log):
        assert httpx.get(address(port)).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(address(port))


def test_what_it_started_ends_with_it_though_it_left_the_group(log: Path, tmp_path: Path) -> None:
    port, note = free_port(), tmp_path / "pid"
    stubborn = f"setsid {sys.executable} -c 'import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(60)'"
    with running_app(f"{stubborn} & echo $! > {note}; {SERVER} {port}", address(port), log):
        child = psutil.Process(int(note.read_text()))
        assert child.is_running()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_it_ends_though_the_block_fails(log: Path) -> None:
    port = free_port()
    with pytest.raises(KeyError), running_app(f"{SERVER} {port}", address(port), log):
        raise KeyError("the test")
    with pytest.raises(httpx.ConnectError):
        httpx.get(address(port))


def test_a_taken_port_is_refused_for_its_app_would_be_tested(log: Path) -> None:
    with serving(create_app()) as taken:
        said = refusal("true", taken, log)
    assert "already" in str(said.detail)


def test_a_command_that_fails_gives_its_last_words_without_secrets(log: Path) -> None:
    said = refusal("echo first; echo password=hunter2-hunter2 >&2; exit 3", address(free_port()), log)
    assert "ended with 3" in str(said.detail)
    assert "password" in str(said.detail)
    assert "hunter2" not in str(said.detail)


def test_a_command_that_never_answers_is_ended(log: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    began = time.monotonic()
    said = refusal(f"echo $$ > {note}; sleep 60", address(free_port()), log, seconds=0.5)
    assert "nothing answers" in str(said.detail)
    assert time.monotonic() - began < 30
    assert not psutil.pid_exists(int(note.read_text()))


def test_an_app_that_answers_500_is_not_ready(log: Path, tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "import http.server, sys\n"
        "class Broken(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_error(503)\n"
        "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Broken).serve_forever()\n"
    )
    port = free_port()
    assert "answers 503" in str(refusal(f"{sys.executable} {script} {port}", address(port), log, seconds=1.5).detail)


def test_it_sees_the_variables_of_the_spec_beside_those_of_the_person(log: Path) -> None:
    port = free_port()
    command = f'echo "$MODE $HOME"; {SERVER} {port}'
    with running_app(command, address(port), log, variables={"MODE": "seeded"}):
        pass
    assert log.read_text().splitlines()[0] == f"seeded {os.environ['HOME']}"
