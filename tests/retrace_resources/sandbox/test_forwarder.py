"""Bytes over a sandbox's border, with real sockets."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from retrace_resources.sandbox import forwarder
from retrace_resources.sandbox.forwarder import forwarding, port, unix_socket

pytestmark = pytest.mark.slow


@contextmanager
def echo(listener: socket.socket) -> Iterator[None]:
    """Answers each connection with all it said, once it has said all."""

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            # Whoever said it may have gone without waiting for the answer.
            with near, suppress(ConnectionError):
                said = b""
                while data := near.recv(65_536):
                    said += data
                near.sendall(said)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def said_through(address: tuple[str, int], content: bytes) -> bytes:
    """Say something and be done with speaking; what is answered then."""
    with socket.create_connection(address, 10) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while data := connection.recv(65_536):
            answer += data
        return answer


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Path]:
    """A Unix socket behind which somebody answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "border.sock"))
        listener.listen()
        with echo(listener):
            yield tmp_path / "border.sock"


def test_who_is_done_with_speaking_still_hears(border: Path) -> None:
    outside = socket.create_server(("127.0.0.1", 0))
    address = outside.getsockname()
    with forwarding(outside, unix_socket(str(border))):
        for content in (b"", b"a word", bytes(3_000_000)):
            assert said_through(address, content) == content


def test_it_listens_only_while_the_block_runs(border: Path) -> None:
    outside = socket.create_server(("127.0.0.1", 0))
    address = outside.getsockname()
    with forwarding(outside, unix_socket(str(border))), socket.create_connection(address, 5) as kept:
        kept.sendall(b"half")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 5)


def test_nobody_behind_it_is_an_end_and_no_fault(tmp_path: Path) -> None:
    outside = socket.create_server(("127.0.0.1", 0))
    address = outside.getsockname()
    with forwarding(outside, unix_socket(str(tmp_path / "nobody"))):
        for _ in range(2):
            with socket.create_connection(address, 5) as connection:
                assert connection.recv(10) == b""


def test_as_a_program_it_joins_a_descriptor_to_a_port_and_ends_with_the_command(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside, socket.socket(socket.AF_UNIX) as border, echo(inside):
        border.bind(str(tmp_path / "border.sock"))
        border.listen()
        ends = ["serve", str(border.fileno()), str(inside.getsockname()[1])]
        command = [sys.executable, "-I", "-S", forwarder.__file__, *ends, "sh", "-c", "read word; exit $word"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[border.fileno()]) as process:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(tmp_path / "border.sock"))
                connection.sendall(b"a word")
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(100) == b"a word"
            process.communicate(b"7\n", timeout=10)
        assert process.returncode == 7


def test_as_a_program_it_joins_a_port_to_a_unix_socket(border: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    speak = (
        "import socket; c = socket.create_connection(('127.0.0.1', {}), 5); c.sendall(b'a word'); "
        "c.shutdown(1); print(c.recv(100))"
    )
    ends = ["reach", str(number), str(border), sys.executable, "-c", speak.format(number)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", forwarder.__file__, *ends], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("b'a word'", 0), done.stderr


def test_a_command_ended_by_a_signal_is_told_as_a_shell_does(border: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    ends = ["reach", str(number), str(border), "sh", "-c", "kill -9 $$"]
    assert subprocess.run([sys.executable, "-I", "-S", forwarder.__file__, *ends], check=False).returncode == 137


def test_a_port_is_looked_for_on_both_loopback_addresses() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener, port(listener.getsockname()[1])() as far:
        assert far.family == socket.AF_INET6
