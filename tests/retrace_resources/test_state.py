"""The state store: ids that never change, decisions that come back, and many processes on one file."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import retrace_resources
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.ids import incident_id
from retrace_resources.state import Decision, PipelineState, RuleChange, StateStore, Workspace

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


@pytest.fixture
def workspace(store: StateStore) -> Workspace:
    return store.ensure_workspace("Local", "Default", "production")


def decision(fingerprint: str = "f1", **changes: object) -> Decision:
    values = {
        "kind": "resolve",
        "project_id": "proj_1",
        "environment_id": "env_1",
        "fingerprint": fingerprint,
        "fingerprint_version": 1,
        "actor": "ada",
        "at": AT,
    }
    return Decision(**{**values, **changes})  # type: ignore[arg-type]


def test_workspace_has_the_same_ids_in_every_home(store: StateStore, workspace: Workspace, tmp_path: Path) -> None:
    with StateStore.open(tmp_path / "another") as another:
        assert another.ensure_workspace("Local", "Default", "production") == workspace

    assert workspace == Workspace("proj_e27e031b256e4d7c", "env_9379ef17b777173f", 11037642)


def test_workspace_is_the_same_when_its_names_differ_in_case_and_punctuation_only(
    store: StateStore, workspace: Workspace
) -> None:
    assert store.ensure_workspace(" local", "DEFAULT!", "Production") == workspace


def test_workspaces_differ_when_their_names_have_no_latin_letter(store: StateStore) -> None:
    shop, blog = (store.ensure_workspace("Local", name, "production") for name in ("店", "ブログ"))

    assert shop.project_id != blog.project_id
    assert shop.dsn_project_number != blog.dsn_project_number


def test_environments_of_a_project_share_its_dsn_number(store: StateStore, workspace: Workspace) -> None:
    staging = store.ensure_workspace("Local", "Default", "staging")

    assert staging.dsn_project_number == workspace.dsn_project_number
    assert staging.environment_id != workspace.environment_id


def test_dsn_number_is_the_next_hash_when_another_project_has_it(
    store: StateStore, home: Path, workspace: Workspace
) -> None:
    with sqlite3.connect(home / "retrace.db") as connection:
        connection.execute("UPDATE projects SET id = 'proj_other', slug = 'other'")
        connection.execute("DELETE FROM environments")
    connection.close()

    again = store.ensure_workspace("Local", "Default", "production")

    assert again.project_id == workspace.project_id
    assert 0 < again.dsn_project_number <= 999_999_999
    assert again.dsn_project_number != workspace.dsn_project_number


@pytest.mark.parametrize("name", ["", "  ", "!!!", "_"])
def test_workspace_name_is_refused_when_it_has_no_letter_or_digit(name: str, store: StateStore) -> None:
    with pytest.raises(RetraceError) as refusal:
        store.ensure_workspace("Local", name, "production")

    assert refusal.value.code is ErrorCode.INVALID_NAME


def test_decisions_come_back_whole_and_in_order(store: StateStore) -> None:
    taken = [
        decision("f1", kind="resolve", reason="fixed in 1.2", payload={"commit": "abc", "tests": [1, 2]}),
        decision("f2", kind="merge", payload={"into": "f1"}),
        decision("f1", kind="reopen", at=AT - timedelta(days=1)),
        decision("f1", kind="ignore", at=AT.astimezone(timezone(timedelta(hours=2))), fingerprint_version=2),
    ]

    for one in taken:
        store.record_decision(one)

    assert store.decisions() == taken


def test_rule_changes_come_back_whole_and_in_order(store: StateStore) -> None:
    made = [
        RuleChange(detector="rage_click", actor="ada", at=AT),
        RuleChange(
            detector="rage_click",
            actor="ada",
            at=AT - timedelta(days=1),
            project_id="proj_1",
            environment_id="env_1",
            reason="too eager",
            enabled=False,
            thresholds={"clicks": 4, "window_ms": None},
            min_confidence="high",
            min_signals=2,
            suppress=({"route": "/a"}, {"selector": "x", "route": "/b"}),
            lift=("sup_1",),
            origin="sig_1",
        ),
    ]
    for change in made:
        store.record_rule_change(change)

    assert store.rule_changes() == made


def test_places_are_every_environment_by_name(store: StateStore) -> None:
    first = store.ensure_workspace("Local", "Shop", "staging")
    store.ensure_workspace("Local", "Shop", "production")
    store.ensure_workspace("Local", "Blog", "production")

    places = store.places()

    assert [(place.project, place.environment) for place in places] == [
        ("Blog", "production"),
        ("Shop", "production"),
        ("Shop", "staging"),
    ]
    assert (places[2].project_id, places[2].environment_id) == (first.project_id, first.environment_id)


def test_workspace_is_found_by_its_ids_only_when_they_belong_together(store: StateStore, workspace: Workspace) -> None:
    other = store.ensure_workspace("Local", "Blog", "production")

    assert store.workspace(workspace.project_id, workspace.environment_id) == workspace
    assert store.workspace(other.project_id, workspace.environment_id) is None


def test_environments_are_those_of_one_project(store: StateStore, workspace: Workspace) -> None:
    staging = store.ensure_workspace("Local", "Default", "staging")
    store.ensure_workspace("Local", "Blog", "production")

    found = store.environments(workspace.project_id)

    assert [place.environment_id for place in found] == [workspace.environment_id, staging.environment_id]
    assert store.environments("proj_nope") == []


def test_decision_is_refused_when_its_kind_is_unknown() -> None:
    with pytest.raises(ValueError, match="resolve, verify, regress, ignore, reopen, merge"):
        decision(kind="forget")


def test_decision_is_refused_when_its_time_has_no_zone(store: StateStore) -> None:
    with pytest.raises(Exception, match="has no time zone"):
        store.record_decision(decision(at=AT.replace(tzinfo=None)))

    assert store.decisions() == []


def test_incident_ids_are_given_once_and_kept(store: StateStore, home: Path) -> None:
    first = store.assign_incident_ids("proj_1", "env_1", ["f1", "f2", "f1"])

    with StateStore.open(home) as another:
        again = another.assign_incident_ids("proj_1", "env_1", ["f3", "f2", "f1"])
        assert another.incident_ids("proj_1", "env_1") == again

    assert first == {"f1": incident_id("proj_1", "env_1", "f1", ()), "f2": incident_id("proj_1", "env_1", "f2", ())}
    assert again == {**first, "f3": incident_id("proj_1", "env_1", "f3", ())}


def test_incident_id_is_the_next_six_characters_when_another_bug_has_the_first(store: StateStore, home: Path) -> None:
    first = incident_id("proj_1", "env_1", "f1", ())
    with sqlite3.connect(home / "retrace.db") as connection:
        connection.execute("INSERT INTO incident_ids VALUES ('proj_2', 'env_2', 'other', ?, '2026-01-01')", (first,))
    connection.close()

    given = store.assign_incident_ids("proj_1", "env_1", ["f1"])

    assert given == {"f1": incident_id("proj_1", "env_1", "f1", (first,))}
    assert given["f1"] != first


def test_incident_ids_belong_to_their_environment(store: StateStore) -> None:
    production = store.assign_incident_ids("proj_1", "env_1", ["f1"])
    staging = store.assign_incident_ids("proj_1", "env_2", ["f1"])

    assert production != staging
    assert store.incident_ids("proj_1", "env_2") == staging


def test_many_fingerprints_get_their_ids_in_one_call(store: StateStore) -> None:
    fingerprints = [f"f{number}" for number in range(1200)]

    given = store.assign_incident_ids("proj_1", "env_1", fingerprints)

    assert list(given) == fingerprints
    assert len(set(given.values())) == 1200


def test_pipeline_state_keeps_what_a_later_step_does_not_name(store: StateStore) -> None:
    store.save_pipeline_state("proj_1", "env_1", "INC-AAAAAA", repro_status="reproduced", repro_spec_id="spec_1")
    store.save_pipeline_state("proj_1", "env_1", "INC-AAAAAA", fix_status="pr_open", repro_status="green")
    store.save_pipeline_state("proj_1", "env_2", "INC-AAAAAA", fix_status="error")

    assert store.pipeline_states("proj_1", "env_1") == {
        "INC-AAAAAA": PipelineState(repro_status="green", repro_spec_id="spec_1", fix_status="pr_open")
    }


def test_pipeline_state_is_refused_when_a_field_is_unknown(store: StateStore) -> None:
    with pytest.raises(TypeError, match="fix_stauts"):
        store.save_pipeline_state("proj_1", "env_1", "INC-AAAAAA", fix_stauts="pr_open")


def test_files_of_the_store_are_for_their_owner_only(store: StateStore, workspace: Workspace, home: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}

    assert "retrace.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_home_is_refused_when_it_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")

    with pytest.raises(RetraceError) as refusal:
        StateStore.open(tmp_path / "home")

    assert refusal.value.code is ErrorCode.HOME_UNUSABLE


def test_home_is_refused_when_its_store_is_another_kind_of_file(home: Path) -> None:
    home.mkdir()
    (home / "retrace.db").write_bytes(b"not a database, but long enough to look at" * 100)

    with pytest.raises(RetraceError) as refusal:
        StateStore.open(home)

    assert refusal.value.code is ErrorCode.HOME_UNUSABLE
    assert "not a database" in refusal.value.detail


_PROCESS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from retrace_resources.state import Decision, StateStore

name = sys.argv[1]
with StateStore.open(Path(sys.argv[2])) as store:
    workspace = store.ensure_workspace("Local", "Default", "production")
    _, secret = store.create_sdk_key(workspace, name)
    for number in range(25):
        store.assign_incident_ids("proj_1", "env_1", [f"f{number}", f"{name}-{number}"])
        store.record_decision(Decision(
            kind="resolve", project_id="proj_1", environment_id="env_1", fingerprint=f"{name}-{number}",
            fingerprint_version=1, actor=name, at=datetime.now(UTC),
        ))
        assert store.sdk_key(secret)
"""


def test_processes_share_a_new_home_without_waiting_in_vain_or_losing_a_row(home: Path) -> None:
    source = str(Path(retrace_resources.__file__).parents[1])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, name, str(home)], cwd=source, stderr=subprocess.PIPE, text=True
        )
        for name in "abc"
    ]
    complaints = [process.communicate(timeout=60)[1] for process in processes]

    assert complaints == [""] * 3
    with StateStore.open(home) as store:
        ids = store.incident_ids("proj_1", "env_1")
        assert len(ids) == len(set(ids.values())) == 25 + 3 * 25
        assert len(store.decisions()) == 3 * 25
        assert len(store.list_keys()) == 3
