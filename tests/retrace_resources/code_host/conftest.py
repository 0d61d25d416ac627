"""A server in GitHub's place: it answers what a test told it to, and what it was not told of is a failure."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retrace_app.demo.serving import serving
from tests.retrace_resources.code_host import published

TOKEN = "ghp_" + "Zq7" * 12


class FakeGitHub:
    """Answers in the order they were told, per method and path; holds each request to the published description."""

    def __init__(self) -> None:
        self.address = ""
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.faults: list[str] = []
        self._answers: dict[tuple[str, str], list[Response]] = {}

    def tell(
        self, method: str, path: str, body: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """The next answer to a request; `None` as the body sends nothing that is JSON."""
        answer = Response("<html>", status) if body is None else JSONResponse(body, status)
        for name, value in (headers or {}).items():
            answer.headers[name] = value
        self._answers.setdefault((method, path), []).append(answer)

    async def answer(self, request: Request) -> Response:
        """Note a request and answer it; a 500 nobody told it to give fails the test at its end as well."""
        call = (request.method, request.url.path)
        self.calls.append(call)
        body = await request.json() if request.method in {"POST", "PATCH"} else {}
        self._check(request, body)
        if not self._answers.get(call):
            self.faults.append(f"unexpected call: {call}")
            return JSONResponse({"message": "unexpected call"}, 418)
        return self._answers[call].pop(0)

    def left(self) -> list[tuple[str, str]]:
        """What was told and never asked for."""
        return [call for call, answers in self._answers.items() if answers]

    def _check(self, request: Request, body: dict[str, Any]) -> None:
        wanted = {
            "accept": "application/vnd.github+json",
            "x-github-api-version": published.VERSION,
            "authorization": f"Bearer {TOKEN}",
        }
        self.faults += [f"{name} of {request.url.path}" for name in wanted if request.headers.get(name) != wanted[name]]
        query = dict(request.query_params)
        if request.method == "GET" and request.url.path.endswith("/pulls"):
            self._hold(published.LIST, query)
            self.queries.append(query)
        elif query:
            self.faults.append(f"a query nobody described: {query}")
        if request.method in {"POST", "PATCH"}:
            self._hold(published.CREATE if request.method == "POST" else published.UPDATE, body)
            self.bodies.append(body)

    def _hold(self, schema: dict[str, Any], given: dict[str, Any]) -> None:
        self.faults += [error.message for error in Draft202012Validator(schema).iter_errors(given)]
        self.faults += [f"{name} is described nowhere" for name in given if name not in schema["properties"]]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """GitHub, as far as a test tells it; every unexpected call and every answer not fetched fails the test."""
    fake = FakeGitHub()
    methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    with serving(Starlette(routes=[Route("/{path:path}", fake.answer, methods=methods)])) as address:
        fake.address = address
        yield fake
    assert fake.faults == []
    assert fake.left() == []


@pytest.fixture
def unused_address() -> str:
    """An address nobody answers at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
