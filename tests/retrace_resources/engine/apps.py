"""A small app for tests of the engine: each path is a page with one property."""

import asyncio
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.retrace_resources.engine.pages import PAGES

LOGIN = """<title>Log in</title><form method=post><label>E-mail <input name=mail></label>
<label>Password <input type=password name=word></label><button>Log in</button></form>"""
PASSWORD = "er-and-right-17"


async def _page(request: Request) -> Response:
    body = PAGES.get(request.path_params["name"])
    if body is None:
        return HTMLResponse("<h1>Nothing here</h1>", 404)
    return HTMLResponse(
        f"<!doctype html><meta charset=utf-8><title>{request.path_params['name']}</title><h1>Page</h1>{body}"
    )


async def _api(request: Request) -> Response:
    status = int(request.path_params["status"])
    if wait := request.query_params.get("wait"):
        await asyncio.sleep(float(wait))
    return JSONResponse({"status": status, "authorization": request.headers.get("authorization")}, status)


async def _hangs(_: Request) -> Response:
    await asyncio.sleep(30)
    return HTMLResponse("late")


async def _login(request: Request) -> Response:
    if request.method == "GET":
        return HTMLResponse(LOGIN)
    form = dict(parse_qsl((await request.body()).decode()))
    answer = RedirectResponse("/private", 303) if form.get("word") == PASSWORD else HTMLResponse(LOGIN, 403)
    answer.set_cookie("who", str(form.get("mail", "")) if form.get("word") == PASSWORD else "")
    return answer


async def _private(request: Request) -> Response:
    if not request.cookies.get("who") and not request.headers.get("authorization"):
        return RedirectResponse("/login")
    return HTMLResponse("<title>Private</title><h1>Yours</h1><button>Log out</button>")


async def _down(_: Request) -> Response:
    return HTMLResponse("<h1>Sorry</h1>", 503)


def create_app() -> Starlette:
    """Make the app."""
    return Starlette(
        routes=[
            Route("/pages/{name}", _page),
            Route("/api/{status:int}", _api, methods=["GET", "POST"]),
            Route("/hangs", _hangs, methods=["GET", "POST"]),
            Route("/login", _login, methods=["GET", "POST"]),
            Route("/private", _private),
            Route("/down", _down),
        ]
    )
