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
from retrace_resources.landing import Segment
from retrace_resources.state import StateStore

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
    assert main(["api", "keys", "revoke", said["key_id"]]) == 0
    assert post(1) == 401
    assert capsys.readouterr() == ("", f"{said['key_id']} is revoked.\n")


def test_keys_are_listed_without_their_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # Where it is set, a pipe is taken to be so wide and ids are cut.
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["api", "keys", "list"]) == 0
    assert capsys.readouterr() == ("", "There is no key yet; `retrace quickstart` mints one.\n")

    main(["api", "create-sdk-key", "--name", "Shop\x1b[2J", "--api-base-url", "https://retrace.example.com/", "--json"])
    minted = json.loads(capsys.readouterr().out)
    main(["api", "keys", "list", "--json"])
    (listed,) = json.loads(capsys.readouterr().out)
    main(["api", "keys", "list"])
    table = capsys.readouterr().out

    assert minted["ingest_url"] == "https://retrace.example.com/api/sdk/replay"
    assert (listed["id"], listed["revoked_at"]) == (minted["key_id"], None)
    assert listed["created_at"].endswith("Z")
    assert minted["key_id"] in table
    assert "Shop\N{REPLACEMENT CHARACTER}[2J" in table
    assert minted["sdk_key"] not in json.dumps(listed) + table


def test_service_token_is_minted_with_its_scopes_and_revoked_like_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = ("--project", "Web", "--scope", "replay:read", "--scope", "issues:read", "--name", "CI", "--json")
    assert main(["api", "create-service-token", *wanted]) == 0
    minted = json.loads(capsys.readouterr().out)
    main(["api", "create-service-token"])
    shown = capsys.readouterr()
    main(["api", "keys", "revoke", minted["token_id"]])
    capsys.readouterr()
    main(["api", "keys", "list", "--json"])
    listed = {record["id"]: record for record in json.loads(capsys.readouterr().out)}

    assert minted["scopes"] == ["issues:read", "replay:read"]
    assert minted["environment_id"].startswith("env_")
    assert "mcp:read" in shown.out
    assert "Copy the token now" in shown.err
    record = listed[minted["token_id"]]
    assert (record["kind"], record["project"], record["name"]) == ("service_token", "Web", "CI")
    assert record["revoked_at"] is not None
    with StateStore.open(tmp_path / "data") as store:
        assert store.service_token(minted["service_token"]) is None


def test_unknown_scope_is_refused_before_a_workspace_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["api", "create-service-token", "--scope", "replay:raed"]) == 1
    assert capsys.readouterr().err.startswith(
        "error[invalid_scope]: there is no scope 'replay:raed'\nhint: the scopes are admin, ingest, "
    )
    assert not (tmp_path / "data").exists()


def test_key_writes_to_its_own_environment_whatever_the_batch_says(door: str, retrace: Run, tmp_path: Path) -> None:
    keys = {
        name: json.loads(retrace("api", "create-sdk-key", "--environment", name, "--json").stdout)
        for name in ("production", "staging")
    }
    batch = {"sessionId": "s1", "sequence": 0, "environment": "production", "events": [{"type": 4, "timestamp": 1}]}
    foreign = {**batch, "environment_id": keys["production"]["environment_id"]}

    httpx.post(
        f"{door}/api/sdk/replay?environment_id={keys['production']['environment_id']}",
        headers={"Authorization": f"Bearer {keys['staging']['sdk_key']}"},
        json=foreign,
    ).raise_for_status()

    (segment,) = (tmp_path / "data" / "landing" / "replay").glob("*.arrow*")
    rows = [row for part in Segment(segment.name, segment, 0).read() for row in part.to_pylist()]
    assert [row["environment_id"] for row in rows] == [keys["staging"]["environment_id"]]


def test_unknown_key_cannot_be_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["api", "keys", "revoke", "key_nope"]) == 1
    assert capsys.readouterr().err.startswith("error[key_not_found]: no key or token has the id 'key_nope'\n")


@pytest.mark.parametrize("url", ["retrace.example.com", "javascript:alert(1)", 'https://a"b', "https://a/b?c"])
def test_base_url_is_refused_when_it_could_not_be_pasted(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api", "create-sdk-key", "--api-base-url", url]) == 2
    assert "expected a URL" in capsys.readouterr().err
