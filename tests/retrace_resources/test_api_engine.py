"""API tests on a real server: red, green, or neither with its reason."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_app.supervisor.programs import free_port
from retrace_core.api_spec_file import api_spec_from
from retrace_core.test_run import TestRun
from retrace_resources.api_engine import run_api
from retrace_resources.engine.options import RunOptions

SECRET = "tok-4711-very-secret"


async def status(request: Request) -> Response:
    return JSONResponse({"items": [{"id": "a1", "count": 2}], "who": "shop"}, int(request.path_params["status"]))


async def log_in(request: Request) -> Response:
    given = await request.json()
    answer = JSONResponse({"token": f"t-{given['user']}"}, headers={"x-session": "s1"})
    answer.set_cookie("session", "s1")
    return answer


async def mine(request: Request) -> Response:
    ok = request.cookies.get("session") == "s1" and request.query_params.get("token") == "t-ada"
    return JSONResponse({"ok": ok}, 200 if ok else 401)


async def guarded(request: Request) -> Response:
    return PlainTextResponse("", 200 if request.headers.get("authorization") == f"Bearer {SECRET}" else 401)


async def form(request: Request) -> Response:
    """The names of what a form holds, without a parser of forms."""
    body = (await request.body()).decode("latin-1")
    return JSONResponse({"names": re.findall(r'name="(\w+)"', body), "files": re.findall(r'filename="([^"]+)"', body)})


async def endless(_: Request) -> Response:
    async def forever() -> AsyncIterator[bytes]:
        while True:
            # Without it a client that has gone would never be noticed.
            await asyncio.sleep(0.001)
            yield b"x" * 65_536

    return StreamingResponse(forever())


async def around(_: Request) -> Response:
    return RedirectResponse("/around")


async def abroad(_: Request) -> Response:
    return RedirectResponse("http://elsewhere.example/x")


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    routes = [
        Route("/status/{status}", status, methods=["GET", "POST", "DELETE"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/form", form, methods=["POST"]),
        *(Route(f"/{view.__name__}", view) for view in (mine, guarded, endless, around, abroad)),
    ]
    with serving(Starlette(routes=routes)) as address:
        yield address


@pytest.fixture
def run(app: str, tmp_path: Path) -> Any:
    def run_it(*steps: dict[str, Any], values: dict[str, str] | None = None, url: str = "", **spec: Any) -> TestRun:
        listed = [{"id": f"step-{number}", **step} for number, step in enumerate(steps, 1)]
        made = api_spec_from({"spec_id": "s", "name": "A test", "steps": listed, "timeout_seconds": 2, **spec})
        return run_api(made, RunOptions(app_url=url or app, values=values or {}), "r", tmp_path / "run")

    return run_it


@pytest.mark.parametrize("expected", [200, "2xx", "ok"])
def test_a_status_that_is_expected_is_green_and_another_red(run: Any, expected: int | str) -> None:
    assert run({"url": "/status/200", "expected_status": expected}).verdict == "not_reproduced"
    red = run({"url": "/status/500", "expected_status": expected})
    assert (red.verdict, red.failure_class) == ("reproduced", "app_bug")
    assert "500" in red.detail


@pytest.mark.parametrize(
    ("assertion", "ok"),
    [
        ({"path": "$.items.0.id", "exists": True}, True),
        ({"path": "$.items.1.id", "exists": True}, False),
        ({"path": "$.items.1.id", "exists": False}, True),
        ({"path": "items.0.count", "equals": 2}, True),
        ({"path": "items.0.count", "equals": 3}, False),
        ({"path": "$.none", "equals": None}, False),
        ({"path": "$.who", "contains": "sho"}, True),
        ({"path": "$.items.0", "contains": "id"}, True),
        ({"path": "$.items.0.count", "contains": "2"}, False),
    ],
)
def test_json_of_the_answer_is_asserted_by_its_path(run: Any, assertion: dict[str, Any], ok: bool) -> None:
    verdict = run({"url": "/status/200", "json_assertions": [assertion]}).verdict
    assert verdict == ("not_reproduced" if ok else "reproduced")


def test_schema_is_held_and_what_breaks_it_named_without_the_answers_words(run: Any) -> None:
    item = {"type": "object", "required": ["id", "price"]}
    found = run({"url": "/status/200", "schema_assertions": [{"path": "$.items", "schema": {"items": item}}]})
    assert found.verdict == "reproduced"
    assert "'required'" in found.detail
    assert "a1" not in found.detail


def test_one_cookie_jar_and_values_from_one_answer_to_the_next(run: Any) -> None:
    first = {"method": "POST", "url": "/login", "body": {"user": "{{ user }}"}}
    first["extract"] = [{"name": "token", "path": "$.token"}]
    done = run(
        first, {"url": "/mine", "query": {"token": "{{ token }}"}}, inputs={"user": {"kind": "text", "example": "ada"}}
    )
    assert done.verdict == "not_reproduced"


def test_forms_and_files_are_sent(run: Any) -> None:
    wanted = [{"path": "$.names", "equals": ["title", "photo"]}, {"path": "$.files.0", "equals": "upload.png"}]
    sent = {"method": "POST", "url": "/form", "form": {"title": "Boat"}, "files": {"photo": ".png"}}
    assert run({**sent, "json_assertions": wanted}).verdict == "not_reproduced"


def test_a_token_comes_from_its_variable_and_is_left_nowhere(run: Any, tmp_path: Path) -> None:
    guarded_step = {"url": "/guarded", "auth": {"type": "bearer"}}
    assert run(guarded_step).reason == "missing_input"
    assert run(guarded_step, values={"RETRACE_TESTER_AUTH_JWT": SECRET}).verdict == "not_reproduced"
    assert all(SECRET not in path.read_text() for path in (tmp_path / "run").iterdir())


def test_another_failure_than_the_recorded_one_is_not_called_red(run: Any) -> None:
    recorded = {"expected_status": "ok", "failed_with": 500}
    assert run({"url": "/status/503", **recorded}).verdict == "reproduced"
    assert run({"url": "/status/404", **recorded}).reason == "wrong_start_state"
    assert run({"url": "/guarded", **recorded}).reason == "login_failed"
    assert run({"url": "/status/204", **recorded}).verdict == "not_reproduced"


def test_setup_that_fails_says_nothing_of_the_bug(run: Any) -> None:
    done = run({"url": "/status/500"}, setup_steps=[{"id": "seed", "url": "/status/400"}])
    assert (done.verdict, done.reason) == ("inconclusive", "broken_step")


def test_teardown_is_sent_whatever_came_before(run: Any) -> None:
    done = run({"url": "/status/500"}, teardown_steps=[{"id": "drop", "method": "DELETE", "url": "/status/200"}])
    assert [step.step_id for step in done.steps] == ["step-1", "drop"]
    assert done.verdict == "reproduced"


def test_nobody_there_is_no_bug(run: Any) -> None:
    assert run({"url": "/"}, url=f"http://127.0.0.1:{free_port()}").reason == "app_down"


def test_an_answer_without_end_is_cut(run: Any, tmp_path: Path) -> None:
    assert run({"url": "/endless"}).verdict == "not_reproduced"
    (line,) = (tmp_path / "run" / "exchanges.jsonl").read_text().splitlines()
    assert json.loads(line)["response"]["cut"] is True


def test_redirects_in_a_circle_end_and_those_abroad_are_not_followed(run: Any) -> None:
    assert run({"url": "/around"}).reason == "broken_step"
    assert run({"url": "/abroad", "expected_status": "3xx"}).verdict == "not_reproduced"


def test_slow_is_red_where_a_limit_is_set(run: Any) -> None:
    assert run({"url": "/status/200", "latency_ms": 0.001}).verdict == "reproduced"
    assert run({"url": "/status/200", "latency_ms": 2_000}).verdict == "not_reproduced"
