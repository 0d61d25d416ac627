"""What `retrace up` starts: the door, Dagster's code server, webserver and daemon, and the warm worker.

Belongs here: arguments, environment, ports and how each shows that it answers. Does not: keeping them alive.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from retrace_app.supervisor.child import Program
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.dagster_names import CONFIG_VARIABLE, DEFINITIONS, LOCATION
from retrace_resources.warm_worker import forget_worker, worker_address

LOOPBACK: Final = "127.0.0.1"
DEFAULT_DAGSTER_PORT: Final = 8789

_CONNECT_SECONDS: Final = 0.2
_WORKER: Final = ("-m", "retrace_app.supervisor.worker")


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chose: where the door listens and how wide it is, where Dagster's UI is, whether to push."""

    home: Path
    host: str
    port: int
    dagster_port: int
    workers: int
    push: bool
    config: Path | None = None

    @property
    def door_url(self) -> str:
        """Where the door answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def dagster_url(self) -> str:
        """Where Dagster's UI answers: loopback always, since it has no login."""
        return f"http://{LOOPBACK}:{self.dagster_port}"


def require_free_ports(options: Options) -> None:
    """Raise `port_in_use`, naming the flag that changes it."""
    for flag, host, port in (
        ("--port", options.host, options.port),
        ("--dagster-port", LOOPBACK, options.dagster_port),
    ):
        if not _is_free(host, port):
            hint = f"stop it, or choose another with {flag}"
            raise RetraceError(ErrorCode.PORT_IN_USE, f"another program listens on {host}:{port} ({flag})", hint)


def programs(options: Options, dagster_home: Path) -> tuple[Sequence[Program], Sequence[Program]]:
    """All of them: those that need nobody, and those that want the code server to answer first."""
    environment = _environment(options, dagster_home)
    code_port = free_port()
    workspace = _write_workspace(dagster_home, code_port)
    forget_worker(dagster_home)
    return (
        (
            _python("door", _door(options), environment, listens(options.host, options.port)),
            _python("code server", _code_server(code_port), environment, listens(LOOPBACK, code_port)),
            _python(
                "warm worker", _WORKER, environment, lambda: worker_address(dagster_home) is not None, signal.SIGUSR1
            ),
        ),
        (
            _python("Dagster UI", _webserver(options, workspace), environment, listens(LOOPBACK, options.dagster_port)),
            _python("Dagster daemon", _daemon(workspace), environment),
        ),
    )


def _door(options: Options) -> tuple[str, ...]:
    config = ("--config", str(options.config)) if options.config else ()
    listening = ("--host", options.host, "--port", str(options.port), "--workers", str(options.workers))
    return ("-m", "retrace_app.cli", "api", "serve", *config, *listening)


def _code_server(port: int) -> tuple[str, ...]:
    address = ("--host", LOOPBACK, "--port", str(port))
    return ("-m", "dagster", "api", "grpc", *address, "-m", DEFINITIONS, "--location-name", LOCATION)


def _webserver(options: Options, workspace: Path) -> tuple[str, ...]:
    address = ("--host", LOOPBACK, "--port", str(options.dagster_port))
    return ("-m", "dagster_webserver", *address, "-w", str(workspace), "--dagster-log-level", "warning")


def _daemon(workspace: Path) -> tuple[str, ...]:
    return ("-m", "dagster._daemon", "run", "-w", str(workspace), "--log-level", "warning")


def _python(
    name: str,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    answers: Callable[[], bool] = lambda: True,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Program:
    return Program(name, (sys.executable, *arguments), environment, answers, stop_signal)


def _environment(options: Options, dagster_home: Path) -> dict[str, str]:
    ours = {"RETRACE_HOME": str(options.home), "DAGSTER_HOME": str(dagster_home), "PYTHONUNBUFFERED": "1"}
    if options.config:
        ours[CONFIG_VARIABLE] = str(options.config.absolute())
    return {**os.environ, **ours}


def _write_workspace(dagster_home: Path, code_port: int) -> Path:
    server = {"host": LOOPBACK, "port": code_port, "location_name": LOCATION}
    path = dagster_home / "up-workspace.yaml"
    path.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    return path


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listens(host: str, port: int) -> Callable[[], bool]:
    """How to know that something listens there."""
    # What listens on every address is asked on loopback.
    asked = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound

    def answers() -> bool:
        try:
            with socket.create_connection((asked, port), _CONNECT_SECONDS):
                return True
        except OSError:
            return False

    return answers
