"""What every answer of the door has in common, and the paths that are not ingest."""

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.retrace_app.http.ingest.conftest import Door

REPLAY = "/api/sdk/replay"


def test_health_is_told_without_a_key(door: "Door") -> None:
    answer = door.client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b'{"ok":true}')
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/nothing", 404),
        ("DELETE", REPLAY, 405),
        ("OPTIONS", REPLAY, 204),
        ("POST", REPLAY, 401),
    ],
)
def test_every_answer_can_be_read_by_a_page_of_any_origin(door: "Door", method: str, path: str, status: int) -> None:
    answer = door.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert answer.headers["access-control-max-age"] == "86400"
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert {"x-retrace-trace-id", "retry-after", "x-ratelimit-remaining"} <= set(exposed.split(", "))
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    needed = {"x-retrace-key", "authorization", "content-type", "content-encoding"}
    assert needed | {"traceparent", "baggage", "sentry-trace"} <= set(allowed)


def test_every_answer_has_a_trace_id_of_its_own(door: "Door") -> None:
    ids = [door.client.get(path).headers["x-retrace-trace-id"] for path in ("/healthz", "/healthz", "/nothing")]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", trace_id) for trace_id in ids)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/.env", 404, "not_found"),
        ("POST", "/api/sdk/replay/", 404, "not_found"),
        ("OPTIONS", "/nothing", 404, "not_found"),
        ("GET", "/../../etc/passwd", 404, "not_found"),
        ("GET", "/sdk/%2e%2e/app.py", 404, "not_found"),
        ("GET", REPLAY, 405, "method_not_allowed"),
        ("PUT", REPLAY, 405, "method_not_allowed"),
        ("BREW", REPLAY, 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
    ],
)
def test_refusal_is_compact_json_with_code_and_sentence(
    door: "Door", method: str, path: str, status: int, code: str
) -> None:
    answer = door.client.request(method, path)
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, code)
    assert body["message"].endswith(".")
    assert answer.text == json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    assert answer.headers["content-type"] == "application/json"


def test_refused_method_names_those_that_are_allowed(door: "Door") -> None:
    assert door.client.get(REPLAY).headers["allow"] == "POST, OPTIONS"


def test_head_answers_like_get_without_a_body(door: "Door") -> None:
    answer = door.client.head("/healthz")
    assert (answer.status_code, answer.content) == (200, b"")


def test_preflight_of_a_browser_is_allowed_without_a_body(door: "Door") -> None:
    asked = {"origin": "https://shop.test", "access-control-request-headers": "x-retrace-key,content-encoding"}
    answer = door.client.options(REPLAY, headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")


def test_door_loads_neither_dagster_nor_duckdb_nor_polars() -> None:
    code = (
        "import sys, retrace_app.http.ingest.app, retrace_app.http.ingest.serve; "
        "heavy = {'dagster', 'duckdb', 'polars', 'alembic', 'pydantic', 'httpx', 'fastapi'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
