"""Deciding over HTTP: seen at once, in the name of the token, by the rules of `retrace qa`."""

import pytest

from retrace_resources.state import StateStore
from tests.retrace_app.http.read.conftest import Site, mint, take_in, visits


@pytest.fixture
def queue(fresh_site: Site) -> list[dict[str, str]]:
    """The incidents of a site of one's own."""
    take_in(fresh_site.home, list(visits(fresh_site.shop.workspace, "shop")))
    incidents: list[dict[str, str]] = fresh_site.get("/api/incidents").json()["incidents"]
    assert len(incidents) >= 2
    return incidents


def test_decision_is_seen_at_once_in_the_name_of_the_token(fresh_site: Site, queue: list[dict[str, str]]) -> None:
    name = queue[0]["public_id"]
    answer = fresh_site.post(f"/api/incidents/{name}/lifecycle", {"action": "resolve", "reason": "fixed in r2"})
    assert answer.status_code == 200
    assert (answer.json()["previous_status"], answer.json()["incident"]["status"]) == ("new", "resolved")
    shown = fresh_site.get(f"/api/incidents/{name.lower()}").json()
    assert shown["incident"] == answer.json()["incident"]
    [decision] = shown["decisions"]
    assert (decision["kind"], decision["actor"], decision["reason"]) == ("resolve", "Ann's dashboard", "fixed in r2")
    assert fresh_site.get("/api/incidents").json()["incidents"][-1]["public_id"] == name
    for word, listed in (("open", len(queue) - 1), ("resolved", 1)):
        assert len(fresh_site.get("/api/incidents", status=word).json()["incidents"]) == listed

    issue = queue[0]["issue_ids"][0]
    assert fresh_site.get(f"/api/issues/{issue}").json()["issue"]["status"] == "resolved"
    reopened = fresh_site.post(f"/api/issues/{issue}/lifecycle", {"action": "reopen"})
    assert reopened.json()["incident"]["status"] == "new"
    assert fresh_site.post(f"/api/issues/{issue}/lifecycle", {"action": "ignore"}).json()["incident"]["status"] == (
        "ignored"
    )


def test_what_cannot_be_decided_is_refused_and_changes_nothing(fresh_site: Site, queue: list[dict[str, str]]) -> None:
    name, other = (incident["public_id"] for incident in queue[:2])
    path = f"/api/incidents/{name}/lifecycle"
    for body, status, code in (
        ({"action": "reopen"}, 409, "invalid_transition"),
        ({"action": "merge", "into": name}, 409, "invalid_transition"),
        ({"action": "merge", "into": "INC-NOSUCH"}, 404, "incident_not_found"),
        ({"action": "merge"}, 400, "invalid_parameter"),
        ({"action": "resolve", "into": other}, 400, "invalid_parameter"),
        ({"action": "verify"}, 400, "invalid_parameter"),
        ({"action": "resolve", "reason": "x" * 2_001}, 400, "invalid_parameter"),
        ({"action": "resolve", "actor": "somebody else"}, 400, "invalid_parameter"),
        ({}, 400, "invalid_parameter"),
        ([], 400, "invalid_payload"),
    ):
        answer = fresh_site.post(path, body)
        assert (answer.status_code, answer.json()["error"]) == (status, code), body
    assert fresh_site.post(f"/api/issues/{name}/lifecycle", {"action": "resolve"}).json()["error"] == "issue_not_found"
    assert fresh_site.get(f"/api/incidents/{name}").json()["decisions"] == []
    with StateStore.open(fresh_site.home) as state:
        reader = mint(state, fresh_site.shop.workspace, "issues:read")
    params = {"environment_id": fresh_site.shop.environment_id}
    assert fresh_site.ask("POST", path, reader, params, {"action": "resolve"}).status_code == 403


def test_merged_incident_answers_to_every_id(fresh_site: Site, queue: list[dict[str, str]]) -> None:
    first, second = (incident["public_id"] for incident in queue[:2])
    merged = fresh_site.post(f"/api/incidents/{second}/lifecycle", {"action": "merge", "into": first})
    assert merged.json()["incident"]["aliases"] == [second]
    for reference in (first, second, *queue[1]["issue_ids"]):
        assert fresh_site.get(f"/api/incidents/{reference}").json()["incident"]["public_id"] == first
    signals = {
        reference: fresh_site.get("/api/signals", incident=reference).json()["signals"] for reference in (first, second)
    }
    assert signals[first] == signals[second]
    assert len({signal["fingerprint"] for signal in signals[first]}) == 2
