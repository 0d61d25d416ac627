"""SDK keys and service tokens: secrets kept nowhere, found in microseconds, refused once revoked."""

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.scopes import SCOPES, parse_scopes
from retrace_resources.state import StateStore, Workspace


@pytest.fixture
def store(home: Path) -> Iterator[StateStore]:
    with StateStore.open(home) as opened:
        yield opened


@pytest.fixture
def workspace(store: StateStore) -> Workspace:
    return store.ensure_workspace("Local", "Default", "production")


def last_used(home: Path) -> datetime | None:
    with StateStore.open(home) as another:
        return another.list_keys()[0].last_used_at


def set_last_used(home: Path, at: datetime) -> None:
    with sqlite3.connect(home / "retrace.db") as connection:
        connection.execute("UPDATE service_tokens SET last_used_at = ?", (at.replace(tzinfo=None).isoformat(" "),))
    connection.close()


def test_sdk_key_has_only_word_characters_and_is_found_by_its_secret(store: StateStore, workspace: Workspace) -> None:
    key, secret = store.create_sdk_key(workspace, "Browser SDK")

    assert re.fullmatch(r"rtpk_[A-Za-z0-9]{43}", secret)
    assert (key.project_id, key.environment_id) == (workspace.project_id, workspace.environment_id)
    assert store.sdk_key(secret) == store.sdk_key(secret) == key


@pytest.mark.parametrize("token", ["", "rtpk_", "rtpk_unknown", "\ud800", "' OR 1=1 --", "x" * 100_000])
def test_unknown_token_finds_no_key(token: str, store: StateStore, workspace: Workspace) -> None:
    store.create_sdk_key(workspace, "Browser SDK")

    assert store.sdk_key(token) is None


def test_secret_is_nowhere_in_the_home(store: StateStore, workspace: Workspace, home: Path) -> None:
    _, secret = store.create_sdk_key(workspace, "Browser SDK")

    assert not [path for path in home.iterdir() if secret[9:].encode() in path.read_bytes()]


def test_listed_key_shows_its_ends_and_names_only(store: StateStore, workspace: Workspace) -> None:
    key, secret = store.create_sdk_key(workspace, "Shop")

    (record,) = store.list_keys()

    assert (record.id, record.name, record.project, record.environment) == (key.id, "Shop", "Default", "production")
    assert record.masked == f"{secret[:9]}…{secret[-4:]}"
    assert record.revoked_at is None
    assert record.created_at.tzinfo is UTC


def test_revoked_key_is_refused_at_the_next_look_up_when_another_store_revokes_it(
    store: StateStore, workspace: Workspace, home: Path
) -> None:
    key, secret = store.create_sdk_key(workspace, "Browser SDK")
    _, other_secret = store.create_sdk_key(workspace, "Other")
    assert store.sdk_key(secret) == key

    with StateStore.open(home) as another:
        another.revoke_key(key.id)

    assert store.sdk_key(secret) is None
    assert store.sdk_key(other_secret) is not None


def test_key_is_found_at_the_next_look_up_when_it_was_unknown_before(
    store: StateStore, workspace: Workspace, home: Path
) -> None:
    key, secret = store.create_sdk_key(workspace, "Browser SDK")
    store.revoke_key(key.id)
    assert store.sdk_key(secret) is None

    with sqlite3.connect(home / "retrace.db") as connection:
        connection.execute("UPDATE sdk_keys SET revoked_at = NULL")
    connection.close()

    assert store.sdk_key(secret) == key


def test_revoking_twice_keeps_the_first_time(store: StateStore, workspace: Workspace) -> None:
    key, _ = store.create_sdk_key(workspace, "Browser SDK")
    store.revoke_key(key.id)
    first = store.list_keys()[0].revoked_at
    store.revoke_key(key.id)

    assert first is not None
    assert store.list_keys()[0].revoked_at == first


def test_revoking_an_unknown_key_is_refused(store: StateStore) -> None:
    with pytest.raises(RetraceError) as refusal:
        store.revoke_key("key_nope")

    assert refusal.value.code is ErrorCode.KEY_NOT_FOUND


def test_memory_of_tokens_is_bounded_when_every_request_has_another(store: StateStore, workspace: Workspace) -> None:
    key, secret = store.create_sdk_key(workspace, "Browser SDK")

    for number in range(10_500):
        store.sdk_key(f"rtpk_{number}")

    assert len(store._keys._seen) <= 10_000
    assert store.sdk_key(secret) == key


def test_keys_are_found_from_many_threads(store: StateStore, workspace: Workspace) -> None:
    minted = [store.create_sdk_key(workspace, str(number)) for number in range(8)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(store.sdk_key, [secret for _, secret in minted] * 50))

    assert found == [key for key, _ in minted] * 50


def test_service_token_has_only_word_characters_and_is_found_with_its_scopes(
    store: StateStore, workspace: Workspace
) -> None:
    token, secret = store.create_service_token(workspace.project_id, "CI", ["replay:read", "issues:read"])

    assert re.fullmatch(r"rtst_[A-Za-z0-9]{43}", secret)
    assert (token.name, token.project_id) == ("CI", workspace.project_id)
    assert token.scopes == {"replay:read", "issues:read"}
    assert store.service_token(secret) == store.service_token(secret) == token


def test_key_of_one_kind_is_not_found_as_the_other(store: StateStore, workspace: Workspace) -> None:
    _, key = store.create_sdk_key(workspace, "Browser SDK")
    _, token = store.create_service_token(workspace.project_id, "CI", ["admin"])

    assert store.service_token(key) is None
    assert store.sdk_key(token) is None


def test_secret_of_a_token_is_nowhere_in_the_home(store: StateStore, workspace: Workspace, home: Path) -> None:
    _, secret = store.create_service_token(workspace.project_id, "CI", ["admin"])

    assert not [path for path in home.iterdir() if secret[9:].encode() in path.read_bytes()]


def test_revoked_token_is_refused_at_the_next_look_up_when_another_store_revokes_it(
    store: StateStore, workspace: Workspace, home: Path
) -> None:
    token, secret = store.create_service_token(workspace.project_id, "CI", ["admin"])
    assert store.service_token(secret) == token

    with StateStore.open(home) as another:
        another.revoke_key(token.id)

    assert store.service_token(secret) is None


@pytest.mark.parametrize(
    ("scopes", "found"),
    [
        (["admin", "issues:reed", "x"], "there is no scope 'issues:reed', 'x'"),
        (["Admin"], "there is no scope 'Admin'"),
        ([], "a token needs at least one scope"),
    ],
)
def test_token_is_refused_when_a_scope_is_unknown(
    scopes: list[str], found: str, store: StateStore, workspace: Workspace
) -> None:
    with pytest.raises(RetraceError) as refusal:
        store.create_service_token(workspace.project_id, "CI", scopes)

    assert (refusal.value.code, refusal.value.detail) == (ErrorCode.INVALID_SCOPE, found)
    assert all(scope in refusal.value.hint for scope in SCOPES)
    assert store.list_keys() == []


@given(st.lists(st.one_of(st.sampled_from(sorted(SCOPES)), st.text(max_size=20)), max_size=5))
def test_scopes_are_taken_only_when_all_are_known(names: list[str]) -> None:
    if names and SCOPES.keys() >= set(names):
        assert parse_scopes(names) == set(names)
        return
    with pytest.raises(RetraceError) as refusal:
        parse_scopes(names)
    assert refusal.value.code is ErrorCode.INVALID_SCOPE


def test_token_is_refused_when_its_project_is_unknown(store: StateStore) -> None:
    with pytest.raises(RetraceError) as refusal:
        store.create_service_token("proj_nope", "CI", ["admin"])

    assert refusal.value.code is ErrorCode.WORKSPACE_NOT_FOUND


def test_keys_and_tokens_are_listed_together_in_the_order_they_were_minted(
    store: StateStore, workspace: Workspace
) -> None:
    key, _ = store.create_sdk_key(workspace, "Shop")
    token, secret = store.create_service_token(workspace.project_id, "CI", ["replay:read", "admin"])
    other, _ = store.create_sdk_key(workspace, "Blog")

    records = store.list_keys()

    assert [(record.kind, record.id) for record in records] == [
        ("sdk_key", key.id),
        ("service_token", token.id),
        ("sdk_key", other.id),
    ]
    listed = records[1]
    assert (listed.organization, listed.project, listed.environment) == ("Local", "Default", "")
    assert listed.scopes == ("admin", "replay:read")
    assert listed.masked == f"{secret[:9]}…{secret[-4:]}"
    assert (listed.revoked_at, listed.last_used_at) == (None, None)


def test_use_of_a_token_is_noted_for_people_to_see(store: StateStore, workspace: Workspace, home: Path) -> None:
    _, secret = store.create_service_token(workspace.project_id, "CI", ["admin"])
    before = datetime.now(UTC)

    store.service_token(secret)
    store.close()

    used = last_used(home)
    assert used is not None
    assert before <= used <= datetime.now(UTC)


def test_use_is_noted_again_only_after_a_minute_whichever_process_saw_it(
    store: StateStore, workspace: Workspace, home: Path
) -> None:
    _, secret = store.create_service_token(workspace.project_id, "CI", ["admin"])
    recent = datetime.now(UTC) - timedelta(seconds=30)
    set_last_used(home, recent)

    store.service_token(secret)
    store.close()
    assert last_used(home) == recent

    set_last_used(home, recent - timedelta(minutes=1))
    with StateStore.open(home) as another:
        another.service_token(secret)
    noted = last_used(home)
    assert noted is not None
    assert noted > recent


def test_look_up_does_not_wait_for_the_note_when_another_process_is_writing(
    store: StateStore, workspace: Workspace, home: Path
) -> None:
    token, secret = store.create_service_token(workspace.project_id, "CI", ["admin"])

    with sqlite3.connect(home / "retrace.db", isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(store.service_token, secret).result(timeout=2) == token
        writer.execute("ROLLBACK")
    writer.close()
    store.close()

    assert last_used(home) is not None
