"""Spec files: what is read, what is refused and why, and that the same spec is the same bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec_assertions import ElementVisible, StatusCode
from retrace_core.spec_file import fill_placeholders, read_spec, spec_from, spec_hash, write_spec
from retrace_core.spec_steps import Click, Fill, Locator, Navigate, Press

MINIMAL: dict[str, Any] = {
    "spec_id": "checkout",
    "name": "Checkout",
    "exact_steps": [{"id": "open", "action": "navigate", "url": "/"}],
    "assertions": [{"id": "ok", "type": "status_code"}],
}


def with_steps(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**MINIMAL, **more, "exact_steps": [*MINIMAL["exact_steps"], *steps]}


def problem_of(raw: object) -> str:
    with pytest.raises(RetraceError) as refused:
        spec_from(raw)
    assert refused.value.code is ErrorCode.INVALID_SPEC
    return str(refused.value)


def test_file_of_the_first_engine_is_read_under_the_names_of_today() -> None:
    spec = spec_from(
        {
            **MINIMAL,
            "schema_version": 2,
            "execution_engine": "auto",
            "schedules": ["0 * * * *"],
            "exact_steps": [
                {"id": "nav", "action": "visit", "url": "/login"},
                {"id": "u", "action": "type", "selector": '[name="email"]', "text": "{{ email }}"},
                {"id": "c", "action": "click", "target": {"selector": "role=button[name='Sign in']"}},
                {"id": "k", "action": "keypress", "key": "Enter"},
            ],
            "inputs": {"email": {"kind": "email", "example": "kim@example.com"}},
            "assertions": [
                {"id": "s", "type": "assert_status", "expected": 204},
                {"id": "v", "type": "selector_visible", "selector": "#nav"},
            ],
        }
    )

    assert spec.exact_steps == (
        Navigate(id="nav", url="/login"),
        Fill(id="u", locator=Locator("css", '[name="email"]'), text="{{ email }}"),
        Click(id="c", locator=Locator("css", "role=button[name='Sign in']")),
        Press(id="k", key="Enter"),
    )
    assert spec.assertions == (
        StatusCode(id="s", expected=204),
        ElementVisible(id="v", locator=Locator("css", "#nav")),
    )


def test_written_spec_reads_back_the_same() -> None:
    spec = spec_from(with_steps({"id": "go", "action": "hover", "locator": {"by": "css", "value": "a", "nth": 2}}))

    assert read_spec(write_spec(spec)) == spec
    assert write_spec(read_spec(write_spec(spec))) == write_spec(spec)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], "a spec is a JSON object"),
        ({**MINIMAL, "schema_version": 3}, "`schema_version` is 3; this program reads 2"),
        ({**MINIMAL, "spec_id": "../etc/passwd"}, "`spec_id` has only letters"),
        ({**MINIMAL, "name": " "}, "`name` is empty"),
        ({**MINIMAL, "exact_steps": []}, "`exact_steps` is empty"),
        ({**MINIMAL, "assertions": []}, "a test that asserts nothing cannot fail"),
        (
            {**MINIMAL, "exact_steps": [{"id": "a", "action": "press", "key": "a"}]},
            "the first step does not open a page",
        ),
        ({**MINIMAL, "auth_mode": "form"}, "`auth_mode` form needs `auth_login_url`"),
        ({**MINIMAL, "execution_engine": "harness"}, "$.execution_engine"),
        (with_steps({"id": "x", "action": "teleport"}), "Invalid value 'teleport' - at `$.exact_steps[1].action`"),
        (with_steps({"id": "x", "action": "press", "key": "a", "kye": "b"}), "unknown field `kye`"),
        (with_steps({"id": "open", "action": "press", "key": "a"}), "step id 'open' is empty or used twice"),
        (with_steps({"id": "u", "action": "upload", "selector": "#f", "files": []}), "uploads no file"),
        (
            with_steps({"id": "t", "action": "fill", "selector": "#a", "text": "{{ who }}"}),
            "step 't' needs `inputs.who`, which is not declared",
        ),
        (
            {**MINIMAL, "assertions": [{"id": "a", "type": "no_error", "after": "pay"}]},
            "comes after step 'pay', which does not exist",
        ),
        (
            {**MINIMAL, "assertions": [{"id": "a", "type": "has_effect"}]},
            "does not say in `after` which step has the effect",
        ),
    ],
)
def test_spec_that_cannot_be_run_is_refused_naming_the_place(raw: object, expected: str) -> None:
    assert expected in problem_of(raw)


def test_hash_changes_with_what_is_done_and_not_with_the_name() -> None:
    spec = spec_from(MINIMAL)

    assert spec_hash(spec_from({**MINIMAL, "name": "Other", "updated_at": "2026-01-01"})) == spec_hash(spec)
    assert spec_hash(spec_from(with_steps({"id": "k", "action": "press", "key": "Enter"}))) != spec_hash(spec)


def test_placeholders_are_filled_wherever_they_stand() -> None:
    assert fill_placeholders("a {{ x }}{{y}} {{ }}", {"x": "1", "y": "{{ x }}"}) == "a 1{{ x }} {{ }}"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=200), _JSON.map(lambda value: json.dumps(value).encode())))
def test_hostile_files_are_refused_and_nothing_else(content: bytes) -> None:
    with pytest.raises(RetraceError) as refused:
        read_spec(content)
    assert refused.value.code is ErrorCode.INVALID_SPEC


@given(steps=_JSON, assertions=_JSON, inputs=_JSON)
def test_hostile_fields_are_refused_and_nothing_else(steps: object, assertions: object, inputs: object) -> None:
    with pytest.raises(RetraceError) as refused:
        spec_from({**MINIMAL, "exact_steps": steps, "assertions": assertions, "inputs": inputs})
    assert refused.value.code is ErrorCode.INVALID_SPEC
