"""Builds with one bug each: what an app or its server answers while the bug is in it.

Belongs here: answering for a request, and changing a script on its way. Does not: which bugs there are (bugs).
"""

import re
from dataclasses import dataclass

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp


@dataclass(frozen=True)
class Answer:
    """A request that is answered otherwise: `path` is a regular expression over the whole path."""

    method: str
    path: str
    status: int
    body: str = ""
    media_type: str = "application/json"


@dataclass(frozen=True)
class Rewrite:
    """A file that is served with another text in one place."""

    file: str
    old: str
    new: str


Fault = Answer | Rewrite


@dataclass
class Build:
    """The build that is served at the moment: its faults can be switched while the servers run.

    `working` are answers of every build.
    """

    working: tuple[Fault, ...] = ()
    faults: tuple[Fault, ...] = ()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app as this build has it."""
        return BaseHTTPMiddleware(app, dispatch=self._answer)

    async def _answer(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        path = request.url.path
        answer = next((fault for fault in self._answers() if _fits(fault, request.method, path)), None)
        if answer is not None:
            # As a server with a wide CORS policy fails: the app sees the status.
            headers = {"access-control-allow-origin": "*"}
            return Response(answer.body, answer.status, headers, answer.media_type)
        response = await call_next(request)
        changes = [fault for fault in self.faults if isinstance(fault, Rewrite) and path.endswith(fault.file)]
        return await _rewritten(response, changes) if changes else response

    def _answers(self) -> list[Answer]:
        return [fault for fault in (*self.faults, *self.working) if isinstance(fault, Answer)]


def _fits(answer: Answer, method: str, path: str) -> bool:
    return answer.method == method and re.fullmatch(answer.path, path) is not None


async def _rewritten(response: Response, changes: list[Rewrite]) -> Response:
    text = b"".join([chunk async for chunk in response.body_iterator]).decode()  # type: ignore[attr-defined]
    for change in changes:
        if change.old not in text:
            raise ValueError(f"{change.file} has no {change.old!r}: another version of the app?")
        text = text.replace(change.old, change.new)
    return Response(text, response.status_code, media_type=response.headers.get("content-type"))
