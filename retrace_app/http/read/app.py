"""The reader as an application: its paths, its document, and what is open while it lives.

Belongs here: putting the parts together. Does not: the parts (one module a noun), or the process (serve).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from anyio import to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from retrace_app.http.read import incidents, issues, lifecycle, metrics, onboarding, replays, signals
from retrace_app.http.read.house import House
from retrace_app.http.read.processing import Processing
from retrace_app.http.read.refusals import answer_refusals
from retrace_app.http.read.traffic import Counting, Traffic
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

QUESTIONS_AT_ONCE: Final = 8
"""Questions answered side by side; each may hold a few megabytes, and DuckDB's memory is theirs together."""

_TITLE: Final = "Retrace read API"
_DESCRIPTION: Final = (
    "What Retrace knows of a project, for service tokens. Every answer is of the token's project alone: what is "
    'another\'s is answered like what does not exist. Errors are `{"error": code, "message": sentence}`; every '
    "answer has an `X-Retrace-Trace-Id`. Lists are paged: hand `next_cursor` back as `cursor`."
)


def create_app(home: Path, config: Path | None = None) -> FastAPI:
    """Make the reader of a home, which is opened when the application starts."""

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = QUESTIONS_AT_ONCE
        with StateStore.open(home) as state, Lake(home) as lake:
            processing = Processing(home, config)
            app.state.house = House(home, lake, Landing(home), state, traffic, processing)
            yield
            await processing.close()

    traffic = Traffic()
    app = FastAPI(
        title=_TITLE,
        description=_DESCRIPTION,
        version=_version(),
        lifespan=live,
        # Their pages load scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    # Before `/api/replays/{replay_id}` could take it for an id, its method would be refused: both are one router's.
    for part in (replays, issues, incidents, lifecycle, signals, metrics, onboarding):
        app.include_router(part.router)
    answer_refusals(app)
    app.add_middleware(Counting, traffic=traffic)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, without the refusals that FastAPI documents and never gives here."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema


def _version() -> str:
    try:
        return version("retrace-qa")
    except PackageNotFoundError:
        return "0"
