"""One `retrace up` a home."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrace_app.supervisor.lease import Lease, current, held
from retrace_core.errors import ErrorCode, RetraceError

LEASE = Lease(pid=7, door_url="http://127.0.0.1:8788", dagster_url="http://127.0.0.1:8789")
HOLD = """
import sys, time
from pathlib import Path
from retrace_app.supervisor.lease import Lease, held
with held(Path(sys.argv[1]), Lease(1, "a", "b")):
    print("held", flush=True)
    time.sleep(60)
"""


def test_nobody_runs_an_empty_home(home: Path) -> None:
    assert current(home) is None


def test_a_lease_is_seen_while_it_is_held_and_not_afterwards(home: Path) -> None:
    with held(home, LEASE):
        assert current(home) == LEASE

    assert current(home) is None


def test_a_second_lease_is_refused_and_names_the_first(home: Path) -> None:
    with held(home, LEASE), pytest.raises(RetraceError, match="process 7") as refusal, held(home, LEASE):
        pass

    assert refusal.value.code is ErrorCode.ALREADY_RUNNING


def test_a_lease_dies_with_its_process(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(home)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert current(home) == Lease(1, "a", "b")
        process.kill()

    assert current(home) is None
    with held(home, LEASE):
        assert current(home) == LEASE


def test_looking_does_not_keep_anybody_from_taking(home: Path) -> None:
    with held(home, LEASE):
        pass
    until = time.monotonic() + 1
    looker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from retrace_app.supervisor.lease import current\n"
            "until = time.monotonic() + 3\nwhile time.monotonic() < until: current(Path(sys.argv[1]))",
            str(home),
        ]
    )
    while time.monotonic() < until:
        with held(home, LEASE):
            pass
    looker.kill()
    looker.wait()
