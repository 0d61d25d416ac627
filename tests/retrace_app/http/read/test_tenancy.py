"""A token of one project learns nothing of another: not by id, list, filter, cursor, count or error."""

from pathlib import Path
from typing import Any

import pytest

from retrace_app.actions.metrics import count_progress
from retrace_app.http.read.app import create_app
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore
from tests.retrace_app.http.read.conftest import Project, Site
from tests.retrace_app.http.read.operations import Operation, operations

EVERY = operations(create_app(Path("nowhere")).openapi())
BY_ID = [operation for operation in EVERY if operation.names("path")]
LISTS = [operation for operation in EVERY if "cursor" in operation.names("query")]


def secrets_of(project: Project) -> list[str]:
    """What only answers about a project may hold: its name is in every text that its pages sent."""
    ids = [project.ids[name] for name in ("environment_id", "replay_id", "issue_id", "incident_id", "fingerprint")]
    return [project.name, project.workspace.project_id, *ids]


def assert_nothing_of(project: Project, text: str, asked: str = "") -> None:
    found = [secret for secret in secrets_of(project) if secret in text and secret not in asked]
    assert found == []


@pytest.mark.parametrize("operation", BY_ID, ids=lambda operation: operation.name)
def test_id_of_another_project_is_answered_like_one_that_nobody_has(site: Site, operation: Operation) -> None:
    here = {"environment_id": site.shop.environment_id}
    path = operation.path_of(site.bank)
    answer = site.ask(operation.method, path, site.shop.token, here, operation.body)
    assert answer.status_code == 404
    unknown = operation.path_of(Project("", site.bank.workspace, "", dict.fromkeys(site.bank.ids, "bug_none")))
    other = site.ask(operation.method, unknown, site.shop.token, here, operation.body)
    assert other.status_code == 404
    if answer.json()["error"] == other.json()["error"]:
        [asked] = [site.bank.ids[name] for name in operation.names("path")]
        assert answer.text.replace(asked, "bug_none") == other.text
    assert_nothing_of(site.bank, answer.text, asked=path)


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)
def test_answer_about_ones_own_holds_nothing_of_another(site: Site, operation: Operation) -> None:
    if operation.method == "GET":
        answer = site.get(operation.path_of(site.shop))
        assert answer.status_code == 200
        assert site.shop.workspace.project_id in answer.text
        assert_nothing_of(site.bank, answer.text)


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
def test_filter_for_what_another_has_finds_nothing(site: Site, operation: Operation) -> None:
    [name] = {"sessions", "issues", "incidents", "signals"} & set(site.get(operation.path).json())
    for parameter in set(operation.names("query")) & (set(site.bank.ids) - {"environment_id", "detector", "route"}):
        asked = site.bank.ids[parameter]
        if asked in {site.shop.ids[parameter], "w1"}:
            continue
        params: dict[str, Any] = {parameter: asked}
        assert site.get(operation.path, **params).json()[name] == []
        assert site.get(operation.path, site.bank, **params).json()[name] != []


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
def test_cursor_of_another_shows_only_ones_own(site: Site, operation: Operation) -> None:
    theirs = site.get(operation.path, site.bank, limit=1).json()["next_cursor"]
    assert theirs
    answer = site.get(operation.path, cursor=theirs)
    assert answer.status_code == 200
    assert_nothing_of(site.bank, answer.text)


def test_events_cursor_of_another_shows_only_ones_own(site: Site) -> None:
    theirs = site.get(f"/api/replays/{site.bank.ids['replay_id']}", site.bank, limit=1).json()["next_events_cursor"]
    answer = site.get(f"/api/replays/{site.shop.ids['replay_id']}", events_cursor=theirs)
    assert answer.status_code == 200
    assert_nothing_of(site.bank, answer.text)


def test_incident_cannot_be_merged_into_another_projects(site: Site) -> None:
    path = f"/api/incidents/{site.shop.ids['incident_id']}/lifecycle"
    answer = site.post(path, {"action": "merge", "into": site.bank.ids["incident_id"]})
    assert (answer.status_code, answer.json()["error"]) == (404, "incident_not_found")
    assert site.get(f"/api/incidents/{site.shop.ids['incident_id']}").json()["decisions"] == []


def counted(site: Site, project: Project, **params: Any) -> dict[str, Any]:
    figures = site.ask("GET", "/api/metrics", project.token, params).json()
    del figures["generated_at"], figures["runtime"]
    return dict(figures)


def test_counts_are_of_one_project_or_one_of_its_environments(site: Site) -> None:
    shop, bank = counted(site, site.shop), counted(site, site.bank)
    assert shop["api"] == bank["api"] == {"replay_sessions": 3, "replay_batches": 5, "replay_events": 13}
    assert shop["ai_analysis"]["issues"] == shop["incidents"]["incidents"] > 0
    assert counted(site, site.shop, environment_id=site.shop.environment_id)["api"] == shop["api"]
    with StateStore.open(site.home) as state:
        empty = state.ensure_workspace("Test", "shop", "staging")
    assert counted(site, site.shop, environment_id=empty.environment_id)["api"]["replay_sessions"] == 0
    refused = site.ask("GET", "/api/metrics", site.shop.token, {"environment_id": site.bank.environment_id})
    assert (refused.status_code, refused.json()["error"]) == (404, "environment_not_found")


def test_progress_is_counted_for_one_project(site: Site) -> None:
    with Lake(site.home) as lake:
        for project in (site.shop, site.bank):
            done = count_progress(lake, 0, project.workspace.project_id)
            assert (done.sessions, done.rejected) == (3, 0)
            assert done.issues > 0
        assert count_progress(lake, 0, site.shop.workspace.project_id, site.bank.environment_id).sessions == 0
        assert count_progress(lake, lake.snapshot_id(), site.shop.workspace.project_id).issues == 0


def test_traffic_is_of_one_project(site: Site) -> None:
    before = site.ask("GET", "/api/metrics", site.bank.token).json()["runtime"]["api_requests"]
    for _ in range(3):
        site.get("/api/replays")
    after = site.ask("GET", "/api/metrics", site.bank.token).json()["runtime"]
    assert after["api_requests"] == before + 1
    assert after["api_requests_by_route"]["GET /api/metrics"] >= 1
    assert after["api_latency_ms"]["p50"] > 0
