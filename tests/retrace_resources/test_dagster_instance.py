"""Dagster's home: made once, whoever comes first."""

import subprocess
import sys
from pathlib import Path

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.dagster_instance import dagster_home, ensure_dagster_home, open_instance, packaged_config

ROOT = Path(__file__).parents[2]
OPEN = "import sys; from pathlib import Path; from retrace_resources.dagster_instance import open_instance\n"
OPEN += "with open_instance(Path(sys.argv[1])) as instance: print(instance.get_runs_count())"


@pytest.fixture(autouse=True)
def _no_dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def test_dagster_yaml_of_the_repository_is_the_packaged_one() -> None:
    assert (ROOT / "dagster.yaml").read_text("utf-8") == packaged_config()


def test_dagster_home_is_a_folder_of_the_home_when_nobody_set_it(home: Path) -> None:
    assert dagster_home(home) == home / "dagster"


def test_dagster_home_is_what_the_variable_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(home / "other"))

    assert ensure_dagster_home(home) == home / "other"
    assert (home / "other" / "dagster.yaml").read_text("utf-8") == packaged_config()


def test_config_of_a_persons_dagster_home_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = home / "theirs"
    theirs.mkdir()
    (theirs / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(theirs))

    ensure_dagster_home(home)

    assert (theirs / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


def test_config_of_our_own_dagster_home_follows_the_packaged_one(home: Path) -> None:
    config = ensure_dagster_home(home) / "dagster.yaml"
    written = config.read_text("utf-8")
    config.write_text("telemetry: {enabled: true}\n")

    ensure_dagster_home(home)

    assert config.read_text("utf-8") == written
    assert written.startswith(packaged_config())


def test_a_home_that_was_moved_keeps_its_history_where_it_is_now(home: Path) -> None:
    ensure_dagster_home(home)
    moved = home.rename(home.with_name("moved"))

    with open_instance(moved) as instance:
        assert instance.get_runs_count() == 0
    assert not home.exists()


def test_instance_is_made_of_our_parts(home: Path) -> None:
    with open_instance(home) as instance:
        assert type(instance.run_storage).__module__ == "retrace_resources.dagster_storage"
        assert type(instance.run_coordinator).__name__ == "LanesRunCoordinator"
        assert type(instance.run_launcher).__name__ == "WarmRunLauncher"
        assert not instance.telemetry_enabled


def test_a_folder_that_cannot_be_made_is_a_refusal(home: Path) -> None:
    (home / "dagster").write_text("a file")

    with pytest.raises(RetraceError) as refusal:
        ensure_dagster_home(home)

    assert refusal.value.code is ErrorCode.HOME_UNUSABLE


@pytest.mark.slow
def test_a_fresh_home_survives_four_processes_at_once(home: Path) -> None:
    """Without the lock, two processes that make a SQLite home leave it with two alembic heads for ever."""
    opening = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    assert [process.communicate(timeout=60)[0] for process in opening] == ["0\n"] * 4
    with open_instance(home) as instance:
        assert instance.get_runs_count() == 0
