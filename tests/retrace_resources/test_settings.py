"""Settings: where values come from, and how wrong ones are explained."""

import os
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.settings import NAMED_VARIABLES, Settings, load_settings
from retrace_resources.settings_schema import RateLimit


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and an environment without any variable of ours."""
    for name in os.environ:
        if name.startswith("RETRACE_") or name == "GITHUB_TOKEN":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(path: Path | None = None) -> RetraceError:
    with pytest.raises(RetraceError) as refusal:
        load_settings(path)
    return refusal.value


def test_settings_are_the_documented_defaults_when_nothing_is_configured(folder: Path) -> None:
    loaded = load_settings()

    assert loaded.home == folder / "data"
    assert loaded.output_dir == folder / "reports"
    assert loaded.llm.provider == "openai_compatible"
    assert loaded.llm.timeout_seconds == 120
    assert loaded.linear.endpoint == "https://api.linear.app/graphql"
    assert loaded.retention.model_dump() == {
        "failures_days": 90,
        "evidence_days": 90,
        "source_maps_days": 30,
        "rate_limit_hours": 48,
        "replay_batches_days": 30,
        "otel_events_days": 30,
        "run_artifact_days": 30,
    }
    assert loaded.rate_limits.replay == RateLimit(600, 60)
    assert loaded.warnings == ()


def test_settings_read_the_file_that_is_named_and_the_env_beside_it(folder: Path) -> None:
    (folder / "there").mkdir()
    path = folder / "there" / "retrace.yaml"
    path.write_text("posthog:\n  host: https://eu.posthog.com\n  project_id: 42\nllm:\n")
    (folder / "there" / ".env").write_text("RETRACE_POSTHOG_API_KEY=phx_from_env_file\n")

    loaded = load_settings(path)

    assert loaded.posthog.host == "https://eu.posthog.com"
    assert loaded.posthog.project_id == "42"
    assert loaded.posthog.api_key.get_secret_value() == "phx_from_env_file"
    assert loaded.home == folder / "data"


def test_process_environment_overrides_env_file_overrides_config_when_all_name_a_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config.yaml").write_text("llm: {model: from-config, base_url: from-config, api_key: from-config}")
    (folder / ".env").write_text(
        "RETRACE_LLM__MODEL=from-env-file\nRETRACE_LLM__BASE_URL=from-env-file\nRETRACE_LLM_API_KEY=from-env-file\n"
    )
    monkeypatch.setenv("RETRACE_LLM__MODEL", "from-process")
    monkeypatch.setenv("RETRACE_LLM_API_KEY", "from-process")
    monkeypatch.setenv("RETRACE_LLM__BASE_URL", "")

    loaded = load_settings()

    assert loaded.llm.model == "from-process"
    assert loaded.llm.api_key.get_secret_value() == "from-process"
    assert loaded.llm.base_url == "from-env-file"


def test_reading_settings_leaves_the_process_environment_alone(folder: Path) -> None:
    (folder / ".env").write_text("RETRACE_TESTER_AUTH_PASSWORD=hunter2\n")
    before = dict(os.environ)

    loaded = load_settings()

    assert loaded.variable("RETRACE_TESTER_AUTH_PASSWORD") == "hunter2"
    assert loaded.variable("RETRACE_NOWHERE_SET") == ""
    assert dict(os.environ) == before


def test_retrace_home_overrides_the_data_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.yaml").write_text("run: {data_dir: elsewhere, output_dir: out}")
    monkeypatch.setenv("RETRACE_HOME", str(folder / "home"))

    loaded = load_settings()

    assert loaded.home == folder / "home"
    assert loaded.output_dir == folder / "out"


@pytest.mark.parametrize("variable", [name for name, _ in NAMED_VARIABLES])
def test_named_variable_sets_its_key(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "given")
    block, name = dict(NAMED_VARIABLES)[variable].split(".")

    value = getattr(getattr(load_settings(), block), name)

    assert str(getattr(value, "get_secret_value", lambda: value)()) == "given"


def test_first_of_the_github_variables_wins_when_several_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "last")
    monkeypatch.setenv("RETRACE_GITHUB_TOKEN", "second")

    assert load_settings().github_sink.api_key.get_secret_value() == "second"


@pytest.mark.parametrize(
    ("provider", "expected"), [("openai", "sk-openai"), ("anthropic", "sk-anthropic"), ("openai_compatible", "")]
)
def test_llm_key_falls_back_to_the_one_of_its_provider(
    provider: str, expected: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config.yaml").write_text(f"llm: {{provider: {provider}}}")
    monkeypatch.setenv("RETRACE_OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("RETRACE_ANTHROPIC_API_KEY", "sk-anthropic")

    assert load_settings().llm.api_key.get_secret_value() == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{replay: 5/1s}", RateLimit(5, 1)),
        ("{replay: off}", None),
        ("{replay: 'off'}", None),
        ("off", None),
        ("{}", RateLimit(600, 60)),
    ],
)
def test_rate_limit_is_requests_over_seconds_or_off(written: str, expected: RateLimit | None, folder: Path) -> None:
    (folder / "config.yaml").write_text(f"rate_limits: {written}")

    assert load_settings().rate_limits.replay == expected


def test_rate_limits_variable_switches_off_what_the_file_sets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.yaml").write_text("rate_limits: {replay: 600/60s}")
    monkeypatch.setenv("RETRACE_RATE_LIMITS", "off")

    assert load_settings().rate_limits.replay is None


@pytest.mark.parametrize("written", ["600", "0/60s", "600/0s", "600/60m", "-1/60s", "6e2/60s", "true", "[600, 60]"])
def test_rate_limit_is_refused_when_it_has_another_form(written: str, folder: Path) -> None:
    (folder / "config.yaml").write_text(f"rate_limits: {{replay: {written}}}")

    assert "expected requests over seconds such as 600/60s, or off" in refused().detail


def test_every_wrong_value_is_named_at_once_with_what_was_found_and_expected(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config.yaml").write_text(
        "llm: {provider: opnai}\n"
        "run: nonsense\n"
        "retention: {failures_days: 0}\n"
        "detectors: {rage_click: maybe}\n"
        "tester: {auth_profiles: {admin: {mode: magic}}}\n"
    )
    monkeypatch.setenv("RETRACE_CLUSTER__MIN_SIZE", "many")

    refusal = refused()

    assert refusal.code is ErrorCode.CONFIG_INVALID
    assert sorted(refusal.detail.splitlines()) == [
        "`cluster.min_size` (from RETRACE_CLUSTER__MIN_SIZE) is 'many', expected a valid integer, "
        "unable to parse string as an integer",
        "`detectors.rage_click` is 'maybe', expected true, false, or a block of thresholds that are whole numbers",
        "`llm.provider` is 'opnai', expected 'openai_compatible', 'openai', 'anthropic' or 'openrouter'",
        "`retention.failures_days` is 0, expected greater than or equal to 1",
        "`run` is a value of type str, expected a block of keys",
        "`tester.auth_profiles.admin.mode` is 'magic', expected 'none', 'form', 'jwt' or 'headers'",
    ]
    assert "config.yaml" in refusal.hint


@pytest.mark.parametrize(
    "written",
    [
        "llm: {api_key: [sk-hunter2]}",
        "llm: sk-hunter2",
        "github_app: {private_key: {pem: sk-hunter2}}",
        "linear: {api_key: sk-hunter2\n",
        "- sk-hunter2",
    ],
)
def test_secret_is_not_quoted_back_when_its_place_is_wrong(written: str, folder: Path) -> None:
    (folder / "config.yaml").write_text(written)

    refusal = refused()

    assert refusal.code is ErrorCode.CONFIG_INVALID
    assert "hunter2" not in f"{refusal} {refusal.detail} {refusal.hint} {refusal.__cause__!r}"


def test_secrets_are_hidden_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, key in NAMED_VARIABLES:
        if re.search("key|secret|webhook", key):
            monkeypatch.setenv(variable, "hunter2")

    assert "hunter2" not in repr(load_settings())


def test_typos_are_reported_with_the_nearest_key_and_otherwise_ignored(folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "llm: {modle: gpt}\n"
        "retension: {failures_days: 3}\n"
        "issue_sinks: {}\n"
        "cluster: {zzz: 1}\n"
        "tester: {auth_profiles: {admin: {pasword_env: X}}}\n"
    )

    loaded = load_settings()

    assert loaded.llm.model == ""
    assert loaded.warnings == (
        "`llm.modle` is not a key of the configuration; did you mean `llm.model`?",
        "`retension` is not a key of the configuration; did you mean `retention`?",
        "`cluster.zzz` is not a key of the configuration; it has no effect",
        "`tester.auth_profiles.admin.pasword_env` is not a key of the configuration; "
        "did you mean `tester.auth_profiles.admin.password_env`?",
    )


def test_named_file_must_exist(folder: Path) -> None:
    refusal = refused(folder / "absent.yaml")

    assert refusal.code is ErrorCode.CONFIG_NOT_FOUND
    assert "absent.yaml" in refusal.detail


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (b"llm:\n  model: [", "config.yaml:2 is not valid YAML"),
        (b"llm: \xff", "cannot be read"),
        (b"just text", "holds a str"),
        (b"llm: \x00", "cannot be read"),
    ],
)
def test_file_is_refused_when_it_is_not_a_yaml_mapping(written: bytes, found: str, folder: Path) -> None:
    (folder / "config.yaml").write_bytes(written)

    assert found in refused().detail


def test_env_file_is_refused_when_it_is_not_text(folder: Path) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe=\x00")

    assert refused().code is ErrorCode.CONFIG_INVALID


def test_whole_block_in_one_variable_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRACE_LLM", "gpt")

    refusal = refused()

    assert refusal.code is ErrorCode.CONFIG_INVALID
    assert "llm" in refusal.detail


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
_names = st.sampled_from([*Settings.model_fields, "api_key", "replay", "auth_profiles", "provider"]) | st.text(
    max_size=9
)
_documents = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names | st.integers(), inner, max_size=4)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(_names, _documents, max_size=5))
def test_any_yaml_mapping_loads_or_is_refused_by_name(document: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")

    refusal: RetraceError | None = None
    try:
        load_settings(path)
    except RetraceError as error:
        refusal = error

    assert refusal is None or (refusal.code is ErrorCode.CONFIG_INVALID and refusal.detail)
