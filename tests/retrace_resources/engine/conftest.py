"""One browser and one app for all tests of the engine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retrace_app.demo.serving import serving
from retrace_core.spec import Spec
from retrace_core.spec_file import spec_from
from retrace_core.test_run import TestRun
from retrace_resources.engine.engine import Engine
from retrace_resources.engine.options import RunOptions
from tests.retrace_resources.engine.apps import create_app

Json = dict[str, Any]
Run = Callable[..., TestRun]


@pytest.fixture(scope="package")
def app() -> Iterator[str]:
    """Address of the app under test."""
    with serving(create_app()) as address:
        yield address


@pytest.fixture(scope="package")
def engine() -> Iterator[Engine]:
    """A browser."""
    with Engine() as browser:
        yield browser


@pytest.fixture
def run(app: str, engine: Engine, tmp_path: Path) -> Run:
    """Run a spec of these steps and assertions: the first opens `/pages/<page>`."""

    def run_it(
        page: str, *steps: Json, asserts: Json | list[Json] | None = None, options: Json | None = None, **spec: Any
    ) -> TestRun:
        chosen = {"step_ms": 1_200, **(options or {})}
        made = spec_of(page, *steps, asserts=asserts, **spec)
        return engine.run(made, RunOptions(app_url=app, **chosen), "run-1", tmp_path / "run")

    return run_it


def spec_of(page: str, *steps: Json, asserts: Json | list[Json] | None = None, **spec: Any) -> Spec:
    """A spec; without assertions it says that the page is not blank."""
    listed = asserts if isinstance(asserts, list) else [asserts or {"type": "page_shows_content"}]
    url = page if page.startswith("/") else f"/pages/{page}"
    return spec_from(
        {
            "spec_id": "spec-1",
            "name": "A test",
            "exact_steps": [
                {"action": "navigate", "id": "open", "url": url},
                *({"id": f"step-{number}", **step} for number, step in enumerate(steps, 1)),
            ],
            "assertions": [{"id": f"assert-{number}", **each} for number, each in enumerate(listed, 1)],
            **spec,
        }
    )


def button(name: str, **more: Any) -> Json:
    """A click on a button."""
    return {"action": "click", "locator": {"by": "role", "value": "button", "name": name}, **more}


def on(action: str, by: str, value: str, **more: Any) -> Json:
    """A step on an element."""
    return {"action": action, "locator": {"by": by, "value": value}, **more}


def said(text: str) -> Json:
    """What a page must have said."""
    return {"type": "text_contains", "expected": text}
