"""The onboarding manifest: everything a team needs to connect an app to a door that others run, in one answer.

Belongs here: what the manifest says, and minting the key and token in it. Does not: the page snippets (`snippets.py`),
or how the manifest is asked for or shown (the faces). Only what the door serves today is in it, and every command works
as it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrace_app.actions.keys import KeyInHand, TokenInHand, mint_sdk_key, mint_service_token
from retrace_app.actions.onboarding_commands import Command, commands
from retrace_app.actions.snippets import package_snippet, react_snippet
from retrace_app.actions.workspace import DEFAULT_BASE_URL, Names, check_base_url, ingest_url
from retrace_core.scopes import parse_scopes
from retrace_resources.settings import Settings
from retrace_resources.state import StateStore, Workspace

DEFAULT_SCOPES = ("issues:read", "issues:write", "mcp:read", "replay:read", "replay:write")
"""What the commands of the manifest need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What may be chosen; `release` is noted with every session, and may be empty."""

    api_base_url: str = DEFAULT_BASE_URL
    sdk_key_name: str = "Hosted browser SDK"
    service_token_name: str = "Hosted onboarding"  # noqa: S105 - a name
    service_token_scopes: tuple[str, ...] = DEFAULT_SCOPES
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardedWorkspace:
    """Where what is sent belongs."""

    project_id: str
    project: str
    environment_id: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The new key and token; the only time their secrets are seen."""

    sdk_key_id: str
    sdk_key: str = field(repr=False)
    service_token_id: str
    service_token: str = field(repr=False)
    service_token_scopes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Something to paste: its language is html, typescript, tsx or bash."""

    title: str
    language: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command to run, and what shows that it worked."""

    name: str
    command: str = field(repr=False)
    expect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The steps that show that all of it works, in order."""

    ordered_steps: list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """The whole manifest."""

    workspace: OnboardedWorkspace
    credentials: Credentials
    endpoints: dict[str, str]
    snippets: dict[str, Snippet]
    verification: Verification
    checklist: list[str]


def onboard_hosted(settings: Settings, names: Names, wishes: Wishes) -> Onboarding:
    """Make a manifest for a workspace, which is made if it is new; raises as `onboard` does, and `invalid_name`."""
    wishes, _ = _checked(wishes)
    with StateStore.open(settings.home) as store:
        workspace = store.ensure_workspace(names.organization, names.project, names.environment)
        return onboard(store, settings.home, workspace, wishes)


def onboard(store: StateStore, home: Path, workspace: Workspace, wishes: Wishes) -> Onboarding:
    """Mint a key and a token for a workspace that is there, and say how to use them.

    Raises `invalid_scope`, `invalid_payload` for a base URL that cannot be pasted, or `recorder_not_built`, before
    anything is minted.
    """
    wishes, scopes = _checked(wishes)
    key = mint_sdk_key(
        store, home, workspace, base_url=wishes.api_base_url, name=wishes.sdk_key_name, release=wishes.release
    )
    token = mint_service_token(store, workspace, wishes.service_token_name, scopes)
    [place] = [
        place for place in store.environments(workspace.project_id) if place.environment_id == workspace.environment_id
    ]
    known = commands(wishes.api_base_url, key, token)
    return Onboarding(
        workspace=OnboardedWorkspace(
            project_id=place.project_id,
            project=place.project,
            environment_id=place.environment_id,
            environment=place.environment,
        ),
        credentials=Credentials(
            sdk_key_id=key.key_id,
            sdk_key=key.sdk_key,
            service_token_id=token.token_id,
            service_token=token.service_token,
            service_token_scopes=token.scopes,
        ),
        endpoints=_endpoints(wishes.api_base_url),
        snippets=_page_snippets(key, wishes) | _command_snippets(known.values()),
        verification=Verification(ordered_steps=_steps(known)),
        checklist=_checklist(key, token),
    )


def _checked(wishes: Wishes) -> tuple[Wishes, frozenset[str]]:
    base_url = check_base_url(wishes.api_base_url)
    return replace(wishes, api_base_url=base_url), parse_scopes(wishes.service_token_scopes)


def _endpoints(base_url: str) -> dict[str, str]:
    paths = {
        "health": "/healthz",
        "recorder": "/sdk/retrace.js",
        "replays": "/api/replays",
        "process": "/api/replays/process",
        "issues": "/api/issues",
        "incidents": "/api/incidents",
        "signals": "/api/signals",
        "metrics": "/api/metrics",
        "openapi": "/openapi.json",
    }
    return {"replay_ingest": ingest_url(base_url)} | {name: base_url + path for name, path in paths.items()}


def _page_snippets(key: KeyInHand, wishes: Wishes) -> dict[str, Snippet]:
    inputs = (wishes.api_base_url, key.sdk_key, wishes.release)
    return {
        "browser": Snippet(title="Into the <head> of every page", language="html", text=key.snippet),
        "npm": Snippet(title="With a bundler", language="typescript", text=package_snippet(*inputs)),
        "react": Snippet(title="Around a React app", language="tsx", text=react_snippet(*inputs)),
    }


def _command_snippets(known: Iterable[Command]) -> dict[str, Snippet]:
    return {command.name: Snippet(title=command.title, language="bash", text=command.text) for command in known}


def _steps(known: dict[str, Command]) -> list[Step]:
    return [Step(name=one.name, command=one.text, expect=one.expect) for one in known.values() if one.expect]


def _checklist(key: KeyInHand, token: TokenInHand) -> list[str]:
    return [
        "Keep this manifest like a password: its secrets are shown once.",
        "Put the browser snippet into the <head> of the app, before its own scripts, or use the npm package.",
        "Run the verification steps in order.",
        "Keep the service token on servers; only the SDK key belongs into a page.",
        f"To take access back: retrace api keys revoke {key.key_id}; retrace api keys revoke {token.token_id}",
    ]
