"""What is around the data: keys, browser, door, and services that know one key."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retrace_app.actions.doctor.finding import Finding
from retrace_app.demo.serving import serving
from retrace_app.supervisor import lease
from retrace_resources.state import StateStore
from tests.retrace_app.actions.doctor.examined import findings, statuses


def test_revoked_keys_do_not_count(installed: Path) -> None:
    with StateStore.open(installed) as store:
        [record] = store.list_keys()
        store.revoke_key(record.id)

    finding = findings()["keys"]

    assert (finding.status, finding.next_step) == ("warn", "retrace api create-sdk-key")


def test_changed_build_of_a_snippet_is_named(installed: Path) -> None:
    [build] = (installed / "sdk").iterdir()
    build.write_bytes(b"changed")

    finding = findings()["recorder"]

    assert finding.status == "fail"
    assert build.name in finding.found


def test_browser_that_cannot_be_run_is_a_warning(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRACE_BROWSER", "/nowhere/chromium")

    finding = findings()["browser"]

    assert finding.status == "warn"
    assert "/nowhere/chromium" in finding.found


def test_door_is_found_where_retrace_up_says_it_is(installed: Path) -> None:
    async def health(_: Request) -> Response:
        return JSONResponse({"ok": True}, headers={"x-retrace-trace-id": "1"})

    application = Starlette(routes=[Route("/healthz", health)])
    with serving(application) as url, lease.held(installed, lease.Lease(os.getpid(), url, "")):
        assert findings()["door"] == Finding("door", "ok", f"answers at {url}")
    with lease.held(installed, lease.Lease(os.getpid(), url, "")):
        assert statuses()["door"] == "fail"


def test_program_that_is_no_door_is_told_from_one(installed: Path) -> None:
    with serving(Starlette()) as url, lease.held(installed, lease.Lease(os.getpid(), url, "")):
        assert findings()["door"].found == f"another program answers at {url}"


@pytest.fixture
def service() -> Iterator[str]:
    """A server that knows one key and remembers nothing."""

    async def answer(request: Request) -> Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        return JSONResponse({"data": [{"id": "m1"}]}, status_code=200 if key == "right" else 401)

    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as url:
        yield url


def configure(folder: Path, **blocks: dict[str, str]) -> None:
    (folder / "config.yaml").write_text(json.dumps(blocks))


def test_services_that_take_their_keys_are_well(installed: Path, folder: Path, service: str) -> None:
    configure(
        folder,
        posthog={"host": service, "project_id": "1", "api_key": "right"},
        llm={"base_url": service, "model": "m1", "api_key": "right"},
        github_sink={"base_url": service, "api_key": "right"},
    )

    found = findings()

    assert [found[name].found for name in ("PostHog", "LLM", "GitHub")] == [
        "PostHog takes the key",
        "the model provider (openai_compatible) takes the key",
        "GitHub takes the key",
    ]


def test_service_that_refuses_its_key_is_named(installed: Path, folder: Path, service: str) -> None:
    configure(folder, posthog={"host": service, "project_id": "1", "api_key": "wrong"})

    finding = findings()["PostHog"]

    assert (finding.status, finding.found) == ("fail", "PostHog refused the key (HTTP 401)")
    assert "wrong" not in finding.next_step


def test_service_that_cannot_be_reached_is_not_checked(installed: Path, folder: Path) -> None:
    configure(folder, llm={"base_url": "http://127.0.0.1:1", "model": "m1"})

    finding = findings()["LLM"]

    assert finding.status == "warn"
    assert finding.found.startswith("not checked: http://127.0.0.1:1/models could not be reached")
