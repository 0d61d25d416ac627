"""What a hijacked agent cannot reach. Each try is made without the sandbox too, where it succeeds: it is no dud."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrace_resources.sandbox.confinement import confinement_of
from retrace_resources.sandbox.run import run
from retrace_resources.settings_schema import Sandbox
from tests.retrace_resources.sandbox.boxes import TIGHT, box, tried

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root could do it without a sandbox either")

SECRET = "a-key-of-the-person-4711"


def reaches(script: str, tmp_path: Path, *, is_confined: bool) -> bool:
    """Whether a script that prints REACHED when it has what it wants, and LEFT OUT when not, gets it."""
    outcome, printed = tried(script, box(tmp_path / "copy", is_confined=is_confined), tmp_path / "log")
    assert outcome.reason == "ended", outcome
    assert ("REACHED" in printed) != ("LEFT OUT" in printed), printed
    return "REACHED" in printed


def attempt(code: str) -> str:
    """A script that says whether some lines got through."""
    lines = "\n".join(f"    {line}" for line in code.strip().splitlines())
    return f"import os\ntry:\n{lines}\n    print('REACHED')\nexcept Exception as error:\n    print('LEFT OUT', error)\n"


def only_without(script: str, tmp_path: Path) -> None:
    """Hold that the sandbox, and nothing else, is what keeps a script out."""
    assert reaches(script, tmp_path, is_confined=False)
    assert not reaches(script, tmp_path, is_confined=True)


@contextmanager
def helper(**variables: str) -> Iterator[int]:
    """A process of the person's that is none of the agent's business."""
    with subprocess.Popen(["sleep", "60"], env={**os.environ, **variables}) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_files_of_the_person_are_not_there(tmp_path: Path) -> None:
    key = tmp_path / "home" / ".ssh" / "id_ed25519"
    key.parent.mkdir(parents=True)
    key.write_text(SECRET)
    only_without(attempt(f"open({str(key)!r}).read()"), tmp_path)


def test_the_home_of_the_person_is_not_there(tmp_path: Path) -> None:
    only_without(attempt(f"assert len(os.listdir({str(Path.home())!r})) > 1"), tmp_path)


@as_root
def test_the_shadow_file_is_not_there(tmp_path: Path) -> None:
    only_without(attempt("open('/etc/shadow').read()"), tmp_path)


@pytest.mark.parametrize("folder", ["/var", "/run", "/etc/ssh", "/boot", "/sys/kernel", "/root/.config", "/mnt"])
def test_folders_of_the_machine_hold_nothing(tmp_path: Path, folder: str) -> None:
    script = f"import os; print([] if not os.path.isdir({folder!r}) else os.listdir({folder!r}))"
    _, printed = tried(script, box(tmp_path / "copy"), tmp_path / "log")
    assert printed.strip() in {"[]", "['forwarder.py']"}


def test_a_secret_in_the_environment_stays_outside_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", SECRET)
    copy = tmp_path / "copy"
    copy.mkdir()
    for block, is_there in ((Sandbox(), False), (Sandbox(environment=("THE_KEY",)), True)):
        for is_confined in (True, False):
            run("env", confinement_of(copy, block, is_confined=is_confined), TIGHT, tmp_path / "log")
            assert (SECRET in (tmp_path / "log").read_text()) is is_there


def test_environments_of_other_processes_are_not_there(tmp_path: Path) -> None:
    code = f"""
found = b''
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        found += open('/proc/' + pid + '/environ', 'rb').read()
    except OSError:
        pass
assert {SECRET.encode()!r} in found
"""
    with helper(THE_KEY=SECRET):
        only_without(attempt(code), tmp_path)


def test_the_first_process_is_one_of_the_sandbox(tmp_path: Path) -> None:
    _, printed = tried("print(open('/proc/1/environ').read())", box(tmp_path / "copy"), tmp_path / "log")
    assert "HOME=/home/agent" in printed


def test_a_port_of_this_machine_is_not_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        only_without(attempt(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)"), tmp_path)


def test_an_abstract_unix_socket_is_not_reached(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0retrace-{os.getpid()}")
        listener.listen()
        connect = f"import socket\nsocket.socket(socket.AF_UNIX).connect('\\0retrace-{os.getpid()}')"
        only_without(attempt(connect), tmp_path)


def test_a_unix_socket_such_as_an_ssh_agents_is_not_reached(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "agent.sock"))
        listener.listen()
        connect = f"import socket\nsocket.socket(socket.AF_UNIX).connect({str(tmp_path / 'agent.sock')!r})"
        only_without(attempt(connect), tmp_path)


def test_another_process_cannot_be_signalled_or_traced(tmp_path: Path) -> None:
    with helper() as pid:
        only_without(attempt(f"os.kill({pid}, 0)"), tmp_path)
        trace = "import ctypes\nassert ctypes.CDLL(None, use_errno=True).ptrace(16, {pid}, 0, 0) == 0"
        only_without(attempt(trace.format(pid=pid)), tmp_path)


def test_nothing_is_written_outside_of_the_copy(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    only_without(attempt(f"open({str(outside / 'planted')!r}, 'w').write('x')"), tmp_path)


@pytest.mark.parametrize("place", ["/usr/planted", "/etc/planted", "/planted", "/dev/planted", "/run/planted"])
def test_the_system_is_read_only(tmp_path: Path, place: str) -> None:
    assert not reaches(attempt(f"open({place!r}, 'w').write('x')"), tmp_path, is_confined=True)
    assert not Path(place).exists()


def test_dependencies_are_lent_and_not_given(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    package = checkout / "node_modules" / "left-pad" / "index.js"
    package.parent.mkdir(parents=True)
    package.write_text("module.exports = 1")
    confinement = box(tmp_path / "copy", checkout=checkout)

    _, printed = tried("print(open('node_modules/left-pad/index.js').read())", confinement, tmp_path / "log")
    assert "module.exports = 1" in printed
    _, printed = tried("open('node_modules/left-pad/index.js', 'w')", confinement, tmp_path / "log")
    assert "Read-only file system" in printed
    assert package.read_text() == "module.exports = 1"


def test_the_copy_lies_where_the_checkout_does_and_the_checkout_is_not_there(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / ".env").write_text(SECRET)
    confinement = box(tmp_path / "copy", checkout=checkout)
    (tmp_path / "copy" / "a").write_text("x")
    _, printed = tried("import os; print(os.getcwd(), os.listdir())", confinement, tmp_path / "log")
    assert printed.strip() == f"{checkout} ['a']"


@as_root
@pytest.mark.parametrize("file", ["core_pattern", "hostname"])
def test_settings_of_the_kernel_cannot_be_opened_for_writing(tmp_path: Path, file: str) -> None:
    """A core_pattern that starts with `|` is a command that the kernel runs as root, outside of every sandbox."""
    only_without(attempt(f"os.close(os.open('/proc/sys/kernel/{file}', os.O_WRONLY))"), tmp_path)


def test_no_file_of_proc_beside_those_of_processes_can_be_opened_for_writing(tmp_path: Path) -> None:
    code = """
import os
apart = {'self', 'thread-self', 'sys', *filter(str.isdigit, os.listdir('/proc'))}
for folder, folders, files in os.walk('/proc'):
    folders[:] = [each for each in folders if folder != '/proc' or each not in apart]
    for each in files:
        try:
            os.close(os.open(os.path.join(folder, each), os.O_WRONLY | os.O_NONBLOCK))
            print('WRITABLE', os.path.join(folder, each))
        except OSError:
            pass
print('LOOKED')
"""
    _, printed = tried(code, box(tmp_path / "copy"), tmp_path / "log")
    assert "LOOKED" in printed
    # What is covered with nothing is /dev/null.
    assert [line for line in printed.splitlines() if "WRITABLE" in line and not line.endswith(HIDDEN)] == []


HIDDEN = ("config.gz", "iomem", "kallsyms", "kcore", "key-users", "keys", "kmsg", "sched_debug")


def test_it_has_no_capabilities_and_cannot_get_any(tmp_path: Path) -> None:
    _, printed = tried("print(open('/proc/self/status').read())", box(tmp_path / "copy"), tmp_path / "log")
    status = dict(line.split(":\t", 1) for line in printed.splitlines() if ":\t" in line)
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


@as_root
def test_a_namespace_of_its_own_is_not_made(tmp_path: Path) -> None:
    clone_newuser = 0x10000000
    only_without(attempt(f"import ctypes\nassert ctypes.CDLL(None).unshare({clone_newuser}) == 0"), tmp_path)


def test_only_its_own_descriptors_are_open(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        _, printed = tried("import os; print(os.listdir('/proc/self/fd'))", box(tmp_path / "copy"), tmp_path / "log")
    # The three of every process, and the one that lists them.
    assert printed.strip() == "['0', '1', '2', '3']"
