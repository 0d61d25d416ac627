"""The apps that are visited, each on a port of its own with the snippet of `retrace quickstart` in its pages.

Three of them are other people's: check them out and build them into one folder, named by `RETRACE_BENCH_APPS`; what is
not there is left out.

    vue3-realworld-example-app    VITE_API_HOST=http://127.0.0.1:9902 npx vite build
    cypress-example-kitchensink   as it is
    todomvc                       as it is

Belongs here: serving them, and answering for the servers they call. Does not: what is done on them (stories).
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bench.capture.conduit_api import create_conduit_api
from retrace_app.demo.serving import serving
from retrace_app.demo.shop_server import shop_application

APPS_VARIABLE: Final = "RETRACE_BENCH_APPS"

_CONDUIT_API_PORT: Final = 9902
# The kitchen sink's script names a server on the internet; here the app's own answers for it.
_CALLING_SCRIPT: Final = "scripts.js"
_CALLED_ORIGIN: Final = "https://jsonplaceholder.cypress.io"
# Enough to tell a request that changed from one that did not.
_COMPARED: Final = ("origin", "authorization", "content-type", "traceparent", "access-control-request-headers")


@dataclass
class CalledServer:
    """A server on another origin that an app calls: what it was asked."""

    requests: list[tuple[str, ...]] = field(default_factory=list)

    def note(self, request: Request) -> None:
        """Remember a request by its method, path and the headers that a recorder might change."""
        headers = (request.headers.get(name, "") for name in _COMPARED)
        self.requests.append((request.method, request.url.path, *headers))


@dataclass(frozen=True)
class Sites:
    """Where the apps are, and the server that one of them calls across origins."""

    addresses: Mapping[str, str]
    called: CalledServer


@contextmanager
def serving_sites(
    snippet: str, wanted: Collection[str] = (), wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> Iterator[Sites]:
    """Serve the wanted apps that are there, or all, with `snippet` first in the head of each page, during the block.

    `wrap` may change what they and the server they call answer.
    """
    called = CalledServer()
    with ExitStack() as stack:
        apps: dict[str, ASGIApp] = {"shop": shop_application()}
        folder = os.environ.get(APPS_VARIABLE)
        if folder:
            apps |= {name: wrap(_files(path)) for name, path in _others(Path(folder)).items() if path.is_dir()}
        if wanted:
            apps = {name: app for name, app in apps.items() if name in wanted}
        if "conduit" in apps:
            stack.enter_context(serving(_noting(wrap(create_conduit_api()), called), _CONDUIT_API_PORT))
        addresses = {name: stack.enter_context(serving(_with_snippet(app, snippet))) for name, app in apps.items()}
        yield Sites(addresses, called)


def _others(folder: Path) -> dict[str, Path]:
    todos = folder / "todomvc/examples"
    return {
        "conduit": folder / "vue3-realworld-example-app/dist",
        "kitchensink": folder / "cypress-example-kitchensink/app",
        **{f"todomvc_{name}": todos / name / "dist" for name in ("react", "vue", "backbone", "javascript-es6")},
    }


def _files(folder: Path) -> Starlette:
    """A folder as a static host serves it: with addresses that leave out `.html`."""

    async def file(request: Request) -> Response:
        asked = (folder / request.path_params["path"]).resolve()
        choices = (asked, asked.with_suffix(".html"), asked / "index.html")
        found = next((path for path in choices if path.is_file() and path.is_relative_to(folder)), None)
        if found is None:
            return Response(status_code=404)
        if found.name != _CALLING_SCRIPT:
            return FileResponse(found)
        return Response(found.read_text().replace(_CALLED_ORIGIN, ""), media_type="text/javascript")

    return Starlette(
        routes=[
            Route("/comments", _comment, methods=["POST"]),
            Route("/comments/1", _comment, methods=["GET", "PUT"]),
            Route("/{path:path}", file),
        ]
    )


async def _comment(request: Request) -> Response:
    """Answer for the server that the kitchen sink calls; changing a comment fails."""
    return JSONResponse({"body": "A comment"}, 500 if request.method == "PUT" else 200)


def _with_snippet(app: ASGIApp, snippet: str) -> ASGIApp:
    async def insert(request: Request, call_next: RequestResponseEndpoint) -> Response:
        # Compressed, cached or in parts, a page could not be changed.
        unwanted = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] not in unwanted]
        response = await call_next(request)
        if not response.headers.get("content-type", "").startswith("text/html"):
            return response
        body = b"".join([chunk async for chunk in response.body_iterator])  # type: ignore[attr-defined]
        head = body.find(b">", body.find(b"<head")) + 1
        page = body[:head] + snippet.encode() + body[head:]
        kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "etag")}
        return Response(page, response.status_code, kept)

    return BaseHTTPMiddleware(app, dispatch=insert)


def _noting(app: ASGIApp, called: CalledServer) -> ASGIApp:
    async def note(request: Request, call_next: RequestResponseEndpoint) -> Response:
        called.note(request)
        return await call_next(request)

    return BaseHTTPMiddleware(app, dispatch=note)
