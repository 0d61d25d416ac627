"""What a manifest says, and when none is made."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrace_app.actions.onboarding import DEFAULT_SCOPES, Wishes, onboard
from retrace_core.errors import ErrorCode, RetraceError
from retrace_resources.state import StateStore
from tests.retrace_app.actions.onboarding.hosted import NAMES


@pytest.fixture
def store(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


def test_commands_that_the_token_may_not_run_are_left_out(store: StateStore, home: Path) -> None:
    workspace = store.ensure_workspace(*names())

    manifest = onboard(store, home, workspace, Wishes(service_token_scopes=("replay:read",)))

    assert manifest.snippets.keys() == {"browser", "npm", "react", "health", "test_replay", "replays"}
    assert [step.name for step in manifest.verification.ordered_steps] == ["health", "test_replay", "replays"]


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (Wishes(service_token_scopes=("everything",)), ErrorCode.INVALID_SCOPE),
        (Wishes(api_base_url="https://a/$(id)"), ErrorCode.INVALID_PAYLOAD),
    ],
)
def test_nothing_is_minted_when_a_wish_cannot_be_met(
    wishes: Wishes, code: ErrorCode, store: StateStore, home: Path
) -> None:
    workspace = store.ensure_workspace(*names())

    with pytest.raises(RetraceError) as refusal:
        onboard(store, home, workspace, wishes)

    assert refusal.value.code is code
    assert store.list_keys() == []


def test_manifest_hides_its_secrets_when_it_is_printed(store: StateStore, home: Path) -> None:
    manifest = onboard(store, home, store.ensure_workspace(*names()), Wishes())

    assert manifest.credentials.sdk_key not in repr(manifest)
    assert manifest.credentials.service_token not in repr(manifest)


def test_default_scopes_are_enough_for_every_command(store: StateStore, home: Path) -> None:
    workspace = store.ensure_workspace(*names())
    everything = onboard(store, home, workspace, Wishes(service_token_scopes=("admin",)))

    assert everything.snippets.keys() == onboard(store, home, workspace, Wishes()).snippets.keys()
    assert "admin" not in DEFAULT_SCOPES


def names() -> tuple[str, str, str]:
    return NAMES.organization, NAMES.project, NAMES.environment
