"""Who may ask: every path refuses alike, before it looks at anything else."""

from pathlib import Path

import pytest

from retrace_app.http.read.app import create_app
from retrace_resources.state import StateStore
from tests.retrace_app.http.read.conftest import Site, mint
from tests.retrace_app.http.read.operations import Operation, operations

EVERY = operations(create_app(Path("nowhere")).openapi())
IN_AN_ENVIRONMENT = [
    operation
    for operation in EVERY
    if any(parameter["name"] == "environment_id" and parameter["required"] for parameter in operation.parameters)
]


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)
def test_question_is_refused_without_a_token_that_may_ask_it(site: Site, operation: Operation) -> None:
    path = operation.path_of(site.shop)
    with StateStore.open(site.home) as state:
        sdk_key = state.create_sdk_key(site.shop.workspace, "page")[1]
        revoked, secret = state.create_service_token(site.shop.workspace.project_id, "old", ["admin"])
        state.revoke_key(revoked.id)
        other_scope = mint(state, site.shop.workspace, "deploy:write")
    for token in ("", "nonsense", "rtst_" + "a" * 43, sdk_key, secret):
        answer = site.ask(operation.method, path, token)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = site.ask(operation.method, path, other_scope)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.mark.parametrize("operation", IN_AN_ENVIRONMENT, ids=lambda operation: operation.name)
def test_question_names_an_environment_of_its_project(site: Site, operation: Operation) -> None:
    path = operation.path_of(site.shop)
    missing = site.ask(operation.method, path, site.shop.token)
    assert (missing.status_code, missing.json()["error"]) == (400, "missing_environment_id")
    others, unknown = (
        site.ask(operation.method, path, site.shop.token, {"environment_id": name}, operation.body)
        for name in (site.bank.environment_id, "env_0000000000000000")
    )
    assert (others.status_code, others.json()["error"]) == (404, "environment_not_found")
    assert others.text == unknown.text


def test_token_is_refused_at_the_next_question_after_it_was_revoked(site: Site) -> None:
    with StateStore.open(site.home) as state:
        token, secret = state.create_service_token(site.shop.workspace.project_id, "short", ["admin"])
        assert site.ask("GET", "/api/metrics", secret).status_code == 200
        state.revoke_key(token.id)
        assert site.ask("GET", "/api/metrics", secret).status_code == 401


def test_parameter_that_is_misspelt_repeated_or_out_of_bounds_is_named(site: Site) -> None:
    for params, named in (
        ({"stauts": "closed"}, "'stauts'"),
        ({"limit": ["1", "2"]}, "`limit`"),
        ({"limit": "-1"}, "`limit`"),
        ({"limit": "501"}, "`limit`"),
        ({"limit": "many"}, "`limit`"),
        ({"status": "open"}, "`status`"),
        ({"from": "yesterday"}, "`from`"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "`from`"),
        ({"cursor": "x"}, "`cursor`"),
        ({"min_duration_ms": "9" * 30}, "`min_duration_ms`"),
        ({"distinct_id": "x" * 501}, "`distinct_id`"),
    ):
        answer = site.get("/api/replays", **params)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter"), params
        assert named in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api/replays/", 404, "not_found"),
        ("DELETE", "/api/replays", 405, "method_not_allowed"),
        ("PUT", "/api/replays/process", 405, "method_not_allowed"),
        ("GET", "/docs", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_shape(
    site: Site, method: str, path: str, status: int, code: str
) -> None:
    answer = site.ask(method, path, site.shop.token)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["message"].endswith(".")
