"""Asking the services a person brought whether they take what was configured: PostHog, a model, GitHub.

Belongs here: one cheap reading request a service, and what its answer means. Does not: using a service, or where its
key comes from (`settings.py`). Nothing is sent unless somebody asks for this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from retrace_resources.settings_schema import GithubSink, Llm, PostHog

# A person waits; a service on the other side of the world answers such a request in under a second.
_SECONDS = 10.0

LLM_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
"""Where each provider answers when no `base_url` is set."""

_ANTHROPIC_VERSION = "2023-06-01"
_GITHUB_VERSION = "2022-11-28"
_REFUSED = frozenset({401, 403})

Verdict = Literal["ok", "refused", "wrong", "not_checked"]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a service said: taken, the key refused, something else wrong, or nobody could be reached."""

    provider: str
    verdict: Verdict
    found: str


def ask_posthog(posthog: PostHog) -> Answered:
    """Ask for the project; the key must be a personal one that may read it."""
    if not (posthog.host and posthog.project_id):
        return Answered("PostHog", "wrong", "posthog.host and posthog.project_id are both needed")
    host = posthog.host if "://" in posthog.host else f"https://{posthog.host}"
    url = f"{host.rstrip('/')}/api/projects/{posthog.project_id}/"
    return _ask("PostHog", url, {"authorization": f"Bearer {posthog.api_key.get_secret_value()}"})


def ask_llm(llm: Llm) -> Answered:
    """Ask which models there are, and whether the one that was chosen is among them."""
    base_url = llm.base_url or LLM_URLS.get(llm.provider, "")
    name = f"the model provider ({llm.provider})"
    if not (base_url and llm.model):
        return Answered(name, "wrong", "llm.base_url and llm.model are both needed")
    key = llm.api_key.get_secret_value()
    # OpenRouter lists its models to anybody; only this path looks at the key.
    if (
        llm.provider == "openrouter"
        and (asked := _ask(name, f"{base_url.rstrip('/')}/key", _bearer(key))).verdict != "ok"
    ):
        return asked
    headers = (
        {"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION} if llm.provider == "anthropic" else _bearer(key)
    )
    return _ask(name, f"{base_url.rstrip('/')}/models", headers, model=llm.model)


def ask_github(github: GithubSink) -> Answered:
    """Ask for the repository, or, where none is named, for the limits of the token."""
    path = f"/repos/{github.repo}" if github.repo else "/rate_limit"
    headers = {"x-github-api-version": _GITHUB_VERSION, **_bearer(github.api_key.get_secret_value())}
    return _ask("GitHub", github.base_url.rstrip("/") + path, headers)


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _ask(provider: str, url: str, headers: Mapping[str, str], model: str = "") -> Answered:
    try:
        answer = httpx.get(url, headers=dict(headers), timeout=_SECONDS)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        return Answered(provider, "wrong", f"{url} is no address that can be asked")
    except httpx.HTTPError as error:
        return Answered(provider, "not_checked", f"{url} could not be reached ({type(error).__name__})")
    if answer.status_code in _REFUSED:
        return Answered(provider, "refused", f"{provider} refused the key (HTTP {answer.status_code})")
    if answer.status_code != httpx.codes.OK:
        return Answered(provider, "wrong", f"{url} answered HTTP {answer.status_code}")
    if model and model not in (offered := _models(answer)) and offered:
        return Answered(provider, "wrong", f"{provider} takes the key, but offers no model {model!r}")
    return Answered(provider, "ok", f"{provider} takes the key")


def _models(answer: httpx.Response) -> set[str]:
    """Ids of the models in a list; none when it is no such list, as some servers have it."""
    try:
        document: Any = answer.json()
    except ValueError:
        return set()
    entries = document.get("data") if isinstance(document, dict) else None
    return (
        {str(entry.get("id")) for entry in entries or () if isinstance(entry, dict)}
        if isinstance(entries, list)
        else set()
    )
