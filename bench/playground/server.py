"""The playground's server: pages from `pages/`, and a JSON API whose answers the switched faults spoil.

A fault is switched on by `?fault=name,name` or the cookie `playground_faults`; pages read the same switches. Run it
alone with `python -m bench.playground`.

Belongs here: routing, answers and what a server fault does to them. Does not: what a page does (its file), or what is
true of a visit (`bench/detectors`).
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

FAULTS_COOKIE: Final = "playground_faults"

_FOLDER: Final = Path(__file__).parent
_PAGES: Final = _FOLDER / "pages"
_RECORDERS: Final = "<!-- recorder -->"
_TASKS: Final = ("Order new rope", "Paint the dinghy", "Call the harbour office", "Renew the berth", "Dry the sails")


@dataclass(frozen=True)
class Spoiled:
    """How a fault answers a request."""

    method: str
    path: str
    status: int
    delay_s: float = 0.05
    body: str = '{"message": "Internal error"}'
    kind: str = "application/json"


_BAD_GATEWAY: Final = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_EMPTY: Final = "{}"

FAULTS: Final[dict[str, Spoiled]] = {
    "tasks_500": Spoiled("GET", "/api/tasks", 500),
    "tasks_503": Spoiled("GET", "/api/tasks", 503),
    "tasks_404": Spoiled("GET", "/api/tasks", 404, body=_EMPTY),
    "tasks_410": Spoiled("GET", "/api/tasks", 410, body=_EMPTY),
    "tasks_slow": Spoiled("GET", "/api/tasks", 200, 3.8, json.dumps({"items": _TASKS})),
    "task_404": Spoiled("GET", "/api/tasks/17", 404, body=_EMPTY),
    "create_500": Spoiled("POST", "/api/tasks", 500),
    "create_403": Spoiled("POST", "/api/tasks", 403, body=_EMPTY),
    "create_400": Spoiled("POST", "/api/tasks", 400, body=_EMPTY),
    "create_404": Spoiled("POST", "/api/tasks", 404, body=_EMPTY),
    "delete_405": Spoiled("DELETE", "/api/tasks/17", 405, body=_EMPTY),
    "delete_500": Spoiled("DELETE", "/api/tasks/17", 500),
    "save_500": Spoiled("PUT", "/api/settings", 500),
    "save_502": Spoiled("PUT", "/api/settings", 502, body=_BAD_GATEWAY, kind="text/html"),
    "save_504": Spoiled("PUT", "/api/settings", 504, 1.6),
    "save_404": Spoiled("PUT", "/api/settings", 404, body=_EMPTY),
    "save_413": Spoiled("PUT", "/api/settings", 413, body=_EMPTY),
    "save_slow": Spoiled("PUT", "/api/settings", 200, 4.2, _EMPTY),
    "search_500": Spoiled("GET", "/api/search", 500),
    "search_slow": Spoiled("GET", "/api/search", 200, 5.5, '{"items": ["Rope, 12 mm"]}'),
    "graph_500": Spoiled("POST", "/graphql", 500, body='{"errors": [{"message": "boom"}]}'),
    "upload_500": Spoiled("POST", "/api/files", 500),
    "report_404": Spoiled("POST", "/api/reports", 404, body=_EMPTY),
    "report_415": Spoiled("POST", "/api/reports", 415, body=_EMPTY),
    "report_507": Spoiled("POST", "/api/reports", 507),
    "report_slow": Spoiled("POST", "/api/reports", 200, 6.0, _EMPTY),
}
"""Faults of the API; those of the pages are in the pages."""


def create_playground(recorder_tag: Callable[[Request], str] = lambda request: "") -> Starlette:
    """Build the playground; `recorder_tag` gives what a page's head loads to be recorded."""

    async def page(request: Request) -> Response:
        path = _PAGES / f"{request.path_params['name']}.html"
        if path.parent != _PAGES or not path.is_file():
            return Response(status_code=404)
        switches = json.dumps(sorted(_faults(request)))
        head = f"<script>window.faults = new Set({switches});</script>{recorder_tag(request)}"
        return HTMLResponse(path.read_text(encoding="utf-8").replace(_RECORDERS, head))

    return Starlette(
        routes=[
            Route("/api/{path:path}", _api, methods=["GET", "POST", "PUT", "DELETE", "HEAD"]),
            Route("/graphql", _api, methods=["POST"]),
            Route("/collect", _collect, methods=["GET", "POST"]),
            Route("/throws.js", _throws),
            Route("/chunks/{name}", _chunk),
            Route("/{name}", page),
            *_static(),
        ]
    )


def _static() -> Iterator[Route]:
    files = StaticFiles(directory=_PAGES)

    async def file(request: Request) -> Response:
        return await files.get_response(request.path_params["name"], request.scope)

    yield Route("/static/{name}", file)


def _faults(request: Request) -> frozenset[str]:
    chosen = request.query_params.get("fault", request.cookies.get(FAULTS_COOKIE, ""))
    return frozenset(name for name in chosen.replace(".", ",").split(",") if name)


async def _api(request: Request) -> Response:
    for name in sorted(_faults(request)):
        spoiled = FAULTS.get(name)
        if spoiled and (spoiled.method, spoiled.path) == (request.method, request.url.path):
            await asyncio.sleep(spoiled.delay_s)
            return Response(spoiled.body, spoiled.status, media_type=spoiled.kind)
    answer = _ANSWERS.get(f"{request.method} {request.url.path}")
    if answer:
        return await answer(request)
    await asyncio.sleep(0.06)
    if request.url.path == "/api/tasks":
        return JSONResponse({"items": _TASKS})
    if request.url.path == "/api/search":
        return JSONResponse({"items": ["Rope, 8 mm", "Rope, 12 mm"]})
    if request.url.path.startswith("/api/usernames/"):
        # Nobody has it: that is what the form asks.
        return JSONResponse({}, 404)
    return JSONResponse({"ok": True}, 201 if request.method == "POST" else 200)


async def _signup(request: Request) -> Response:
    body = await request.json()
    email = str(body.get("email", ""))
    if "@" not in email:
        return JSONResponse({"message": "Please enter a valid e-mail address."}, 422)
    if email.startswith("taken@"):
        return JSONResponse({"message": "There is already an account for this address."}, 409)
    if body.get("code") == "OLD":
        return JSONResponse({"message": "This invitation has expired."}, 403)
    return JSONResponse({"name": email.split("@", maxsplit=1)[0]}, 201)


async def _login(request: Request) -> Response:
    body = await request.json()
    if body.get("password") != "fair-winds":
        return JSONResponse({"message": "E-mail and password do not match."}, 401)
    return JSONResponse({"name": "Kim"})


async def _me(request: Request) -> Response:
    return JSONResponse({}, 401)


async def _quota(request: Request) -> Response:
    attempt = int(request.query_params.get("attempt", "1"))
    if attempt == 1:
        return JSONResponse({"message": "Too many requests"}, 429, {"retry-after": "1"})
    return JSONResponse({"left": 12})


async def _job(request: Request) -> Response:
    if int(request.query_params.get("attempt", "1")) < 3:
        return JSONResponse({}, 404)
    return JSONResponse({"done": True})


async def _export(request: Request) -> Response:
    return Response(status_code=404)


async def _stale(request: Request) -> Response:
    return JSONResponse({"message": "Somebody else changed this note. Reload to see it."}, 412)


async def _slow_listing(request: Request) -> Response:
    await asyncio.sleep(2.2)
    return JSONResponse({"items": ["Fenders", "Cleats"]})


async def _slow_ok(request: Request) -> Response:
    await asyncio.sleep(4.0)
    return JSONResponse({"ok": True})


async def _long_poll(request: Request) -> Response:
    await asyncio.sleep(5.0)
    return JSONResponse({"events": []})


async def _stream(request: Request) -> Response:
    async def ticks() -> Iterator[str]:  # type: ignore[misc]
        for tick in range(4):
            yield f"data: {tick}\n\n"
            await asyncio.sleep(1.2)

    return StreamingResponse(ticks(), media_type="text/event-stream")


async def _upload(request: Request) -> Response:
    await request.body()
    await asyncio.sleep(3.6)
    return JSONResponse({"ok": True}, 201)


async def _soft_error(request: Request) -> Response:
    return JSONResponse({"code": 500, "error": None, "items": []})


_ANSWERS: Final = {
    "POST /api/signup": _signup,
    "POST /api/login": _login,
    "GET /api/me": _me,
    "GET /api/quota": _quota,
    "GET /api/job": _job,
    "HEAD /api/export": _export,
    "PUT /api/notes/3": _stale,
    "GET /api/slow-listing": _slow_listing,
    "POST /api/slow-ok": _slow_ok,
    "GET /api/long-poll": _long_poll,
    "GET /api/stream": _stream,
    "POST /api/files": _upload,
    "GET /api/errors/500": _soft_error,
}


async def _collect(request: Request) -> Response:
    """A measuring service of somebody else: pages call it under another host name."""
    headers = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
    return Response(status_code=int(request.query_params.get("status", "204")), headers=headers)


async def _throws(request: Request) -> Response:
    # Without CORS headers a page on another host learns nothing but "Script error.".
    return Response("setTimeout(() => { throw new Error('of somebody else'); }, 50);", media_type="text/javascript")


async def _chunk(request: Request) -> Response:
    name = request.path_params["name"]
    if "chunk_503" in _faults(request):
        return Response("upstream", 503, media_type="text/plain")
    if {"chunk_404", "chunk_404_tag"} & _faults(request):
        return Response("Not Found", 404, media_type="text/plain")
    panel = "export const panel = () => 'The panel is here.'; window.chunkLoaded = true;"
    if name.startswith("tag-"):
        panel = "window.chunkLoaded = true; window.panel = () => 'The panel is here.';"
    return Response(panel, media_type="text/javascript")
