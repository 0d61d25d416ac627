"""API specs as files: what is read is what was written, and what cannot be run is refused with its place."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.api_spec_file import api_spec_from, api_spec_hash, read_api_spec, write_api_spec
from retrace_core.errors import ErrorCode, RetraceError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def raw(**more: Any) -> dict[str, Any]:
    return {"spec_id": "orders", "name": "Orders", "steps": [{"id": "list", "url": "/api/orders"}], **more}


def step(**more: Any) -> dict[str, Any]:
    return raw(steps=[{"id": "one", "url": "/x", **more}])


def test_what_is_read_is_what_was_written() -> None:
    first = {"id": "log-in", "method": "POST", "url": "/login", "body": {"user": "{{ user }}"}}
    first["extract"] = [{"name": "token", "from": "json", "path": "$.token"}]
    second = {"id": "list", "url": "/api/{{ token }}", "expected_status": "2xx"}
    spec = api_spec_from(raw(steps=[first, second], inputs={"user": {"kind": "username", "env": "USER_NAME"}}))
    assert read_api_spec(write_api_spec(spec)) == spec


def test_a_single_request_may_be_written_flat() -> None:
    spec = api_spec_from({"spec_id": "o", "name": "Orders", "method": "POST", "url": "/x", "expected_status": 201})
    assert [(each.method, each.url, each.expected_status) for each in spec.steps] == [("POST", "/x", 201)]


def test_hash_is_of_what_is_done_not_of_its_name() -> None:
    assert api_spec_hash(api_spec_from(raw())) == api_spec_hash(api_spec_from(raw(name="Other")))
    assert api_spec_hash(api_spec_from(raw())) != api_spec_hash(api_spec_from(step()))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (step(headers={"Authorization": "Bearer x"}), "name a variable"),
        (step(query={"token": "sk_live_4eC39HqLyjWDarjtT1zdp7dc"}), "make it an input"),
        (step(url="/orders/{{ id }}"), "'id'"),
        (step(method="FETCH"), "FETCH"),
        (step(expected_status="all"), "expected_status"),
        (step(body={"a": 1}, form={"b": "2"}), "both a `body` and a form"),
        (raw(setup_steps=[{"id": "s", "set": {"a": "1"}}]), "script"),
        (raw(steps=[]), "`steps` is empty"),
        (raw(steps=[{"id": "a", "url": "/"}, {"id": "a", "url": "/"}]), "used twice"),
        (raw(spec_id="../../etc/passwd"), "`spec_id`"),
        (raw(schema_version=9), "`schema_version` is 9"),
        (raw(typo=1), "typo"),
        (raw(timeout_seconds=0), "`timeout_seconds`"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_place(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(RetraceError) as refused:
        api_spec_from(wrong)
    assert refused.value.code is ErrorCode.INVALID_SPEC
    assert said in str(refused.value.detail)


@given(st.dictionaries(st.sampled_from(["steps", "setup_steps", "name", "inputs", "url", "query", "source"]), JSON))
def test_any_json_is_a_spec_or_is_refused(hostile: dict[str, Any]) -> None:
    with suppress(RetraceError):
        spec = api_spec_from(raw(**hostile))
        assert read_api_spec(write_api_spec(spec)) == spec


@given(st.binary(max_size=60))
def test_any_bytes_are_a_spec_or_are_refused(content: bytes) -> None:
    with suppress(RetraceError):
        assert read_api_spec(content).steps


def test_deep_json_is_refused() -> None:
    with pytest.raises(RetraceError):
        read_api_spec(b"[" * 100_000)


def test_unset_is_no_body() -> None:
    assert api_spec_from(raw()).steps[0].body is msgspec.UNSET
