"""The examination as a whole: what is well, what is a warning, and what ends it."""

from pathlib import Path

from retrace_app.actions.doctor.examination import examine
from tests.retrace_app.actions.doctor.examined import statuses


def test_first_party_installation_is_well_before_anything_runs(installed: Path) -> None:
    before = sorted(installed.rglob("*"))

    examination = examine(None, fix=False)

    assert examination.healthy
    assert {one.name: one.found for one in examination.findings if one.status == "fail"} == {}
    assert not (installed / "dagster").exists()
    assert not (installed / "lake").exists()
    assert sorted(installed.rglob("*")) == before


def test_nothing_is_made_where_nothing_was_set_up(folder: Path) -> None:
    assert {"home", "state store", "keys"} <= statuses().keys()
    assert set(statuses().values()) == {"warn"}
    assert list(folder.iterdir()) == []


def test_configuration_that_cannot_be_read_is_the_only_finding(folder: Path) -> None:
    (folder / "config.yaml").write_text("retention: {failures_days: never}\n")

    examination = examine(None, fix=True)

    assert not examination.healthy
    [finding] = examination.findings
    assert (finding.name, finding.status) == ("configuration", "fail")
    assert "retention.failures_days" in finding.found
