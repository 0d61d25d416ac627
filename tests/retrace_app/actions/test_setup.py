"""Setting up a folder: what is written, minted and kept."""

import re
from pathlib import Path

import pytest

from retrace_app.actions.setup import CONFIG_TEXT, ENV_TEXT, quickstart
from retrace_app.actions.workspace import Names
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RETRACE_HOME", raising=False)
    return tmp_path


def test_written_configuration_says_the_defaults_even_where_it_is_commented_out(folder: Path) -> None:
    everything = re.sub(r"^# (?=\s*\w+:)", "", CONFIG_TEXT, flags=re.MULTILINE)
    (folder / "config.yaml").write_text(everything)
    (folder / "empty.yaml").write_text("")

    loaded = load_settings()

    assert everything.count("\n#") == 1
    assert loaded.warnings == ()
    assert loaded.detectors == {"rage_click": True}
    assert loaded.model_copy(update={"detectors": {}}) == load_settings(folder / "empty.yaml")


def test_written_env_file_sets_nothing_and_names_the_secrets() -> None:
    assert all(line.startswith("#") for line in ENV_TEXT.splitlines())
    assert {"RETRACE_LLM_API_KEY", "RETRACE_LINEAR_API_KEY", "GITHUB_TOKEN"} <= set(re.findall(r"[A-Z_]{5,}", ENV_TEXT))
    assert "RETRACE_HOME" not in ENV_TEXT


def test_setup_writes_beside_the_configuration_that_is_named(folder: Path) -> None:
    setup = quickstart(folder / "there" / "my config.yaml", Names(), "http://127.0.0.1:8788", "Browser SDK")

    assert (folder / "there" / "my config.yaml").exists()
    assert (folder / "there" / ".env").exists()
    assert (folder / "data" / "retrace.db").exists()
    assert setup.next[1] == f"retrace up --config '{folder}/there/my config.yaml'"


def test_setup_names_earlier_keys_of_the_same_environment_only() -> None:
    base_url = "http://127.0.0.1:8788"
    first = quickstart(None, Names(), base_url, "Browser SDK")
    staging = quickstart(None, Names(environment="staging"), base_url, "Browser SDK")
    again = quickstart(None, Names(), base_url, "Browser SDK")

    assert (first.earlier_keys, staging.earlier_keys) == ([], [])
    assert again.earlier_keys == [f"{first.sdk_key[:9]}…{first.sdk_key[-4:]}"]
    assert again.project_id == first.project_id == staging.project_id
    assert (again.created.config, again.created.env, again.created.key) == (False, False, True)


def test_setup_is_refused_when_the_folder_cannot_take_a_file(folder: Path) -> None:
    (folder / "file").write_text("")

    with pytest.raises(RetraceError) as refusal:
        quickstart(folder / "file" / "config.yaml", Names(), "http://127.0.0.1:8788", "Browser SDK")

    assert refusal.value.code is ErrorCode.FILE_UNWRITABLE


def test_setup_hides_secrets_when_it_is_printed() -> None:
    setup = quickstart(None, Names(), "http://127.0.0.1:8788", "Browser SDK")

    assert setup.sdk_key not in repr(setup)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://127.0.0.1:8788", "retrace api serve"),
        ("http://127.0.0.1:9000", "retrace api serve --port 9000"),
        ("https://example.com:8443", "retrace api serve"),
    ],
)
def test_next_command_serves_the_port_that_browsers_were_told(base_url: str, expected: str) -> None:
    assert quickstart(None, Names(), base_url, "Browser SDK").next[0] == expected
