"""How the reader refuses: the door's shape for every error, and the errors of each path in the OpenAPI document.

Belongs here: errors becoming answers. Does not: which errors there are (retrace_core.errors).
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from retrace_core.errors import ErrorCode, RetraceError

_RETRY_AFTER_SECONDS: Final = 5
"""For refusals that pass by themselves."""

# What is wrong with the home is nobody's fault who asks, and names our folders.
_OURS: Final = frozenset({ErrorCode.HOME_TOO_NEW, ErrorCode.HOME_UNUSABLE})

_log = logging.getLogger(__name__)


class Refusal(BaseModel):
    """Why there is no answer."""

    error: str = Field(description="A stable code.")
    message: str = Field(description="What is wrong, for a person.")


def documented(*codes: ErrorCode) -> dict[int | str, dict[str, Any]]:
    """The refusals of a path, as FastAPI documents them."""
    by_status: dict[int | str, list[ErrorCode]] = {}
    for code in codes:
        by_status.setdefault(code.http_status, []).append(code)
    return {
        status: {"model": Refusal, "description": " ".join(f"`{code.value}`: {code.sentence}" for code in same)}
        for status, same in by_status.items()
    }


def refuse(refusal: RetraceError) -> JSONResponse:
    """Answer `{"error": code, "message": sentence}`; details of a fault of ours stay with us."""
    code = ErrorCode.READS_UNAVAILABLE if refusal.code in _OURS else refusal.code
    ours = code.http_status >= 500
    message = code.sentence if ours or not refusal.detail else f"{code.sentence} Found: {refusal.detail}."
    headers = {}
    if code.http_status == 503:
        headers["retry-after"] = str(_RETRY_AFTER_SECONDS)
    if code.http_status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"error": code.value, "message": message}, code.http_status, headers)


def answer_refusals(app: FastAPI) -> None:
    """Let everything that goes wrong be answered in our shape."""

    async def known(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RetraceError)  # noqa: S101 - FastAPI calls it for nothing else
        if error.code.http_status >= 500:
            _log.error("%s", error)
        return refuse(error)

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return refuse(_explained(error.errors()))

    async def unrouted(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101
        code = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.METHOD_NOT_ALLOWED}.get(
            error.status_code, ErrorCode.INVALID_PAYLOAD
        )
        answer = refuse(RetraceError(code))
        # Of a refused method: which are allowed.
        answer.headers.update(error.headers or {})
        return answer

    async def broken(request: Request, error: Exception) -> JSONResponse:
        trace_id = request.headers.get("x-retrace-trace-id", "-")
        _log.error("request %s to %r failed", trace_id, request.url.path, exc_info=error)
        return refuse(RetraceError(ErrorCode.INTERNAL_ERROR))

    app.add_exception_handler(RetraceError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(Exception, broken)


def _explained(faults: Sequence[Any]) -> RetraceError:
    """The refusal for what FastAPI found wrong first."""
    fault = faults[0]
    place, *path = fault["loc"]
    if place == "query" and path == ["environment_id"] and fault["type"] == "missing":
        return RetraceError(ErrorCode.MISSING_ENVIRONMENT_ID)
    if fault["type"] == "json_invalid":
        return RetraceError(ErrorCode.INVALID_JSON)
    if place == "body" and not path:
        return RetraceError(ErrorCode.INVALID_PAYLOAD)
    name = ".".join(map(str, path))
    expected = str(fault["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return RetraceError(ErrorCode.INVALID_PARAMETER, f"`{name}`, expected {_lower(expected)}")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
