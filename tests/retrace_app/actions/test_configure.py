"""Writing down what was chosen: everything that was there stays, and keys are readable by their owner only."""

import stat
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.actions.configure import (
    LLM_VARIABLE,
    LlmChoice,
    PostHogChoice,
    configure,
    try_llm,
    with_blocks,
    with_variables,
)
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import load_settings

LLM = LlmChoice("openai_compatible", "http://127.0.0.1:1/v1", "m1", "sk-secret")
POSTHOG = PostHogChoice("https://eu.posthog.com", "17", "phx_secret")

KEPT = """\
# mine
run:
  data_dir: "elsewhere"   # on the big disk
llm: {model: old, timeout_seconds: 5}
detectors:
    - not: a block
"""


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRACE_HOME", LLM_VARIABLE, "RETRACE_POSTHOG_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_choices_are_what_is_read_back_and_keys_are_private(tmp_path: Path) -> None:
    done = configure(tmp_path / "config.yaml", POSTHOG, LLM)

    settings = load_settings(tmp_path / "config.yaml")
    assert (settings.posthog.host, settings.posthog.project_id) == ("https://eu.posthog.com", "17")
    assert settings.posthog.api_key.get_secret_value() == "phx_secret"
    assert (settings.llm.base_url, settings.llm.model) == (LLM.base_url, "m1")
    assert settings.llm.api_key.get_secret_value() == "sk-secret"
    assert "secret" not in (tmp_path / "config.yaml").read_text()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert (done.blocks, done.hidden_by_environment) == (["posthog", "llm"], [])


def test_comments_order_and_other_keys_stay() -> None:
    changed = with_blocks(KEPT, {"llm": {"model": "new"}}, Path("config.yaml"))

    assert changed.splitlines()[:3] == KEPT.splitlines()[:3]
    assert yaml.safe_load(changed) == {**yaml.safe_load(KEPT), "llm": {"model": "new", "timeout_seconds": 5}}


@pytest.mark.parametrize("text", ["", "# nothing but a comment", "# two\n# lines\n", "---\n# marked\n"])
def test_document_without_keys_keeps_its_comments(text: str) -> None:
    changed = with_blocks(text, {"llm": {"model": "m1"}}, Path("config.yaml"))

    assert yaml.safe_load(changed) == {"llm": {"model": "m1"}}
    assert [line for line in changed.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]


@pytest.mark.parametrize("text", ["a: [", "- a list\n", "just text\n", "a: 1\na: 2\n"])
def test_configuration_that_is_no_block_of_keys_is_left_as_it_is(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)

    with pytest.raises(RetraceError) as refusal:
        configure(tmp_path / "config.yaml", None, LLM)

    assert refusal.value.code is ErrorCode.CONFIG_INVALID
    assert (tmp_path / "config.yaml").read_text() == text


def test_variable_is_set_where_it_was_and_the_rest_stays() -> None:
    text = "# secrets\nexport A=1\n# B=\nC='x'\n# B is for b\n"

    assert with_variables(text, {"A": "2", "B": "3", "D": "4"}) == "# secrets\nA=2\nB=3\nC='x'\n# B is for b\nD=4\n"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30))
def test_any_key_of_one_line_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_text(with_variables("OTHER=kept\n", {"KEY": value}), encoding="utf-8", newline="")

    assert dotenv_values(path, interpolate=True) == {"OTHER": "kept", "KEY": value}


def test_key_of_several_lines_is_refused() -> None:
    with pytest.raises(RetraceError) as refusal:
        with_variables("", {"KEY": "a\nEVIL=1"})

    assert refusal.value.code is ErrorCode.CONFIG_INVALID
    assert "EVIL" not in refusal.value.detail


def test_variable_of_the_process_that_counts_more_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LLM_VARIABLE, "another")

    assert configure(tmp_path / "config.yaml", None, LLM).hidden_by_environment == [LLM_VARIABLE]


def test_unknown_provider_is_not_asked() -> None:
    assert try_llm(LlmChoice("openia", "http://127.0.0.1:1", "m1", "")).verdict == "wrong"
