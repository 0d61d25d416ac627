"""A way to the configured model for whoever has no network and no key: the proxy holds the key and knows one address.

Belongs here: a Unix socket that takes requests to the model's own paths and carries the answers back as they come, with
bounds. Does not: who asks (agents), what may be asked (model_request), other calls of a model (llm).
"""

import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from retrace_resources.model_request import only_asking
from retrace_resources.model_usage import Usage, UsageReader
from retrace_resources.providers import LLM_URLS
from retrace_resources.settings_schema import Llm

_ANTHROPIC_PATHS: Final = ("/messages", "/messages/count_tokens")
_OPENAI_PATHS: Final = ("/chat/completions", "/responses")
_ANTHROPIC_VERSION: Final = "2023-06-01"
# What a client may say beside the body, and what of the answer it needs; credentials are neither.
_PASSED: Final = ("accept", "anthropic-beta")
_RETURNED: Final = ("content-type", "retry-after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one agent may ask: calls, and bytes of one request and of one answer."""

    calls: int = 500
    request_bytes: int = 20_000_000
    answer_bytes: int = 50_000_000


def endpoint(llm: Llm) -> str:
    """Where the model answers, or nothing when none is configured."""
    return (llm.base_url or LLM_URLS.get(llm.provider, "")).rstrip("/") if llm.model else ""


@contextmanager
def serving_model(llm: Llm, path: Path, on_usage: Callable[[Usage], None], bounds: Bounds = Bounds()) -> Iterator[None]:
    """Serve the configured model at a Unix socket while the block runs; `on_usage` is told of each, in a thread."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        proxy = _Proxy(llm, on_usage, bounds)
        config = uvicorn.Config(
            proxy.application(), loop="asyncio", ws="none", lifespan="off", log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="model-proxy", daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield
        finally:
            server.should_exit = True
            # An answer that still streams is for nobody.
            server.force_exit = True
            thread.join()


class _Proxy:
    def __init__(self, llm: Llm, on_usage: Callable[[Usage], None], bounds: Bounds) -> None:
        self._llm = llm
        self._on_usage = on_usage
        self._bounds = bounds
        self._calls = 0

    def application(self) -> Starlette:
        """The paths of the model, and a refusal of all others."""
        paths = _ANTHROPIC_PATHS if self._llm.provider == "anthropic" else _OPENAI_PATHS
        asked = [Route(f"/v1{path}", self._ask, methods=["POST"]) for path in paths]
        everything = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        return Starlette(routes=[*asked, Route("/{path:path}", _refuse, methods=everything)])

    async def _ask(self, request: Request) -> Response:
        self._calls += 1
        if self._calls > self._bounds.calls:
            return _refused(429, f"{self._bounds.calls} calls were made, more may not be")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._bounds.request_bytes:
                return _refused(413, f"a request may have {self._bounds.request_bytes} bytes")
        try:
            asked = only_asking(_object(bytes(body)), self._llm.model)
        except (ValueError, RecursionError) as error:
            return _refused(403, str(error))
        return await self._forward(request, json.dumps(asked).encode())

    async def _forward(self, request: Request, body: bytes) -> Response:
        headers = {name: request.headers[name] for name in _PASSED if name in request.headers}
        timeout = httpx.Timeout(self._llm.timeout_seconds, connect=20)
        client = httpx.AsyncClient(timeout=timeout)
        asked = client.build_request(
            "POST",
            endpoint(self._llm) + request.url.path.removeprefix("/v1"),
            content=body,
            # Compressed, an answer could not be read along.
            headers=headers | {"content-type": "application/json", "accept-encoding": "identity"} | _key(self._llm),
        )
        try:
            answer = await client.send(asked, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL):
            await client.aclose()
            self._on_usage(Usage(self._llm.model, 502, None, None))
            return _refused(502, "the model did not answer")
        returned = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
        return StreamingResponse(self._carried(client, answer), answer.status_code, returned)

    async def _carried(self, client: httpx.AsyncClient, answer: httpx.Response) -> AsyncIterator[bytes]:
        """The answer as it comes, up to its bound; its usage is told when it ends, however it ends."""
        reader, left = UsageReader(), self._bounds.answer_bytes
        try:
            async for chunk in answer.aiter_bytes():
                reader.feed(chunk)
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
            reader.end()
        except httpx.HTTPError:
            # The client sees an answer that ends in the middle, as it would without a proxy.
            pass
        finally:
            self._on_usage(Usage(self._llm.model, answer.status_code, reader.input_tokens, reader.output_tokens))
            await answer.aclose()
            await client.aclose()


async def _refuse(_: Request) -> Response:
    return _refused(403, "only the model can be asked here")


def _object(body: bytes) -> dict[str, object]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("a request is a JSON object")
    return value


def _key(llm: Llm) -> dict[str, str]:
    key = llm.api_key.get_secret_value()
    if llm.provider == "anthropic":
        return {"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION}
    return {"authorization": f"Bearer {key}"} if key else {}


def _refused(status: int, message: str) -> Response:
    """A refusal in the shape that clients of both APIs read."""
    return JSONResponse({"error": {"type": "refused_by_retrace", "message": message}}, status)
