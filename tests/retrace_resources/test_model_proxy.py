"""The way to the model: it holds the key, knows one address, and carries nothing else."""

import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from retrace_app.demo.serving import serving
from retrace_resources.model_proxy import Bounds, endpoint, serving_model
from retrace_resources.model_request import only_asking
from retrace_resources.model_usage import Usage, UsageReader
from retrace_resources.settings_schema import Llm

KEY = "sk-of-the-person"
Json = dict[str, Any]


class Provider:
    """A model's provider on loopback, which keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Json]] = []
        self.answer: Response = JSONResponse({"usage": {"prompt_tokens": 7, "completion_tokens": 3}})

    def application(self) -> Starlette:
        async def take(request: Request) -> Response:
            self.asked.append((request.url.path, dict(request.headers), json.loads(await request.body())))
            return self.answer

        return Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST"])])


@pytest.fixture
def provider() -> Provider:
    return Provider()


@contextmanager
def proxied(
    provider: Provider, tmp_path: Path, kind: str = "openai", **bounds: int
) -> Iterator[tuple[httpx.Client, list[Usage]]]:
    """A client that reaches the provider through the proxy alone, and the calls that were told."""
    told: list[Usage] = []
    with serving(provider.application()) as address:
        llm = Llm.model_validate({"provider": kind, "base_url": f"{address}/v1", "model": "gpt-6-sol", "api_key": KEY})
        path = tmp_path / "model.sock"
        with (
            serving_model(llm, path, told.append, Bounds(**bounds)),
            httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://model", timeout=20) as client,
        ):
            yield client, told


ASKED: Json = {"model": "gpt-6-sol", "messages": [{"role": "user", "content": "Why?"}]}


def test_a_question_is_answered_with_the_key_of_the_proxy(provider: Provider, tmp_path: Path) -> None:
    with proxied(provider, tmp_path) as (client, told):
        headers = {"authorization": "Bearer of the agent", "cookie": "a=b", "x-evil": "1"}
        answer = client.post("/v1/chat/completions", json=ASKED, headers=headers)
    assert answer.json()["usage"]["prompt_tokens"] == 7
    (path, sent, body) = provider.asked[0]
    assert path == "/v1/chat/completions"
    assert sent["authorization"] == f"Bearer {KEY}"
    assert not {"cookie", "x-evil"} & {*sent}
    assert body == ASKED
    assert told == [Usage("gpt-6-sol", 200, 7, 3)]


def test_anthropics_key_has_a_header_of_its_own(provider: Provider, tmp_path: Path) -> None:
    with proxied(provider, tmp_path, "anthropic") as (client, _):
        headers = {"x-api-key": "of the agent", "authorization": "Bearer x", "anthropic-beta": "tools-2026"}
        assert client.post("/v1/messages?beta=true", json=ASKED, headers=headers).status_code == 200
        assert client.post("/v1/chat/completions", json=ASKED).status_code == 403
    (path, sent, _) = provider.asked[0]
    assert path == "/v1/messages"
    assert (sent["x-api-key"], sent["anthropic-beta"]) == (KEY, "tools-2026")
    assert "authorization" not in sent


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/v1/chat/completions", "/v1/models", "/", "/v1/files")),
        *(("POST", path) for path in ("/v1/files", "/v1/messages", "/v1/chat/completions/../files", "/v1/embeddings")),
        *(("POST", path) for path in ("//evil.io/v1/responses", "/v1/responses/", "/v1/responses/resp_1/cancel")),
        ("DELETE", "/v1/responses"),
    ],
)
def test_everything_else_is_refused_and_never_leaves(
    provider: Provider, tmp_path: Path, method: str, path: str
) -> None:
    with proxied(provider, tmp_path) as (client, told):
        answer = client.request(method, f"http://model{path}", json=ASKED)
    assert answer.status_code in {403, 405}
    assert provider.asked == []
    assert told == []


def test_an_answer_streams_as_it_comes_and_is_counted(provider: Provider, tmp_path: Path) -> None:
    may_go_on = threading.Event()

    async def events() -> AsyncIterator[bytes]:
        yield b'event: message_start\ndata: {"message": {"usage": {"input_tokens": 11, "output_tokens": 1}}}\n\n'
        while not may_go_on.is_set():
            time.sleep(0.01)
        yield b'data: {"type": "message_delta", "usage": {"output_tokens": 42}}\n\n'

    provider.answer = StreamingResponse(events(), media_type="text/event-stream")
    with (
        proxied(provider, tmp_path, "anthropic") as (client, told),
        client.stream("POST", "/v1/messages", json=ASKED) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "event: message_start"
        # The rest comes only after this.
        may_go_on.set()
        assert "42" in "".join(lines)
    assert told == [Usage("gpt-6-sol", 200, 11, 42)]


def test_an_error_of_the_provider_is_passed_on_without_its_headers(provider: Provider, tmp_path: Path) -> None:
    provider.answer = JSONResponse({"error": "slow"}, 429, {"retry-after": "3", "set-cookie": "a=b"})
    with proxied(provider, tmp_path) as (client, told):
        answer = client.post("/v1/responses", json=ASKED)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert "set-cookie" not in answer.headers
    assert told == [Usage("gpt-6-sol", 429, None, None)]


def test_a_provider_that_is_not_there_is_a_502(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    llm = Llm(base_url=address, model="any")
    told: list[Usage] = []
    transport = httpx.HTTPTransport(uds=str(tmp_path / "model.sock"))
    with serving_model(llm, tmp_path / "model.sock", told.append), httpx.Client(transport=transport) as client:
        assert client.post("http://model/v1/responses", json=ASKED, timeout=20).status_code == 502
    assert told == [Usage("any", 502, None, None)]


def test_calls_and_bytes_are_bounded(provider: Provider, tmp_path: Path) -> None:
    provider.answer = Response(b"x" * 5_000, media_type="application/json")
    with proxied(provider, tmp_path, calls=3, request_bytes=1_000, answer_bytes=2_000) as (client, _):
        assert client.post("/v1/responses", content=b'{"a": "' + b"x" * 2_000 + b'"}').status_code == 413
        assert len(client.post("/v1/responses", json=ASKED).content) <= 2_000
        assert client.post("/v1/responses", content=b"no json").status_code == 403
        assert client.post("/v1/responses", json=ASKED).status_code == 429
    assert len(provider.asked) == 1


def test_only_the_persons_model_is_asked_and_no_tool_of_the_providers(provider: Provider, tmp_path: Path) -> None:
    body = ASKED | {
        "model": "the-dearest",
        "models": ["another"],
        "mcp_servers": [{"url": "https://evil.io"}],
        "tools": [{"type": "function", "name": "edit"}, {"type": "web_search"}, {"type": "mcp", "server_url": "x"}],
    }
    with proxied(provider, tmp_path) as (client, _):
        assert client.post("/v1/responses", json=body).status_code == 200
    assert provider.asked[0][2] == ASKED | {"tools": [{"type": "function", "name": "edit"}]}


def test_without_a_model_there_is_no_endpoint() -> None:
    assert endpoint(Llm(provider="openai")) == ""
    assert endpoint(Llm(model="local")) == ""
    assert endpoint(Llm(provider="anthropic", model="m")) == "https://api.anthropic.com/v1"


OWN = [{"name": "edit", "input_schema": {}}, {"type": "custom", "name": "a"}, {"type": "bash_20250124", "name": "bash"}]
THEIRS = [
    {"type": "web_fetch_20250910"},
    {"type": "code_execution_20250522"},
    {"type": "shell"},
    {"type": 1},
    "x",
    None,
]


def test_tools_that_the_agent_carries_out_itself_stay() -> None:
    assert only_asking({"tools": [*OWN, *THEIRS], "tool_choice": "auto"}, "m") == {
        "model": "m",
        "tools": OWN,
        "tool_choice": "auto",
    }
    assert only_asking({"tools": THEIRS, "tool_choice": "auto"}, "m") == {"model": "m"}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://evil.io/?source"}},
        {"type": "input_image", "image_url": " HTTP://evil.io"},
        {"type": "image", "source": {"type": "url", "url": "https://evil.io"}},
        {"type": "input_file", "file_url": "https://evil.io"},
    ],
)
def test_content_behind_an_address_is_refused(part: Json) -> None:
    """Whoever fetches it tells the address, and an address holds what one likes."""
    with pytest.raises(ValueError, match="behind an address"):
        only_asking({"messages": [{"role": "user", "content": [part]}]}, "m")


def test_addresses_in_words_and_arguments_are_words() -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "see https://example.com"},
            {"role": "assistant", "content": [{"type": "tool_use", "name": "fetch", "input": {"url": "https://a.b"}}]},
            {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "aa"}}]},
        ],
    }
    assert only_asking(body, "m") == body


@given(st.binary(max_size=200), st.integers(1, 50))
def test_nothing_in_an_answer_makes_counting_fail(answer: bytes, size: int) -> None:
    reader = UsageReader()
    for at in range(0, len(answer), size):
        reader.feed(answer[at : at + size])
    reader.end()


@given(st.integers(1, 40))
def test_usage_is_found_however_an_answer_is_cut(size: int) -> None:
    answer = (
        b'data: {"choices": []}\n\ndata: {"usage": null}\n\n'
        b'data: {"type": "response.completed", "response": {"usage": {"input_tokens": 5, "output_tokens": 6}}}\n\n'
        b"data: [DONE]\n"
    )
    reader = UsageReader()
    for at in range(0, len(answer), size):
        reader.feed(answer[at : at + size])
    reader.end()
    assert (reader.input_tokens, reader.output_tokens) == (5, 6)
