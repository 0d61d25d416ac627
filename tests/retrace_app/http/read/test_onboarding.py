"""Onboarding over HTTP: a key and a token for the environment that was named, and for no other."""

from retrace_resources.state import StateStore
from tests.retrace_app.http.read.conftest import Site, mint


def test_manifest_holds_a_key_and_a_token_that_work(fresh_site: Site) -> None:
    answer = fresh_site.post("/api/onboarding/hosted", {"service_token_scopes": ["replay:read"], "release": "r1"})
    assert answer.status_code == 201
    made = answer.json()["onboarding"]
    assert made["workspace"]["environment_id"] == fresh_site.shop.environment_id
    with StateStore.open(fresh_site.home) as state:
        key = state.sdk_key(made["credentials"]["sdk_key"])
    assert key is not None
    assert key.environment_id == fresh_site.shop.environment_id
    params = {"environment_id": fresh_site.shop.environment_id}
    token = made["credentials"]["service_token"]
    assert fresh_site.ask("GET", "/api/replays", token, params).status_code == 200
    assert fresh_site.ask("GET", "/api/issues", token, params).status_code == 403
    # Without another address, the one that was asked is where browsers go.
    assert made["endpoints"]["health"] == f"{fresh_site.client.base_url}/healthz"


def test_nothing_is_minted_for_what_cannot_be(fresh_site: Site) -> None:
    with StateStore.open(fresh_site.home) as state:
        before = state.list_keys()
        reader = mint(state, fresh_site.shop.workspace, "issues:write")
    for body, code in (
        ({"service_token_scopes": ["everything"]}, "invalid_scope"),
        ({"api_base_url": "javascript:alert(1)"}, "invalid_payload"),
        ({"api_base_url": "http://x.test/'; rm -rf /"}, "invalid_payload"),
        ({"sdk_key_name": ""}, "invalid_parameter"),
        ({"sdk_key_name": 5}, "invalid_parameter"),
    ):
        answer = fresh_site.post("/api/onboarding/hosted", body)
        assert (answer.status_code, answer.json()["error"]) == (400, code), body
    params = {"environment_id": fresh_site.shop.environment_id}
    assert fresh_site.ask("POST", "/api/onboarding/hosted", reader, params, {}).status_code == 403
    with StateStore.open(fresh_site.home) as state:
        assert len(state.list_keys()) == len(before) + 1
