"""`retrace init`: choose PostHog and a model, both optional, and have the choice tried before it is written down."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from retrace_app.actions.configure import (
    LLM_PROVIDERS,
    LLM_VARIABLE,
    POSTHOG_VARIABLE,
    Configured,
    LlmChoice,
    PostHogChoice,
    configure,
    try_llm,
    try_posthog,
)
from retrace_app.cli.messages import notice, warning, write_json
from retrace_app.cli.options import ConfigOption, JsonOption
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.providers import Answered
from retrace_resources.settings import DEFAULT_CONFIG_PATH, Settings, load_settings

app = typer.Typer(add_completion=False)

_POSTHOG_HOST = "https://us.posthog.com"
# Where a model on one's own machine usually answers.
_LOCAL_MODEL = "http://127.0.0.1:11434/v1"

Choice = TypeVar("Choice")


@app.command("init")
def run(
    *,
    config: ConfigOption = None,
    posthog_host: Annotated[str, typer.Option(help="PostHog's address.")] = "",
    posthog_project_id: Annotated[str, typer.Option(help="Number of the PostHog project.")] = "",
    posthog_api_key: Annotated[str, typer.Option(help="Personal API key of PostHog.", envvar=POSTHOG_VARIABLE)] = "",
    llm_provider: Annotated[str, typer.Option(help=f"One of {', '.join(LLM_PROVIDERS)}.")] = "",
    llm_base_url: Annotated[str, typer.Option(help="Address of an OpenAI-compatible API.")] = "",
    llm_model: Annotated[str, typer.Option(help="Name of the model.")] = "",
    llm_api_key: Annotated[str, typer.Option(help="Key of the model's provider.", envvar=LLM_VARIABLE)] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take the options, leave out the rest.")] = False,
    json: JsonOption = False,
) -> None:
    """Choose where recordings are pulled from and which model helps; neither is needed.

    What is entered is tried at once. Keys go to .env, everything else to config.yaml; what is there stays.
    """
    path = config or DEFAULT_CONFIG_PATH
    settings = load_settings(path) if path.exists() else Settings()
    current_posthog, current_llm = settings.posthog, settings.llm
    posthog = PostHogChoice(
        posthog_host or current_posthog.host,
        posthog_project_id or current_posthog.project_id,
        posthog_api_key or current_posthog.api_key.get_secret_value(),
    )
    llm = LlmChoice(
        llm_provider or current_llm.provider,
        llm_base_url or current_llm.base_url,
        llm_model or current_llm.model,
        llm_api_key or current_llm.api_key.get_secret_value(),
    )
    if yes:
        done = configure(
            path,
            _taken(posthog, try_posthog) if posthog_host or posthog_project_id else None,
            _taken(llm, try_llm) if llm_provider or llm_base_url or llm_model else None,
        )
    else:
        done = configure(
            path,
            _asked("Pull recordings from PostHog?", posthog, bool(posthog.host), _ask_posthog, try_posthog),
            _asked("Let a model write titles, summaries and patches?", llm, bool(llm.model), _ask_llm, try_llm),
        )
    _tell(done, path)
    if json:
        write_json(done)


def _taken(choice: Choice, attempt: Callable[[Choice], Answered]) -> Choice:
    """The choice, unless its service says no; raises `provider_refused`."""
    answered = attempt(choice)
    if answered.verdict == "not_checked":
        warning(f"not checked: {answered.found}")
    elif answered.verdict == "ok":
        notice(f"{answered.found}.")
    else:
        raise RetraceError(ErrorCode.PROVIDER_REFUSED, answered.found, hint="nothing was written")
    return choice


def _asked(
    question: str,
    choice: Choice,
    is_configured: bool,
    ask: Callable[[Choice], Choice],
    attempt: Callable[[Choice], Answered],
) -> Choice | None:
    """What a person chose, until it is taken or they give it up; None when it is left as it was."""
    if not typer.confirm(question, default=is_configured, err=True):
        return None
    while True:
        choice = ask(choice)
        try:
            return _taken(choice, attempt)
        except RetraceError as refusal:
            warning(refusal.detail)
        if not typer.confirm("Enter it again?", default=True, err=True):
            return None


def _ask_posthog(current: PostHogChoice) -> PostHogChoice:
    return PostHogChoice(
        _prompt("PostHog's address", current.host or _POSTHOG_HOST),
        _prompt("Project number", current.project_id),
        _secret("Personal API key", current.api_key),
    )


def _ask_llm(current: LlmChoice) -> LlmChoice:
    provider = _prompt(f"Provider ({', '.join(LLM_PROVIDERS)})", current.provider)
    is_local = provider == "openai_compatible"
    base_url = _prompt("Address of the API", current.base_url or _LOCAL_MODEL) if is_local else current.base_url
    return LlmChoice(provider, base_url, _prompt("Model", current.model), _secret("API key", current.api_key))


def _prompt(question: str, current: str) -> str:
    answer: str = typer.prompt(question, default=current or None, err=True)
    return answer.strip()


def _secret(question: str, current: str) -> str:
    """A key, typed unseen; an empty answer keeps the one there is, or means none."""
    suffix = " (empty keeps the one there is)" if current else " (empty for none)"
    answer: str = typer.prompt(question + suffix, default="", show_default=False, hide_input=True, err=True)
    return answer.strip() or current


def _tell(done: Configured, path: Path) -> None:
    if done.blocks:
        notice(f"Wrote {' and '.join(done.blocks)} to {done.config}, keys to {done.env}.")
    else:
        notice(f"Nothing was changed; {path} and {done.env} are there.")
    for name in done.hidden_by_environment:
        warning(f"{name} is set in the environment to something else, which counts more than {done.env}")
    notice("Next: retrace quickstart for an SDK key, retrace doctor to check everything.")
