"""A server on loopback that takes chat completions as each provider does, and refuses what a provider would.

What it gets is held to the published shape of a request; what it answers is the published shape of an answer. A request
of any other shape is answered 400, and a path of any other name 404.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jsonschema import Draft202012Validator

_TOKENS = {"type": "integer", "minimum": 1}
# developers.openai.com/api/reference/resources/chat, as far as we use it; no other key may be sent.
REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["model", "messages"],
    "additionalProperties": False,
    "properties": {
        "model": {"type": "string", "minLength": 1},
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "additionalProperties": False,
                "properties": {"role": {"enum": ["system", "user"]}, "content": {"type": "string"}},
            },
        },
        "response_format": {
            "type": "object",
            "required": ["type", "json_schema"],
            "additionalProperties": False,
            "properties": {
                "type": {"const": "json_schema"},
                "json_schema": {
                    "type": "object",
                    "required": ["name", "schema"],
                    "properties": {
                        "name": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"},
                        "schema": {"type": "object", "required": ["type"], "properties": {"type": {"const": "object"}}},
                    },
                },
            },
        },
    },
}


def request_schema(provider: str) -> dict[str, Any]:
    """The shape one provider takes: OpenAI's newer models refuse `max_tokens`; OpenRouter's models name a vendor."""
    limit = "max_completion_tokens" if provider == "openai" else "max_tokens"
    properties = {**REQUEST["properties"], limit: _TOKENS}
    if provider == "openrouter":
        properties["model"] = {"type": "string", "pattern": "^[^/]+/[^/]+$"}
    if provider == "anthropic":
        del properties["response_format"]
    return {**REQUEST, "properties": properties, "required": [*REQUEST["required"], limit]}


@dataclass
class ModelServer:
    """What is answered, and what was asked; `failures` are statuses that come first."""

    provider: str
    key: str = ""
    content: str = "{}"
    usage: dict[str, Any] = field(default_factory=lambda: {"prompt_tokens": 1_000, "completion_tokens": 200})
    failures: list[int] = field(default_factory=list)
    page: str = ""
    seconds: float = 0
    finish_reason: str = "stop"
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    base_url: str = ""

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and document for a request."""
        if path != "/v1/chat/completions":
            return 404, {"error": {"message": "no such path", "code": "not_found"}}
        request = json.loads(body)
        self.asked.append(request)
        if self.key and authorization != f"Bearer {self.key}":
            return 401, {"error": {"message": f"Incorrect API key: {authorization}", "code": "invalid_api_key"}}
        faults = [fault.message for fault in Draft202012Validator(request_schema(self.provider)).iter_errors(request)]
        if faults:
            return 400, {"error": {"message": "; ".join(faults), "code": "invalid_request"}}
        if self.failures:
            return self.failures.pop(0), {"error": {"message": "busy", "code": "overloaded"}}
        message = {"role": "assistant", "content": self.content}
        return 200, {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": request["model"],
            "choices": [{"index": 0, "finish_reason": self.finish_reason, "message": message}],
            "usage": {**self.usage, "total_tokens": sum(v for v in self.usage.values() if isinstance(v, int))},
        }


@contextmanager
def serving_model(provider: str, **more: Any) -> Iterator[ModelServer]:
    """Serve until the block ends."""
    server = ModelServer(provider, **more)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.headers.append(str(self.headers))
            body = self.rfile.read(int(self.headers["content-length"]))
            status, document = server.answer(self.path, self.headers.get("authorization", ""), body)
            time.sleep(server.seconds)
            said = server.page.encode() if server.page else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "text/html" if server.page else "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the standard library gives it
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.base_url = f"http://127.0.0.1:{httpd.server_address[1]}/v1"
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
