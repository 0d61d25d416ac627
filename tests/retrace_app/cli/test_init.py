"""`retrace init` against services that know one key."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_resources.settings import load_settings

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Services:
    """PostHog and a model provider on one port, and what they were asked."""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def services() -> Iterator[Services]:
    known = Services()

    async def answer(request: Request) -> Response:
        key = request.headers.get("authorization", "")
        known.asked.append((f"{request.method} {request.url.path}", key))
        return JSONResponse({"data": [{"id": "m1"}]}, status_code=200 if key == "Bearer right" else 401)

    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as known.url:
        yield known


@pytest.fixture
def answering(environment: Mapping[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `retrace init` and type some lines."""

    def run(*lines: str) -> subprocess.CompletedProcess[str]:
        # Keys are read from the terminal where there is one; there is none in a session of its own.
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "retrace_app.cli", "init"],
            cwd=tmp_path,
            env=dict(environment),
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            timeout=30,
            start_new_session=True,
            check=False,
        )

    return run


def options(services: Services, key: str) -> list[str]:
    return ["--llm-base-url", f"{services.url}/v1", "--llm-model", "m1", "--llm-api-key", key]


def test_choice_is_tried_and_written_without_a_question(retrace: Run, services: Services, tmp_path: Path) -> None:
    posthog = ["--posthog-host", services.url, "--posthog-project-id", "17", "--posthog-api-key", "right"]

    done = retrace("init", "--yes", "--json", *options(services, "right"), *posthog)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["blocks"] == ["posthog", "llm"]
    assert services.asked == [("GET /api/projects/17/", "Bearer right"), ("GET /v1/models", "Bearer right")]
    settings = load_settings(tmp_path / "config.yaml")
    assert (settings.llm.model, settings.llm.api_key.get_secret_value()) == ("m1", "right")


def test_wrong_key_names_who_refused_it_and_nothing_is_written(
    retrace: Run, services: Services, tmp_path: Path
) -> None:
    done = retrace("init", "--yes", *options(services, "wrong"))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error[provider_refused]: the model provider (openai_compatible) refused the key (HTTP 401)\n"
        "hint: nothing was written\n"
    )
    assert not (tmp_path / "config.yaml").exists()


def test_service_that_cannot_be_reached_is_said_to_be_not_checked(retrace: Run, tmp_path: Path) -> None:
    done = retrace("init", "--yes", "--llm-base-url", "http://127.0.0.1:1/v1", "--llm-model", "m1")

    assert done.returncode == 0
    assert done.stderr.startswith("warning: not checked: http://127.0.0.1:1/v1/models could not be reached")
    assert load_settings(tmp_path / "config.yaml").llm.model == "m1"


def test_nothing_is_configured_when_nothing_is_wanted(retrace: Run, tmp_path: Path) -> None:
    retrace("quickstart")
    before = (tmp_path / "config.yaml").read_text()

    done = retrace("init", "--yes")

    assert done.returncode == 0
    assert (tmp_path / "config.yaml").read_text() == before


def test_person_enters_a_refused_key_again(
    answering: Callable[..., subprocess.CompletedProcess[str]], services: Services, tmp_path: Path
) -> None:
    url = f"{services.url}/v1"

    done = answering("n", "y", "", url, "m1", "wrong", "y", "", "", "", "right")

    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
    assert "refused the key (HTTP 401)" in done.stderr
    assert [key for _, key in services.asked] == ["Bearer wrong", "Bearer right"]
    assert load_settings(tmp_path / "config.yaml").llm.api_key.get_secret_value() == "right"


def test_person_who_leaves_in_the_middle_has_changed_nothing(
    answering: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = answering("y", "https://posthog.example.com")

    assert done.returncode == 1
    assert done.stderr.endswith("Aborted; nothing was done.\n")
    assert not (tmp_path / "config.yaml").exists()
