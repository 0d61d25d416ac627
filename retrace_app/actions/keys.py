"""SDK keys and service tokens: minted with all a person pastes, listed, revoked.

Belongs here: what these verbs do. Does not: how a key is kept (the state store), or what a scope is (retrace_core).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from retrace_app.actions.snippets import pin_recorder, recorder_snippet
from retrace_app.actions.workspace import Names, ingest_url, sentry_dsn
from retrace_core.scopes import parse_scopes
from retrace_resources.settings import Settings
from retrace_resources.state import KeyRecord, StateStore, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInHand:
    """A new SDK key with all a person pastes; the only time its secret is seen."""

    key_id: str
    project_id: str
    environment_id: str
    sdk_key: str = field(repr=False)
    ingest_url: str
    sentry_dsn: str = field(repr=False)
    snippet: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInHand:
    """A new service token; the only time its secret is seen. The environment is the one that was named with it."""

    token_id: str
    project_id: str
    environment_id: str
    name: str
    scopes: list[str]
    service_token: str = field(repr=False)


def create_sdk_key(settings: Settings, names: Names, base_url: str, key_name: str) -> KeyInHand:
    """Mint an SDK key for a workspace, which is made if it is new."""
    with StateStore.open(settings.home) as store:
        workspace = store.ensure_workspace(names.organization, names.project, names.environment)
        return mint_sdk_key(store, settings.home, workspace, base_url=base_url, name=key_name)


def mint_sdk_key(
    store: StateStore, home: Path, workspace: Workspace, *, base_url: str, name: str, release: str = ""
) -> KeyInHand:
    """Mint an SDK key for a workspace that is there; raises `recorder_not_built` before anything is minted."""
    recorder = pin_recorder(home)
    key, secret = store.create_sdk_key(workspace, name)
    return KeyInHand(
        key_id=key.id,
        project_id=key.project_id,
        environment_id=key.environment_id,
        sdk_key=secret,
        ingest_url=ingest_url(base_url),
        sentry_dsn=sentry_dsn(base_url, secret, workspace.dsn_project_number),
        snippet=recorder_snippet(recorder, base_url, secret, release),
    )


def create_service_token(settings: Settings, names: Names, token_name: str, scopes: Iterable[str]) -> TokenInHand:
    """Mint a token for a workspace's project, which is made if it is new; raises `invalid_scope`."""
    checked = parse_scopes(scopes)
    with StateStore.open(settings.home) as store:
        workspace = store.ensure_workspace(names.organization, names.project, names.environment)
        return mint_service_token(store, workspace, token_name, checked)


def mint_service_token(store: StateStore, workspace: Workspace, name: str, scopes: Iterable[str]) -> TokenInHand:
    """Mint a token for the project of a workspace that is there; raises `invalid_scope`."""
    token, secret = store.create_service_token(workspace.project_id, name, scopes)
    return TokenInHand(
        token_id=token.id,
        project_id=token.project_id,
        environment_id=workspace.environment_id,
        name=name,
        scopes=sorted(token.scopes),
        service_token=secret,
    )


def list_keys(settings: Settings) -> list[KeyRecord]:
    """Every SDK key and service token ever minted, oldest first, without its secret."""
    with StateStore.open(settings.home) as store:
        return store.list_keys()


def revoke_key(settings: Settings, key_id: str) -> None:
    """Refuse a key or token from its next request on; raises `key_not_found`."""
    with StateStore.open(settings.home) as store:
        store.revoke_key(key_id)
