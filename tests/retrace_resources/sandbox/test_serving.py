"""An app in a sandbox is reached like any other, and reaches nobody."""

import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.sandbox.serving import serving
from tests.retrace_resources.sandbox.boxes import PYTHON, TIGHT, box

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")]

both = pytest.mark.parametrize("is_confined", [True, False], ids=["confined", "unconfined"])

# Answers with what it was asked and by which connection; a request to be upgraded makes it an echo.
APP = """
import http.server, os, socket, sys

class App(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        if self.headers.get('Upgrade'):
            self.send_response(101)
            self.end_headers()
            while data := self.connection.recv(4096):
                self.connection.sendall(data)
            self.close_connection = True
            return
        self.answer(f'{self.path} {self.client_address[1]} {os.environ["MODE"]}'.encode())
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers['Content-Length']))[::-1])
    def answer(self, body):
        self.send_response(int(os.environ.get('STATUS', '200')))
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if sys.argv[2:] else socket.AF_INET

Server((sys.argv[2] if sys.argv[2:] else '127.0.0.1', int(sys.argv[1])), App).serve_forever()
"""


@pytest.fixture
def app(tmp_path: Path) -> str:
    """A command that starts the app; its port comes behind it."""
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "app.py").write_text(APP)
    return f"exec {PYTHON} app.py"


MODE = {"MODE": "seeded"}


@both
def test_it_is_reached_over_one_connection_and_gone_after(tmp_path: Path, app: str, is_confined: bool) -> None:
    confinement = box(tmp_path / "copy", is_confined=is_confined)
    with serving(f"{app} {{port}}", confinement, TIGHT, tmp_path / "log", variables=MODE) as url:
        with httpx.Client() as client:
            answers = [client.get(f"{url}/page/{number}").text.split() for number in range(3)]
        assert [(path, mode) for path, _, mode in answers] == [(f"/page/{number}", "seeded") for number in range(3)]
        assert len({connection for _, connection, _ in answers}) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_large_bodies_pass_both_ways(tmp_path: Path, app: str) -> None:
    body = bytes(range(256)) * 20_000
    with serving(f"{app} $PORT", box(tmp_path / "copy"), TIGHT, tmp_path / "log", variables=MODE) as url:
        assert httpx.post(url, content=body, timeout=30).content == body[::-1]


def test_an_upgraded_connection_is_an_echo_until_either_side_ends(tmp_path: Path, app: str) -> None:
    """A WebSocket is that: bytes both ways after the handshake."""
    with (
        serving(f"{app} {{port}}", box(tmp_path / "copy"), TIGHT, tmp_path / "log", variables=MODE) as url,
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 10) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: app\r\nUpgrade: websocket\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1024)
        assert head.startswith(b"HTTP/1.1 101")
        for word in (b"one", b"two"):
            connection.sendall(word)
            assert connection.recv(1024) == word
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1024) == b""


def test_an_app_on_the_other_loopback_address_is_reached(tmp_path: Path, app: str) -> None:
    with serving(f"{app} {{port}} ::1", box(tmp_path / "copy"), TIGHT, tmp_path / "log", variables=MODE) as url:
        assert httpx.get(url).status_code == 200


def test_a_port_of_its_own_is_the_same_outside_where_that_is_free(tmp_path: Path, app: str) -> None:
    confinement, log = box(tmp_path / "copy"), tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(f"{app} {port}", confinement, TIGHT, log, port=port, variables=MODE) as url:
            assert url != f"http://127.0.0.1:{port}"
            assert httpx.get(url).status_code == 200
    with serving(f"{app} {port}", confinement, TIGHT, log, port=port, variables=MODE) as url:
        assert url == f"http://127.0.0.1:{port}"


def test_a_command_that_leaves_the_app_in_the_background_is_no_failure(tmp_path: Path, app: str) -> None:
    command = f"({app} {{port}} &) ; exit 0"
    with serving(command, box(tmp_path / "copy"), TIGHT, tmp_path / "log", variables=MODE) as url:
        time.sleep(0.5)
        assert httpx.get(url).status_code == 200
    assert [
        each for each in psutil.process_iter(["cmdline"]) if url.rpartition(":")[2] in (each.info["cmdline"] or [])
    ] == []


@pytest.mark.parametrize("is_confined", [False, True])
def test_only_without_a_sandbox_it_reaches_this_machine(tmp_path: Path, app: str, is_confined: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        reach = f"import socket; socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 2)"
        command = f'{PYTHON} -c "{reach}"; {app} {{port}}'
        confinement = box(tmp_path / "copy", is_confined=is_confined)
        with serving(command, confinement, TIGHT, tmp_path / "log", variables=MODE), suppress(TimeoutError):
            listener.accept()[0].close()
            assert not is_confined
            return
    assert is_confined


def test_the_border_is_not_handed_on_to_the_app(tmp_path: Path, app: str) -> None:
    command = f"ls -l /proc/self/fd; {app} {{port}}"
    with serving(command, box(tmp_path / "copy"), TIGHT, tmp_path / "log", variables=MODE):
        assert "socket" not in (tmp_path / "log").read_text()


def refusal(command: str, tmp_path: Path, **variables: str) -> str:
    with (
        pytest.raises(RetraceError) as raised,
        serving(
            command, box(tmp_path / "copy"), TIGHT, tmp_path / "log", variables=MODE | variables, ready_seconds=2.5
        ),
    ):
        pytest.fail("the block must not run")
    assert raised.value.code is ErrorCode.APP_NOT_STARTED
    assert str(tmp_path / "log") in raised.value.hint
    return raised.value.detail


def test_a_command_that_fails_gives_its_last_words_without_secrets(tmp_path: Path) -> None:
    said = refusal("echo first; echo password=hunter2-hunter2 >&2; exit 3", tmp_path)
    assert "it ended with 3: password=" in said
    assert "hunter2" not in said


def test_an_app_that_does_not_answer_is_refused_in_time(tmp_path: Path) -> None:
    began = time.monotonic()
    assert "no answer in 2 s" in refusal("sleep 60", tmp_path)
    assert time.monotonic() - began < 10


def test_an_app_that_answers_500_is_not_ready(tmp_path: Path, app: str) -> None:
    assert "it answers 503" in refusal(f"{app} {{port}}", tmp_path, STATUS="503")


def test_an_app_that_answers_without_end_does_not_hold_anybody(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "drip.py").write_text(
        "import os, socket, time\n"
        "server = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\n"
        "while True:\n"
        "    near, _ = server.accept()\n"
        "    for _ in range(60):\n"
        "        near.send(b'H')\n"
        "        time.sleep(1)\n"
    )
    began = time.monotonic()
    assert "no answer" in refusal(f"{PYTHON} drip.py", tmp_path)
    assert time.monotonic() - began < 15


def test_an_app_that_takes_too_much_is_ended_while_it_serves(tmp_path: Path, app: str) -> None:
    limits = replace(TIGHT, seconds=4)
    with serving(f"{app} {{port}}", box(tmp_path / "copy"), limits, tmp_path / "log", variables=MODE) as url:
        until = time.monotonic() + 15
        while answers(url) and time.monotonic() < until:
            time.sleep(0.1)
        assert not answers(url)


def answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url).is_success
    return False
