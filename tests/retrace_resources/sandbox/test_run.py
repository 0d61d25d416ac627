"""A command that takes too much is ended with a clear verdict, and nothing of it is left."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.sandbox.confinement import confinement_of
from retrace_resources.sandbox.processes import Outcome, started
from retrace_resources.sandbox.run import run, shell
from retrace_resources.settings_schema import Sandbox
from tests.retrace_resources.sandbox.boxes import PYTHON, TIGHT, box, tried

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")]

both = pytest.mark.parametrize("is_confined", [True, False], ids=["confined", "unconfined"])

FORKS = """
import os, time
for _ in range(600):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
THREADS = """
import threading, time
for _ in range(600):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
time.sleep(60)
"""
HOG = """
import time
kept = []
for _ in range(40):
    kept.append(bytearray(50_000_000))
    time.sleep(0.02)
time.sleep(60)
"""
# Python takes the kernel's word for an error; most programs end of it.
ONE_FILE = """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
open('big', 'wb').truncate(100_000_000)
"""
MANY_FILES = """
import time
for number in range(10):
    with open(f'part{number}', 'wb') as file:
        file.write(bytes(20_000_000))
time.sleep(60)
"""
EMPTY_FILES = """
import os, time
for number in range(20_000):
    os.close(os.open(f'empty{number}', os.O_CREAT | os.O_WRONLY))
time.sleep(60)
"""


def running(marker: str) -> list[psutil.Process]:
    """Processes of this machine with a word in their arguments."""
    return [each for each in psutil.process_iter(["cmdline"]) if marker in (each.info["cmdline"] or [])]


@both
def test_it_reads_its_input_and_its_output_is_kept(tmp_path: Path, is_confined: bool) -> None:
    confinement = box(tmp_path / "copy", is_confined=is_confined)
    outcome = run("cat; echo said >&2; echo made > file; exit 3", confinement, TIGHT, tmp_path / "log", stdin=b"asked ")
    assert (outcome.reason, outcome.exit_code, outcome.succeeded) == ("ended", 3, False)
    assert (tmp_path / "log").read_text() == "asked said\n"
    assert (tmp_path / "copy" / "file").read_text() == "made\n"


@both
def test_it_may_end_without_reading_its_input(tmp_path: Path, is_confined: bool) -> None:
    confinement = box(tmp_path / "copy", is_confined=is_confined)
    assert run("true", confinement, TIGHT, tmp_path / "log", stdin=bytes(1_000_000)).succeeded


@both
def test_a_program_that_is_not_there_is_an_exit_code(tmp_path: Path, is_confined: bool) -> None:
    confinement = box(tmp_path / "copy", is_confined=is_confined)
    assert run(["no-such-program"], confinement, TIGHT, tmp_path / "log").exit_code == 127
    assert "no-such-program" in (tmp_path / "log").read_text()


@both
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import time; time.sleep(60)", "timed_out"),
        ("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", "timed_out"),
        (FORKS, "too_many_processes"),
        (THREADS, "too_many_processes"),
        (HOG, "too_much_memory"),
        (ONE_FILE, "too_much_disk"),
        (MANY_FILES, "too_much_disk"),
        (EMPTY_FILES, "too_much_disk"),
    ],
    ids=["hangs", "will-not-end", "forks", "threads", "memory", "one-file", "many-files", "empty-files"],
)
def test_what_takes_too_much_is_ended(tmp_path: Path, is_confined: bool, script: str, reason: str) -> None:
    limits = replace(TIGHT, seconds=3 if reason == "timed_out" else 60)
    marker = f"marker-{tmp_path.name}-{is_confined}"
    began = time.monotonic()
    outcome = run(
        [PYTHON, "-c", script, marker], box(tmp_path / "copy", is_confined=is_confined), limits, tmp_path / "log"
    )
    assert outcome.reason == reason
    assert outcome.exit_code is None
    assert outcome.detail
    assert time.monotonic() - began < 30
    assert running(marker) == []


def test_memory_for_files_is_bounded_too(tmp_path: Path) -> None:
    script = """
for folder in ('/tmp', '/home/agent', '/dev/shm'):
    try:
        with open(folder + '/big', 'wb') as file:
            for _ in range(49):
                file.write(bytes(1_000_000))
        print('ALL', folder)
    except OSError as error:
        print(error.strerror, folder)
"""
    limits = replace(TIGHT, disk_bytes=50_000_000)
    _, printed = tried(script, box(tmp_path / "copy"), tmp_path / "log", limits)
    assert printed.splitlines() == [
        "No space left on device /tmp",
        "No space left on device /home/agent",
        "ALL /dev/shm",
    ]


def test_output_without_end_is_cut_and_nobody_waits_for_the_rest(tmp_path: Path) -> None:
    limits = replace(TIGHT, log_bytes=100_000)
    outcome = run("head -c 20000000 /dev/zero; echo end", box(tmp_path / "copy"), limits, tmp_path / "log")
    assert outcome.succeeded
    kept = (tmp_path / "log").read_bytes()
    assert kept == bytes(100_000) + b"\n(the rest was not kept)\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_daemon_does_not_outlive_the_command(tmp_path: Path) -> None:
    """Its parent ends at once and it leaves its session: nothing but the sandbox knows that it is there."""
    marker = f"daemon-{tmp_path.name}"
    daemon = f"setsid nohup {PYTHON} -c 'import time; time.sleep(60)' {marker} >/dev/null 2>&1 &"
    with started(shell(f"{daemon} sleep 60"), box(tmp_path / "copy"), TIGHT, tmp_path / "log"):
        wait_until(lambda: running(marker) != [])
        assert running(marker) != []
    assert running(marker) == []
    assert run(f"{daemon} sleep 0.5", box(tmp_path / "copy"), TIGHT, tmp_path / "log").succeeded
    assert running(marker) == []


def test_it_ends_with_the_block_though_that_fails(tmp_path: Path) -> None:
    marker = f"block-{tmp_path.name}"
    command = [PYTHON, "-c", "import time; time.sleep(60)", marker]
    with pytest.raises(KeyError), started(command, box(tmp_path / "copy"), TIGHT, tmp_path / "log"):
        raise KeyError("the block")
    assert running(marker) == []


def test_many_run_at_the_same_time(tmp_path: Path) -> None:
    outcomes: list[Outcome] = []

    def one(number: int) -> None:
        confinement = box(tmp_path / f"copy{number}")
        outcomes.append(run(f"echo {number}", confinement, TIGHT, tmp_path / f"log{number}"))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.succeeded for outcome in outcomes] == [True] * 4
    assert [(tmp_path / f"log{number}").read_text() for number in range(4)] == ["0\n", "1\n", "2\n", "3\n"]


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    for is_confined in (True, False):
        run(
            "echo > $HOME/file; mkdir -p $HOME/a/b",
            box(tmp_path / "copy", is_confined=is_confined),
            TIGHT,
            tmp_path / "l",
        )
    assert list(folder.iterdir()) == []
    assert list((tmp_path / "copy").iterdir()) == []


def test_what_was_only_shown_in_the_copy_leaves_nothing_there(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "packages" / "a" / "node_modules").mkdir(parents=True)
    (checkout / "tools").mkdir()
    (checkout / "tools" / "agent.sh").write_text("echo shown\n")
    block = Sandbox(dependencies=("packages/*/node_modules",), read_only=(checkout / "tools" / "agent.sh",))
    copy = tmp_path / "copy"
    copy.mkdir()
    confinement = confinement_of(copy, block, checkout=checkout)
    assert run("sh tools/agent.sh; touch packages/own", confinement, TIGHT, tmp_path / "log").succeeded
    assert (tmp_path / "log").read_text() == "shown\n"
    assert [str(path.relative_to(copy)) for path in sorted(copy.rglob("*"))] == ["packages", "packages/own"]


def test_a_link_in_the_copy_does_not_lead_a_mount_elsewhere(tmp_path: Path) -> None:
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    (checkout / "packages" / "a" / "node_modules").mkdir(parents=True)
    elsewhere.mkdir()
    copy = tmp_path / "copy"
    copy.mkdir()
    for target in (elsewhere, Path(f"/oldroot{elsewhere}"), Path(f"../../../oldroot{elsewhere}")):
        (copy / "packages").symlink_to(target)
        block = Sandbox(dependencies=("packages/*/node_modules",))
        assert run("true", confinement_of(copy, block, checkout=checkout), TIGHT, tmp_path / "log").succeeded
        (copy / "packages").unlink()
    assert list(elsewhere.iterdir()) == []


def test_it_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    marker, log = f"orphan-{tmp_path.name}", tmp_path / "log"
    (tmp_path / "copy").mkdir()
    script = f"""
from pathlib import Path
from tests.retrace_resources.sandbox.boxes import PYTHON, TIGHT, box
from retrace_resources.sandbox.run import run
command = [PYTHON, '-c', 'import time; print("begun", flush=True); time.sleep(60)', {marker!r}]
run(command, box(Path({str(tmp_path / "copy")!r})), TIGHT, Path({str(log)!r}))
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as parent:
        wait_until(lambda: log.is_file() and "begun" in log.read_text())
        assert running(marker) != []
        parent.kill()
    wait_until(lambda: running(marker) == [])
    assert running(marker) == []


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)


def test_without_a_sandbox_dependencies_are_linked_and_the_links_go(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "node_modules").mkdir(parents=True)
    (checkout / "node_modules" / "a.js").write_text("1")
    confinement = box(tmp_path / "copy", checkout=checkout, is_confined=False)
    assert run("cat node_modules/a.js", confinement, TIGHT, tmp_path / "log").succeeded
    assert list((tmp_path / "copy").iterdir()) == []
    assert (checkout / "node_modules" / "a.js").exists()


def test_a_folder_that_is_not_there_is_a_refusal_with_its_name(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    missing = confinement_of(copy, Sandbox(read_only=(tmp_path / "missing",)))
    with pytest.raises(RetraceError) as refusal:
        run("true", missing, TIGHT, tmp_path / "log")
    assert refusal.value.code is ErrorCode.SANDBOX_UNAVAILABLE
    assert "missing" in refusal.value.detail
    assert "--unsafe-no-sandbox" in refusal.value.hint
