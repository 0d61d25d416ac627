"""A real door with a fresh manifest, and a Chromium."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from retrace_app.actions.onboarding import Wishes, onboard_hosted
from retrace_resources.settings import Settings
from tests.browsers import browser, browsers
from tests.retrace_app.actions.onboarding.hosted import NAMES, REPOSITORY, Door, until

__all__ = ["browser", "browsers"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A running door, and a manifest for production."""
    folder = tmp_path_factory.mktemp("hosted")
    home = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": f"{program(folder)}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(REPOSITORY),
        "RETRACE_HOME": str(home),
    }
    process = subprocess.Popen(
        ["retrace", "api", "serve", "--port", str(port)],
        cwd=folder,
        env=environment,
        executable=str(folder / "bin" / "retrace"),
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(url))
        settings = Settings.model_validate({"run": {"data_dir": home}})
        manifest = onboard_hosted(settings, NAMES, Wishes(api_base_url=url, release="1.2.3"))
        yield Door(folder, home, url, environment, settings, manifest)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def program(folder: Path) -> Path:
    """A folder with `retrace` in it, as an installation has it."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "retrace"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m retrace_app.cli "$@"\n')
    program.chmod(0o755)
    return program.parent


def answers(url: str) -> bool:
    """Whether a door answers there."""
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/healthz").status_code == 200
    return False
