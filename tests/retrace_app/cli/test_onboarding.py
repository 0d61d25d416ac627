"""`retrace api onboard-hosted` as a person and a program see it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from retrace_resources.state import StateStore

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_manifest_for_programs_has_every_part_and_keys_that_work(retrace: Run, tmp_path: Path) -> None:
    done = retrace("api", "onboard-hosted", "--project", "Web", "--api-base-url", "https://a.example/", "--json")

    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert said.keys() == {"workspace", "credentials", "endpoints", "snippets", "verification", "checklist"}
    assert said["workspace"]["project"] == "Web"
    assert said["endpoints"]["replay_ingest"] == "https://a.example/api/sdk/replay"
    with StateStore.open(tmp_path / "data") as store:
        assert store.sdk_key(said["credentials"]["sdk_key"]) is not None
        assert store.service_token(said["credentials"]["service_token"]) is not None


def test_manifest_for_people_shows_every_snippet_and_takes_the_release_of_ci(retrace: Run) -> None:
    done = retrace("api", "onboard-hosted", GITHUB_SHA="abc123")

    assert done.returncode == 0
    assert done.stdout.count('release: "abc123"') == 3
    assert "curl" in done.stdout
    assert "expect: " in done.stdout
    assert "Copy the key and the token now" in done.stderr


def test_nothing_is_minted_when_a_scope_is_unknown(retrace: Run, tmp_path: Path) -> None:
    done = retrace("api", "onboard-hosted", "--service-token-scope", "everything")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[invalid_scope]: there is no scope 'everything'\n")
    assert not (tmp_path / "data").exists()
