"""One question to whichever model is configured: what is sent, what comes back, and what is noted of it."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import pytest
from pydantic import SecretStr

from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.llm import Call, LanguageModel, call_of
from retrace_resources.llm_prices import PRICES, cost_usd, price_of
from retrace_resources.model_usage import Usage
from retrace_resources.settings_schema import Llm
from tests.retrace_resources.model_server import ModelServer, serving_model

KEY = "secret-of-a-person"
MODELS = {
    "openai": "gpt-6-sol",
    "anthropic": "claude-sonnet-5-5",
    "openrouter": "anthropic/claude-sonnet-5.5",
    "openai_compatible": "qwen3:8b",
}


class Part(msgspec.Struct, forbid_unknown_fields=True):
    path: str


class Ranked(msgspec.Struct, forbid_unknown_fields=True):
    files: list[Part]
    sure: Literal["yes", "no"]


ANSWER = '{"files": [{"path": "src/cart.js"}], "sure": "yes"}'


@pytest.fixture(params=MODELS)
def server(request: pytest.FixtureRequest) -> Iterator[ModelServer]:
    """Each provider in turn."""
    with serving_model(request.param, key=KEY, content=ANSWER) as server:
        yield server


@pytest.fixture
def local() -> Iterator[ModelServer]:
    """A server on one's own machine, which wants no key."""
    with serving_model("openai_compatible", content=ANSWER) as server:
        yield server


class Asking:
    """A model as configured for a server, and the calls it noted."""

    def __init__(self, server: ModelServer, key: str = KEY, **more: Any) -> None:
        self.calls: list[Call] = []
        configured = {"provider": server.provider, "base_url": server.base_url, "model": MODELS[server.provider]}
        llm = Llm.model_validate({"api_key": SecretStr(key), "timeout_seconds": 5, **configured, **more})
        self.model = LanguageModel(llm, self.calls.append)

    def ask(self, content: str = "which file?") -> Ranked:
        return self.model.ask("rerank", "Rank the files.", content, Ranked)

    def refusal(self) -> RetraceError:
        with pytest.raises(RetraceError) as raised:
            self.ask()
        assert raised.value.code is ErrorCode.MODEL_UNAVAILABLE
        return raised.value


def test_the_same_question_is_answered_by_every_provider(server: ModelServer) -> None:
    asking = Asking(server)
    assert asking.ask() == Ranked([Part("src/cart.js")], "yes")
    (call,) = asking.calls
    assert (call.purpose, call.provider, call.model) == ("rerank", server.provider, MODELS[server.provider])
    assert (call.status, call.input_tokens, call.output_tokens) == ("ok", 1_000, 200)
    assert call.seconds > 0
    (sent,) = server.asked
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert '"enum":["no","yes"]' in sent["messages"][0]["content"]


def test_a_call_costs_what_the_list_says_and_nothing_is_said_of_an_unlisted_model(server: ModelServer) -> None:
    asking = Asking(server)
    asking.ask()
    listed = {"openai_compatible": None}.get(server.provider, 1_000 * 2e-6 + 200 * 10e-6)
    assert asking.calls[0].cost_usd == pytest.approx(listed)


def test_what_a_provider_says_of_the_cost_goes_before_the_list() -> None:
    usage = {"prompt_tokens": 1_000, "completion_tokens": 200, "cost": 0.0321}
    with serving_model("openrouter", content=ANSWER, usage=usage) as server:
        asking = Asking(server)
        asking.ask()
    assert asking.calls[0].cost_usd == 0.0321


def test_secrets_are_redacted_before_they_leave(local: ModelServer) -> None:
    Asking(local).ask("POST /login password=correct-horse from ann@example.com in src/auth/session.ts:12")
    content = local.asked[0]["messages"][1]["content"]
    assert content == "POST /login password=[redacted] from [email] in src/auth/session.ts:12"


def test_what_openai_knows_of_a_person_is_for_openai_alone(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "known-to-openai")
    Asking(server).ask()
    assert ("known-to-openai" in server.headers[0]) is (server.provider == "openai")


def test_an_answer_in_a_code_block_is_read(local: ModelServer) -> None:
    local.content = f"```json\n{ANSWER}\n```\n"
    assert Asking(local).ask().sure == "yes"


def test_a_text_can_be_asked_for_too(server: ModelServer) -> None:
    asking = Asking(server)
    assert asking.model.ask_text("summary", "of ann@example.com") == ANSWER
    assert [message["content"] for message in server.asked[0]["messages"]] == ["of [email]"]
    assert asking.calls[0].purpose == "summary"


@pytest.mark.parametrize(("status", "said"), [(200, "ok"), (401, "refused"), (529, "failed")])
def test_an_agents_own_call_costs_what_it_would_cost_us(status: int, said: str) -> None:
    call = call_of(Usage("claude-sonnet-5-5", status, 1_000, 200), "anthropic")
    assert (call.purpose, call.provider, call.status) == ("agent", "anthropic", said)
    assert call.cost_usd == pytest.approx(0.004)


def test_without_a_key_a_server_on_ones_own_machine_answers(local: ModelServer) -> None:
    assert Asking(local, key="").ask().sure == "yes"


@pytest.mark.parametrize("llm", [Llm(), Llm(provider="openai"), Llm(model="qwen3:8b")])
def test_nothing_is_sent_or_noted_when_nothing_is_configured(llm: Llm) -> None:
    calls: list[Call] = []
    model = LanguageModel(llm, calls.append)
    assert not model.configured()
    with pytest.raises(RetraceError) as raised:
        model.ask("rerank", "Rank.", "which?", Ranked)
    assert raised.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert calls == []


def test_a_refused_key_is_named_by_its_provider_and_never_shown(server: ModelServer) -> None:
    asking = Asking(server, key="another-secret")
    refusal = asking.refusal()
    assert refusal.detail == f"{server.provider} answered HTTP 401 (invalid_api_key)"
    assert "another-secret" not in f"{refusal} {refusal.hint} {asking.calls}"
    assert asking.calls[0].status == "refused"
    assert asking.calls[0].cost_usd is None
    assert len(server.asked) == 1


def test_a_busy_provider_is_asked_again(local: ModelServer) -> None:
    local.failures = [503, 429]
    assert Asking(local).ask().sure == "yes"
    assert len(local.asked) == 3


def test_a_provider_that_stays_broken_has_failed(local: ModelServer) -> None:
    local.failures = [500] * 9
    asking = Asking(local)
    assert asking.refusal().detail == "openai_compatible answered HTTP 500 (overloaded)"
    assert [call.status for call in asking.calls] == ["failed"]


def test_a_provider_is_waited_for_no_longer_than_configured(local: ModelServer) -> None:
    local.seconds = 1
    asking = Asking(local, timeout_seconds=0.1)
    assert asking.refusal().detail == "openai_compatible did not answer within 0.1 s"


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1/v1", "http://[::1", "no address"])
def test_a_provider_that_cannot_be_reached_is_named(base_url: str) -> None:
    with pytest.raises(RetraceError) as raised:
        LanguageModel(Llm(base_url=base_url, model="m")).ask("rerank", "Rank.", "which?", Ranked)
    assert raised.value.detail == "openai_compatible could not be reached"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"files": "all"}', "answered in another form"),
        ("I think it is src/cart.js", "answered in another form"),
        ("", "answered nothing (stop)"),
    ],
)
def test_an_answer_of_another_form_is_none_and_is_paid_for(local: ModelServer, content: str, said: str) -> None:
    local.content = content
    asking = Asking(local)
    assert said in asking.refusal().detail
    assert (asking.calls[0].status, asking.calls[0].output_tokens) == ("failed", 200)


def test_a_page_is_no_answer(local: ModelServer) -> None:
    local.page = "<html>Sign in</html>"
    assert Asking(local).refusal().detail == "openai_compatible answered something that is no completion"


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("claude-opus-4-6", "claude-opus-4-6"),
        ("anthropic/claude-opus-4.6", "claude-opus-4-6"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("gpt-5.4-2026-03-05", "gpt-5.4"),
    ],
)
def test_a_models_price_is_found_under_its_vendor_and_version(name: str, listed: str) -> None:
    assert price_of(name) == PRICES[listed]


@pytest.mark.parametrize(("model", "tokens"), [("gpt-6-sol-mini", 10), ("", 10), ("gpt-6-sol", None)])
def test_no_cost_is_guessed(model: str, tokens: int | None) -> None:
    assert cost_usd(model, tokens, 10) is None
