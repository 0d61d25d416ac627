"""Asking a language model, whoever serves it: OpenAI, Anthropic, OpenRouter, or any compatible endpoint.

Nothing needs a model, and nothing is sent unless one is configured. Belongs here: one question with a typed answer,
redacted before it leaves, and what the call cost. Does not: what is asked (the stages), whether a key is taken
(`providers.py`), or keeping what a call cost (retrace_assets.llm_calls).
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.redaction import redact_text
from retrace_resources.llm_prices import cost_usd
from retrace_resources.model_usage import Usage
from retrace_resources.providers import LLM_URLS
from retrace_resources.settings_schema import Llm

if TYPE_CHECKING:
    from openai import OpenAI

MOST_ANSWERED: Final = 16_000
"""Tokens of an answer, thinking included: what an endless answer can cost at most."""

# Times the client asks again when nobody answered, or the answer was 408, 409, 429 or 5xx; it waits in between.
_RETRIES: Final = 2
_REFUSED: Final = 400
_SERVER_ERROR: Final = 500
_WORD: Final = re.compile(r"[a-z_]{1,60}")
# Some models put their JSON into a code block whatever they are asked.
_BLOCK: Final = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n\s*```\s*", re.DOTALL)

Status = Literal["ok", "refused", "failed"]
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: for what, of which model, and what it came to; times are UTC, counts are the provider's or None."""

    purpose: str
    provider: str
    model: str
    status: Status
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    seconds: float
    called_at: datetime


def call_of(usage: Usage, provider: str) -> Call:
    """A call that an agent made through the proxy; how long it took is the agent's affair."""
    return Call(
        purpose="agent",
        provider=provider,
        model=usage.model,
        status="ok" if usage.status < _REFUSED else "failed" if usage.status >= _SERVER_ERROR else "refused",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=cost_usd(usage.model, usage.input_tokens, usage.output_tokens),
        seconds=0.0,
        called_at=datetime.now(UTC).replace(tzinfo=None),
    )


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


class _Completion(msgspec.Struct):
    """What is read of an answer: `cost` is OpenRouter's."""

    choices: list[_Choice]
    model: str = ""
    usage: _Usage | None = None


def nobody(_: Call) -> None:
    """Note a call nowhere."""


class LanguageModel:
    """The model a person configured; `note` is told of every call, also of one that failed."""

    def __init__(self, llm: Llm, note: Callable[[Call], None] = nobody) -> None:
        """Name the model; nothing is opened before something is asked."""
        self._llm = llm
        self._note = note
        self._base_url = llm.base_url or LLM_URLS.get(llm.provider, "")

    def configured(self) -> bool:
        """Whether there is anything to ask."""
        return bool(self._base_url and self._llm.model)

    def ask(self, purpose: str, instructions: str, content: str, answer: type[AnswerT]) -> AnswerT:
        """Ask for an answer of a type (a msgspec Struct); `content` is what it is about, and is redacted.

        Raises `model_unavailable` where nothing is configured, nobody answers, or the answer is of another shape.
        """
        schema = _schema(answer)
        form = {"type": "json_schema", "json_schema": {"name": answer.__name__.lower(), "schema": schema}}
        # In the words too: Anthropic's endpoint, for one, reads over `response_format`.
        said = f"{instructions}\n\nAnswer with JSON of this schema, and nothing else:\n{_json(schema)}"
        messages = [{"role": "system", "content": said}, {"role": "user", "content": redact_text(content)}]
        more = {} if self._llm.provider == "anthropic" else {"response_format": form}
        return self._noted(purpose, {"messages": messages, **more}, lambda text: _decoded(text, answer))

    def ask_text(self, purpose: str, content: str) -> str:
        """Ask for a text; `content` is redacted. Raises `model_unavailable`."""
        return self._noted(purpose, {"messages": [{"role": "user", "content": redact_text(content)}]}, str)

    def _noted(self, purpose: str, request: dict[str, Any], read: Callable[[str], AnswerT]) -> AnswerT:
        """Send a request and read its answer; the call is noted however it ends."""
        if not self.configured():
            raise _unavailable("no model is configured", "retrace init")
        began, called_at = time.monotonic(), datetime.now(UTC).replace(tzinfo=None)
        status: Status = "failed"
        completion: _Completion | None = None
        try:
            completion = self._complete(request)
            answered = read(self._text(completion))
            status = "ok"
        except _RefusedError:
            status = "refused"
            raise
        except msgspec.DecodeError as error:
            detail = f"{self._llm.provider} answered in another form: {error}"
            raise _unavailable(detail, "ask again, or another llm.model") from None
        finally:
            self._note(self._call(purpose, status, completion, called_at, time.monotonic() - began))
        return answered

    def _complete(self, request: dict[str, Any]) -> _Completion:
        # Half a second that only a question is worth.
        import httpx2  # noqa: PLC0415
        from openai import APIConnectionError, APIStatusError, APITimeoutError, Omit, OpenAIError  # noqa: PLC0415

        provider, seconds = self._llm.provider, self._llm.timeout_seconds
        # Newer models of OpenAI refuse the older name, which all others understand.
        limit = "max_completion_tokens" if provider == "openai" else "max_tokens"
        # The client takes these from the environment, and would tell them anybody.
        own = {} if provider == "openai" else {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        try:
            with self._client() as client:
                said = client.chat.completions.with_raw_response.create(
                    **{"model": self._llm.model, limit: MOST_ANSWERED, "extra_headers": own, **request}
                )
            return msgspec.json.decode(said.content, type=_Completion)
        except APITimeoutError:
            raise _unavailable(f"{provider} did not answer within {seconds:g} s", "raise llm.timeout_seconds") from None
        except APIStatusError as error:
            # The rest of what it says may quote the key.
            why = f" ({error.code})" if _WORD.fullmatch(error.code or "") else ""
            kind = _RefusedError if error.status_code < _SERVER_ERROR else RetraceError
            detail = f"{provider} answered HTTP {error.status_code}{why}"
            raise kind(ErrorCode.MODEL_UNAVAILABLE, detail, hint="check llm.api_key and llm.model") from None
        except (APIConnectionError, OpenAIError, httpx2.InvalidURL):
            raise _unavailable(f"{provider} could not be reached", "check llm.base_url") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _unavailable(f"{provider} answered something that is no completion", "check llm.base_url") from None

    def _text(self, completion: _Completion) -> str:
        """What was answered, without the code block that some models put around it."""
        choice = next(iter(completion.choices), _Choice(_Message(), "no choice"))
        if not choice.message.content:
            why = choice.finish_reason if _WORD.fullmatch(choice.finish_reason or "") else "no reason"
            raise _unavailable(f"{self._llm.provider} answered nothing ({why})", "ask again, or another llm.model")
        block = _BLOCK.fullmatch(choice.message.content)
        return block[1] if block else choice.message.content

    def _client(self) -> "OpenAI":
        from openai import OpenAI  # noqa: PLC0415

        return OpenAI(
            # The client wants a key also for a server on this machine, which needs none.
            api_key=self._llm.api_key.get_secret_value() or "none",
            base_url=self._base_url,
            timeout=self._llm.timeout_seconds,
            max_retries=_RETRIES,
        )

    def _call(
        self, purpose: str, status: Status, completion: _Completion | None, called_at: datetime, seconds: float
    ) -> Call:
        usage = (completion.usage if completion else None) or _Usage()
        model = (completion.model if completion else "") or self._llm.model
        counts = usage.prompt_tokens, usage.completion_tokens
        return Call(
            purpose=purpose,
            provider=self._llm.provider,
            model=model,
            status=status,
            input_tokens=counts[0],
            output_tokens=counts[1],
            cost_usd=cost_usd(model, *counts) if usage.cost is None else usage.cost,
            seconds=seconds,
            called_at=called_at,
        )


class _RefusedError(RetraceError):
    """The provider would not: another try is answered the same."""


def _unavailable(detail: str, hint: str) -> RetraceError:
    return RetraceError(ErrorCode.MODEL_UNAVAILABLE, detail, hint=hint)


def _schema(answer: type) -> dict[str, Any]:
    """The JSON schema of a type, itself at the top: some endpoints take no reference there."""
    (_, components) = msgspec.json.schema_components([answer], ref_template="#/$defs/{name}")
    own = components.pop(answer.__name__)
    return {**own, **({"$defs": components} if components else {})}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _decoded(text: str, answer: type[AnswerT]) -> AnswerT:
    return msgspec.json.decode(text, type=answer)
