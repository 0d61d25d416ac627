"""What is typed into a shell, run as it stands against a real door."""

import json

import httpx
import pytest
from playwright.sync_api import Browser

from retrace_app.actions.onboarding import Wishes, onboard_hosted
from retrace_app.actions.workspace import Names
from tests.retrace_app.actions.onboarding.hosted import BUTTON, Door, recorded, shell, visit


@pytest.mark.slow
def test_verification_passes_in_order_and_every_command_runs_where_nothing_was_found_yet(door: Door) -> None:
    manifest = onboard_hosted(door.settings, Names("Team", "Web", "staging"), Wishes(api_base_url=door.url))
    steps = manifest.verification.ordered_steps
    assert [step.name for step in steps] == ["health", "test_replay", "process", "replays"]

    for step in steps:
        assert step.expect in shell(step.command, door), step.name

    said = {
        name: shell(snippet.text, door)
        for name, snippet in manifest.snippets.items()
        if snippet.language == "bash" and name not in {step.name for step in steps}
    }
    assert said.keys() == {"issues", "incidents", "signals", "metrics", "resolve_incident"}
    assert said["resolve_incident"] == "There is no incident yet.\n"
    assert all(json.loads(text) for name, text in said.items() if name != "resolve_incident")


@pytest.mark.slow
def test_incident_is_resolved_by_the_command_for_it(door: Door, browser: Browser) -> None:
    snippets = door.manifest.snippets
    script = "<script>setTimeout(() => { throw Error('later') })</script>"
    html = f"<!doctype html><title>page to resolve</title><head>{snippets['browser'].text}</head>{BUTTON}{script}"
    with visit(browser, html) as page:
        page.get_by_role("button").click()
        recorded(door, page, "page to resolve")

    shell(snippets["process"].text, door)
    decided = json.loads(shell(snippets["resolve_incident"].text, door))

    assert (decided["previous_status"], decided["incident"]["status"]) == ("new", "resolved")


@pytest.mark.slow
def test_every_endpoint_is_one_the_door_knows(door: Door) -> None:
    """Without a token each refuses or answers, but none is unknown."""
    for name, url in door.manifest.endpoints.items():
        assert httpx.get(url, timeout=20).status_code in {200, 401, 405}, name
