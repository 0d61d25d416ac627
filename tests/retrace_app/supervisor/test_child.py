"""Starting a program, and ending all of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from retrace_app.supervisor.child import Child, Program

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("ready", flush=True)
time.sleep(60)
"""
# A shell without job control starts what is put behind with SIGINT ignored; Dagster maps SIGTERM to what SIGINT does.
ASKS_FOR_SIGINT = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


@contextmanager
def running(code: str, folder: Path) -> Iterator[Child]:
    """A Python program, ended with the block."""
    program = Program("test program", (sys.executable, "-c", code), dict(os.environ))
    child = Child(program, folder)
    child.start()
    try:
        yield child
    finally:
        child.ask_to_stop()
        child.finish(time.monotonic())


def wait_for(child: Child, words: str) -> None:
    """Wait until its log has these words."""
    until = time.monotonic() + 20
    while words not in (child.log.read_text() if child.log.exists() else ""):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_program_writes_to_a_log_of_its_own(tmp_path: Path) -> None:
    with running("print('hello')", tmp_path) as child:
        wait_for(child, "hello")

    assert child.log == tmp_path / "test-program.log"
    assert child.last_words() == "hello"


def test_exit_code_is_none_while_it_runs(tmp_path: Path) -> None:
    with running("import time; print('up', flush=True); time.sleep(60)", tmp_path) as child:
        wait_for(child, "up")
        assert child.exit_code() is None
        assert child.answers()

    assert child.exit_code() == -signal.SIGTERM


def test_what_ignores_being_asked_is_killed_with_all_it_started(tmp_path: Path) -> None:
    with running(STUBBORN, tmp_path) as child:
        wait_for(child, "ready")
        (grandchild,) = psutil.Process(child.pid).children()

    assert not psutil.pid_exists(child.pid)
    assert psutil.wait_procs([grandchild], timeout=5)[1] == []


def test_a_program_gets_the_default_interrupt_also_from_a_shell_that_ignores_it(tmp_path: Path) -> None:
    script = f"""
import signal, sys, time
from pathlib import Path
from retrace_app.supervisor.supervisor import stopped_by_signals
from tests.retrace_app.supervisor.test_child import ASKS_FOR_SIGINT, running
with stopped_by_signals(), running(ASKS_FOR_SIGINT, Path({str(tmp_path)!r})) as child:
    while child.exit_code() is None:
        time.sleep(0.02)
"""
    root = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        check=True,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )

    assert (tmp_path / "test-program.log").read_text() == "True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is told on Linux only")
def test_a_program_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    script = f"""
import time
from pathlib import Path
from tests.retrace_app.supervisor.test_child import running, wait_for
with running("import time; print('up', flush=True); time.sleep(60)", Path({str(tmp_path)!r})) as child:
    wait_for(child, "up")
    print(child.pid, flush=True)
    time.sleep(60)
"""
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()

    assert psutil.wait_procs([child], timeout=5)[1] == []


def test_a_long_log_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "test-program.log"
    log.write_bytes(b"x" * (8 * 2**20 + 1))

    with running("print('hello')", tmp_path) as child:
        wait_for(child, "hello")

    assert log.read_text() == "hello\n"
    assert (tmp_path / "test-program.1.log").stat().st_size > 8 * 2**20
