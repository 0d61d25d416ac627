"""The demo, as somebody who has just cloned it: every bug of the shop that a detector knows, once, and no other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrace_app.actions.incidents import list_incidents
from retrace_app.cli.options import read_settings
from retrace_app.demo.reproducing import reproduce_two
from retrace_app.demo.visitors import VISITORS
from retrace_resources.lake import Lake

pytestmark = pytest.mark.slow

# The other two faults of the shop, a 404 and an error toast, belong to detectors that are not there yet.
BUGS = {
    "POST /api/orders answers 500 on /checkout",
    "button “Apply code” on /cart does nothing",
    "GET /api/account/orders answers 404 on /account/orders",
    "“Could not save your profile” is shown on /account/profile",
    "TypeError: Cannot read properties of undefined (reading 'push') on /products/:id",
    "TypeError: Cannot read properties of undefined (reading 'price') on /products/:id/deals",
}


def retrace(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("RETRACE_", "DAGSTER_", "COLUMNS"))
    }
    return subprocess.run(
        [sys.executable, "-m", "retrace_app.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder in which `retrace demo seed` ran, and what it said."""
    folder = tmp_path_factory.mktemp("seeded")
    return folder, retrace(folder, "demo", "seed")


def test_stored_visits_become_one_incident_a_bug(seeded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, run = seeded
    assert run.returncode == 0, run.stderr
    listed = json.loads(retrace(folder, "qa", "list", "--json").stdout)
    assert {incident["title"] for incident in listed} == BUGS
    assert all(incident["evidence"]["counterfactual"] for incident in listed)
    assert all(incident["affected_count"] >= 2 for incident in listed)


def test_the_terminal_shows_each_with_its_evidence_and_what_to_type_next(
    seeded: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, run = seeded
    for bug in BUGS:
        assert bug in run.stdout
    assert "/api/orders → 500" in run.stdout
    command = next(line.split() for line in run.stderr.splitlines() if " qa show INC-" in line)
    shown = retrace(folder, *command[1:4])
    assert shown.returncode == 0
    assert "Steps" in shown.stdout


def test_an_analyst_can_ask_where_people_struggle(seeded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = seeded
    answer = retrace(folder, "sql", "FROM friction_by_route", "--format", "json")
    routes = {row["route"]: row for row in json.loads(answer.stdout)}
    assert routes["/cart"]["rage_clicks"] >= 2
    assert routes["/checkout"]["failed_requests"] >= 2


def test_running_it_again_adds_sessions_and_no_incident(seeded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = seeded
    before = {
        incident["public_id"]: incident for incident in json.loads(retrace(folder, "qa", "list", "--json").stdout)
    }
    again = json.loads(retrace(folder, "demo", "seed", "--json").stdout)
    after = {incident["public_id"]: incident for incident in again["incidents"]}
    assert after.keys() == before.keys()
    assert all(after[name]["affected_count"] > before[name]["affected_count"] for name in after)


def test_two_of_them_are_proven_by_tests(
    seeded: tuple[Path, subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = seeded
    monkeypatch.chdir(folder)
    settings = read_settings(None)
    with Lake(settings.home) as lake:
        incidents = list_incidents(lake)
    told: list[tuple[int, int]] = []
    faults = [visitor.fault for visitor in VISITORS if visitor.fault]
    certificates = reproduce_two(settings, incidents, faults, lambda done, of: told.append((done, of)), times=1)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {certificate.spec.name for certificate in certificates} == {
        "POST /api/orders answers 500 on /checkout",
        "TypeError: Cannot read properties of undefined (reading 'push') on /products/:id",
    }
    assert all(certificate.red.build != certificate.green.build for certificate in certificates)
    for certificate in certificates:
        verified = retrace(folder, "qa", "certificate", certificate.incident_id, "--verify", "--json")
        assert verified.returncode == 0, verified.stderr
