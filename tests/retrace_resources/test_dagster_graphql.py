"""Talking to a Dagster webserver, over HTTP to one that says what the test wants."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.dagster_graphql import DagsterGraphql

Answer = Callable[[dict[str, Any]], tuple[int, str]]


class Webserver:
    """A server that keeps what it was asked and answers from a list."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str]] = []

    def will_answer(self, data: object, status: int = 200) -> None:
        self.answers.append((status, data if isinstance(data, str) else json.dumps({"data": data})))


@pytest.fixture
def webserver() -> Webserver:
    """What the server of this test says."""
    return Webserver()


@pytest.fixture
def dagster(webserver: Webserver) -> Iterator[DagsterGraphql]:
    """A client of that server."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            webserver.asked.append({"path": self.path, **json.loads(self.rfile.read(length))})
            status, body = webserver.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with DagsterGraphql(f"http://127.0.0.1:{server.server_port}") as client:
        yield client
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_launch_names_the_job_of_our_code_location_its_config_and_tags(
    dagster: DagsterGraphql, webserver: Webserver
) -> None:
    webserver.will_answer({"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r-1"}}})

    assert dagster.launch("hot_job", run_config={"ops": {}}, tags={"a": "b"}) == "r-1"
    (asked,) = webserver.asked
    assert asked["path"] == "/graphql"
    assert asked["variables"]["params"] == {
        "selector": {
            "repositoryLocationName": "retrace",
            "repositoryName": "__repository__",
            "jobName": "hot_job",
        },
        "runConfigData": {"ops": {}},
        "executionMetadata": {"tags": [{"key": "a", "value": "b"}]},
    }


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"__typename": "PythonError", "message": "no space\n  File …"}, "PythonError no space"),
        ({"__typename": "RunConfigValidationInvalid", "errors": [{"message": "bad field"}]}, "bad field"),
        ({"__typename": "PipelineNotFoundError", "message": "no job"}, "no job"),
    ],
)
def test_a_launch_that_is_refused_says_why_in_a_line(
    dagster: DagsterGraphql, webserver: Webserver, answer: dict[str, Any], why: str
) -> None:
    webserver.will_answer({"launchRun": answer})

    with pytest.raises(RetraceError, match=why) as refusal:
        dagster.launch("hot_job", run_config={}, tags={})
    assert refusal.value.code is ErrorCode.RUN_FAILED
    assert "\n" not in refusal.value.detail


def test_waiting_ends_with_the_run(dagster: DagsterGraphql, webserver: Webserver) -> None:
    for status in ("STARTING", "STARTED", "SUCCESS"):
        webserver.will_answer({"runOrError": {"__typename": "Run", "status": status}})

    assert dagster.wait("r-1", 10) == "SUCCESS"


def test_waiting_too_long_is_a_refusal(dagster: DagsterGraphql, webserver: Webserver) -> None:
    for _ in range(2):
        webserver.will_answer({"runOrError": {"__typename": "Run", "status": "STARTED"}})

    with pytest.raises(RetraceError, match="still STARTED after 0 s"):
        dagster.wait("r-1", 0)


def test_an_unknown_run_is_a_refusal(dagster: DagsterGraphql, webserver: Webserver) -> None:
    webserver.will_answer({"runOrError": {"__typename": "RunNotFoundError"}})

    with pytest.raises(RetraceError, match="there is no run r-1"):
        dagster.status("r-1")


@pytest.mark.parametrize(("status", "body"), [(500, "{}"), (200, "<html>"), (404, "")])
def test_whoever_is_no_dagster_does_not_answer(
    dagster: DagsterGraphql, webserver: Webserver, status: int, body: str
) -> None:
    webserver.will_answer(body, status)

    assert not dagster.answers()


def test_nobody_at_the_address_is_a_refusal_with_a_hint() -> None:
    with DagsterGraphql("http://127.0.0.1:1") as dagster, pytest.raises(RetraceError) as refusal:
        dagster.status("r-1")

    assert refusal.value.code is ErrorCode.DAGSTER_UNAVAILABLE
    assert refusal.value.hint == "retrace up"
