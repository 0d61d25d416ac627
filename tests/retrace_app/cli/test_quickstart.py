"""`retrace quickstart` as a person and a program see it."""

import json
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

from retrace_resources.state import StateStore

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_fresh_folder_is_set_up_by_one_command(retrace: Run, tmp_path: Path) -> None:
    done = retrace("quickstart")

    assert (done.returncode, done.stderr) == (0, "")
    (secret,) = set(re.findall(r"rtpk_\w{43}", done.stdout))
    with StateStore.open(tmp_path / "data") as store:
        key = store.sdk_key(secret)
    assert key is not None
    assert key.project_id in done.stdout
    assert key.environment_id in done.stdout
    assert f"http://{secret}@127.0.0.1:8788/11037642\n" in done.stdout
    (name,) = re.findall(r'script.src = "http://127.0.0.1:8788/sdk/(.+)";\n', done.stdout)
    assert (tmp_path / "data" / "sdk" / name).is_file()
    assert 'ingestUrl: "http://127.0.0.1:8788/api/sdk/replay",\n' in done.stdout
    assert re.findall(r"retrace [a-z ]+\S", done.stdout.split("Next")[1])[0].startswith("retrace api serve")
    assert (tmp_path / "config.yaml").exists()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_second_run_keeps_what_is_there_and_says_that_it_minted_another_key(retrace: Run, tmp_path: Path) -> None:
    first = json.loads(retrace("quickstart", "--json").stdout)
    (tmp_path / "config.yaml").write_text("run: {output_dir: out}\n")

    done = retrace("quickstart")

    assert done.returncode == 0
    assert (tmp_path / "config.yaml").read_text() == "run: {output_dir: out}\n"
    assert first["sdk_key"] not in done.stdout
    shown = f"{first['sdk_key'][:9]}…{first['sdk_key'][-4:]}"
    assert f"There was a key already ({shown}); this is another, and both work." in done.stdout


def test_json_is_all_of_stdout_and_has_every_documented_field(retrace: Run, tmp_path: Path) -> None:
    snippet_path = tmp_path / "snippet.html"

    done = retrace("quickstart", "--json", "--write-snippet", str(snippet_path), "--api-port", "9000")

    said = json.loads(done.stdout)
    assert said["created"] == {"config": True, "env": True, "key": True}
    assert said["ingest_url"] == "http://127.0.0.1:9000/api/sdk/replay"
    assert said["sentry_dsn"] == f"http://{said['sdk_key']}@127.0.0.1:9000/11037642"
    assert said["next"] == ["retrace api serve --port 9000", "retrace up --port 9000", "retrace qa list"]
    assert {"project_id", "environment_id", "snippet"} <= said.keys()
    assert snippet_path.read_text() == said["snippet"]
    assert done.stderr == f"The snippet is in {snippet_path}.\n"


def test_wrong_configuration_is_refused_before_anything_is_minted(retrace: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("retention: {failures_days: never}\n")

    done = retrace("quickstart", RETRACE_HOME=str(tmp_path / "home"))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error[config_invalid]: `retention.failures_days` is 'never', "
        "expected a valid integer, unable to parse string as an integer\n"
        "hint: correct config.yaml, or the variable named\n"
    )
    assert not (tmp_path / "home").exists()
