"""The server of a RealWorld app ("Conduit"), as far as the visits need it; some articles and names make it fail.

Belongs here: its answers, on an origin of their own. Does not: the app, which is somebody else's.
"""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BROKEN_SLUG: Final = "tide-tables-4"
"""Favouriting this article answers 500."""

_AUTHORS: Final = ("mara", "jonas", "ilse")


def _author(number: int) -> dict[str, Any]:
    return {"username": _AUTHORS[number % len(_AUTHORS)], "bio": "", "image": "", "following": False}


def _article(number: int) -> dict[str, Any]:
    return {
        "slug": f"tide-tables-{number}",
        "title": f"Reading tide tables, part {number}",
        "description": "What the columns mean",
        "body": "# Heights\n\nThe first column is the time, the second the height above chart datum.",
        "tagList": ["tides", "charts"],
        "createdAt": "2026-03-01T08:00:00.000Z",
        "updatedAt": "2026-03-01T08:00:00.000Z",
        "favorited": False,
        "favoritesCount": number,
        "author": _author(number),
    }


def create_conduit_api() -> Starlette:
    """Build the API; everybody may sign in as long as their password is not `wrong`."""
    routes = [
        Route("/api/articles", _articles, methods=["GET"]),
        Route("/api/articles", _publish, methods=["POST"]),
        Route("/api/articles/feed", _articles),
        Route("/api/articles/{slug}", _one_article, methods=["GET"]),
        Route("/api/articles/{slug}/comments", _comments, methods=["GET"]),
        Route("/api/articles/{slug}/comments", _comment, methods=["POST"]),
        Route("/api/articles/{slug}/favorite", _favorite, methods=["POST", "DELETE"]),
        Route("/api/profiles/{name}", _profile),
        Route("/api/profiles/{name}/follow", _profile, methods=["POST", "DELETE"]),
        Route("/api/tags", _tags),
        Route("/api/users", _sign_in, methods=["POST"]),
        Route("/api/users/login", _sign_in, methods=["POST"]),
        Route("/api/user", _user, methods=["GET", "PUT"]),
    ]
    # As narrow as a careful team has it: a header more, and the browser would refuse the app's own calls.
    allowed = ["authorization", "content-type"]
    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=allowed)
    return Starlette(routes=routes, middleware=[cors])


async def _articles(request: Request) -> Response:
    return JSONResponse({"articles": [_article(number) for number in range(1, 11)], "articlesCount": 24})


async def _publish(request: Request) -> Response:
    return JSONResponse({"errors": {"title": ["has already been taken"]}}, 422)


async def _one_article(request: Request) -> Response:
    number = request.path_params["slug"].rpartition("-")[2]
    if not number.isdigit():
        return JSONResponse({"errors": {"article": ["not found"]}}, 404)
    return JSONResponse({"article": _article(int(number))})


async def _comments(request: Request) -> Response:
    return JSONResponse({"comments": []})


async def _comment(request: Request) -> Response:
    sent = await request.json()
    body = sent["comment"]["body"]
    at = "2026-03-02T08:00:00.000Z"
    comment = {"id": 1, "createdAt": at, "updatedAt": at, "body": body, "author": _author(1)}
    return JSONResponse({"comment": comment})


async def _favorite(request: Request) -> Response:
    slug = request.path_params["slug"]
    if slug == BROKEN_SLUG:
        return JSONResponse({"message": "boom"}, 500)
    article = _article(int(slug.rpartition("-")[2]))
    return JSONResponse({"article": {**article, "favorited": request.method == "POST"}})


async def _profile(request: Request) -> Response:
    following = request.method == "POST"
    profile = {"username": request.path_params["name"], "bio": "", "image": "", "following": following}
    return JSONResponse({"profile": profile})


async def _tags(request: Request) -> Response:
    return JSONResponse({"tags": ["tides", "charts", "weather"]})


async def _sign_in(request: Request) -> Response:
    user = (await request.json())["user"]
    if user["password"] == "wrong":
        return JSONResponse({"errors": {"email or password": ["is invalid"]}}, 422)
    return JSONResponse({"user": _account(user["email"])})


async def _user(request: Request) -> Response:
    return JSONResponse({"user": _account("mara@example.test")})


def _account(email: str) -> dict[str, str]:
    return {"email": email, "token": "conduit-token", "username": "mara", "bio": "", "image": ""}
