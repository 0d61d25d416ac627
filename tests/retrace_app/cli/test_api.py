"""`retrace api`: keys that the real door takes and, once revoked, refuses."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from retrace_app.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def door(port: int, environment: Mapping[str, str], tmp_path: Path) -> Iterator[str]:
    """`retrace api serve`, listening."""
    process = subprocess.Popen(
        [sys.executable, "-m", "retrace_app.cli", "api", "serve", "--port", str(port)],
        cwd=tmp_path,
        env=dict(environment),
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_key_is_taken_by_the_door_until_it_is_revoked(
    door: str, retrace: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.loads(retrace("quickstart", "--json").stdout)

    def post(sequence: int) -> int:
        return httpx.post(
            f"{door}/api/sdk/replay",
            headers={"Authorization": f"Bearer {said['sdk_key']}"},
            json={"sessionId": "s1", "sequence": sequence, "events": [{"type": 4, "timestamp": 1_700_000_000_000}]},
        ).status_code

    assert post(0) == 202
    monkeypatch.chdir(tmp_path)
    assert main(["api", "revoke-sdk-key", said["key_id"]]) == 0
    assert post(1) == 401
    assert capsys.readouterr() == ("", f"{said['key_id']} is revoked.\n")


def test_keys_are_listed_without_their_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # Where it is set, a pipe is taken to be so wide and ids are cut.
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["api", "list-sdk-keys"]) == 0
    assert capsys.readouterr() == ("", "There is no SDK key yet; `retrace quickstart` mints one.\n")

    main(["api", "create-sdk-key", "--name", "Shop\x1b[2J", "--api-base-url", "https://retrace.example.com/", "--json"])
    minted = json.loads(capsys.readouterr().out)
    main(["api", "list-sdk-keys", "--json"])
    (listed,) = json.loads(capsys.readouterr().out)
    main(["api", "list-sdk-keys"])
    table = capsys.readouterr().out

    assert minted["ingest_url"] == "https://retrace.example.com/api/sdk/replay"
    assert (listed["id"], listed["revoked_at"]) == (minted["key_id"], None)
    assert listed["created_at"].endswith("Z")
    assert minted["key_id"] in table
    assert "Shop\N{REPLACEMENT CHARACTER}[2J" in table
    assert minted["sdk_key"] not in json.dumps(listed) + table


def test_unknown_key_cannot_be_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["api", "revoke-sdk-key", "key_nope"]) == 1
    assert capsys.readouterr().err.startswith("error[sdk_key_not_found]: no key has the id 'key_nope'\n")


@pytest.mark.parametrize("url", ["retrace.example.com", "javascript:alert(1)", 'https://a"b', "https://a/b?c"])
def test_base_url_is_refused_when_it_could_not_be_pasted(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api", "create-sdk-key", "--api-base-url", url]) == 2
    assert "expected a URL" in capsys.readouterr().err
