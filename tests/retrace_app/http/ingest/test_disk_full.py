"""A door whose disk is full says so, keeps what it has acknowledged, and goes on when there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.retrace_app.http.ingest.conftest import OpenDoor


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The home as a file system of 8 MiB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)]
    mount = subprocess.run(command, capture_output=True, text=True, check=False)
    if mount.returncode:
        pytest.skip(f"cannot mount a small disk: {mount.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_full_disk_is_answered_with_503_until_there_is_room(small_disk: Path, open_door: "OpenDoor") -> None:
    with open_door() as door:
        assert door.post(door.batch("before")).status_code == 202
        with (small_disk / "filler").open("wb") as filler:
            usage = os.statvfs(small_disk)
            os.posix_fallocate(filler.fileno(), 0, usage.f_bavail * usage.f_bsize)
        refused = door.post(door.batch("full", padding="x" * 1_000_000))
        assert (refused.status_code, refused.json()["error"]) == (503, "disk_full")
        assert int(refused.headers["retry-after"]) > 0
        assert str(small_disk) not in refused.text
        assert door.client.get("/healthz").status_code == 200
        (small_disk / "filler").unlink()
        retried = door.post(door.batch("full", padding="x" * 1_000_000))
        assert (retried.status_code, retried.json()["duplicate"]) == (202, False)
        assert [row["session_id"] for row in door.rows()] == ["before", "full"]
