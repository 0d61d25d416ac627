"""Specs as files: reading, writing, hashing, and what makes one valid.

Belongs here: JSON in and out, the older names of steps and assertions, and the checks that need more than types. Does
not: the shape itself (spec.py), where files are kept.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import SCHEMA_VERSION, Spec
from retrace_core.spec_assertions import HasEffect
from retrace_core.spec_steps import Fill, Navigate, Step, Upload
from retrace_core.test_run import Healed

SPEC_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,120}")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
# Names that the first version of the format took for the same thing.
_ACTIONS: Final = {"visit": "navigate", "goto": "navigate", "get": "navigate", "type": "fill", "keypress": "press"}
_TYPES: Final = {
    **{"status": "status_code", "assert_status": "status_code"},
    **{"body_contains": "text_contains", "assert_text": "text_contains", "contains": "text_contains"},
}


def read_spec(content: bytes | str) -> Spec:
    """Decode and check a spec; raises `invalid_spec` naming the place and what is wrong there."""
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, f"it is not JSON: {error}") from error
    return spec_from(raw)


def spec_from(raw: object) -> Spec:
    """Convert and check a decoded spec; raises `invalid_spec`."""
    if not isinstance(raw, dict):
        raise RetraceError(ErrorCode.INVALID_SPEC, "a spec is a JSON object")
    try:
        spec = msgspec.convert(_upgraded(raw), Spec)
    except msgspec.ValidationError as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, str(error)) from error
    check_spec(spec)
    return spec


def write_spec(spec: Spec) -> bytes:
    """Encode a spec: indented, a line at the end, the same bytes for the same spec."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n"


def spec_hash(spec: Spec) -> str:
    """SHA-256 of what a spec does and demands: its name, times and origin do not count."""
    said = msgspec.structs.replace(spec, spec_id="", name="", prompt="", created_at="", updated_at="")
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def healed_spec(spec: Spec, healed: Iterable[Healed]) -> Spec:
    """Put the fallbacks that found an element first; the locators that were lost come after them."""
    by_step = {each.step_id: each.fallback for each in healed}
    steps = tuple(_healed(step, by_step[step.id]) if step.id in by_step else step for step in spec.exact_steps)
    return msgspec.structs.replace(spec, exact_steps=steps)


def _healed(step: Step, fallback: int) -> Step:
    locator, fallbacks = getattr(step, "locator", None), getattr(step, "fallbacks", ())
    if locator is None or fallback >= len(fallbacks):
        return step
    others = (locator, *fallbacks[:fallback], *fallbacks[fallback + 1 :])
    return msgspec.structs.replace(step, locator=fallbacks[fallback], fallbacks=others)


def placeholders(text: str) -> list[str]:
    """Names of the inputs a text refers to, in order."""
    return _PLACEHOLDER.findall(text)


def split_placeholders(text: str) -> list[tuple[str, bool]]:
    """Part a text at its placeholders: each part, and whether it is the name of an input."""
    parts = ((part, number % 2 == 1) for number, part in enumerate(_PLACEHOLDER.split(text)))
    return [(part, is_name) for part, is_name in parts if part]


def fill_placeholders(text: str, values: dict[str, str]) -> str:
    """Put values in the place of `{{ name }}`; raises KeyError for a name without a value."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def check_spec(spec: Spec) -> None:
    """Raise `invalid_spec` for what types do not catch: ids that repeat, names nobody declared, nothing to do."""
    problem = next(_problems(spec), None)
    if problem:
        raise RetraceError(ErrorCode.INVALID_SPEC, problem)


def _problems(spec: Spec) -> Iterator[str]:
    if spec.schema_version != SCHEMA_VERSION:
        yield f"`schema_version` is {spec.schema_version}; this program reads {SCHEMA_VERSION}"
    if not SPEC_ID.fullmatch(spec.spec_id):
        yield "`spec_id` has only letters, digits, `_` and `-`, at most 120 of them"
    if not spec.name.strip():
        yield "`name` is empty"
    if spec.auth_mode == "form" and not spec.auth_login_url:
        yield "`auth_mode` form needs `auth_login_url`"
    yield from _step_problems(spec)
    yield from _assertion_problems(spec)


def _step_problems(spec: Spec) -> Iterator[str]:
    if not spec.exact_steps:
        yield "`exact_steps` is empty"
    elif not isinstance(spec.exact_steps[0], Navigate):
        yield "the first step does not open a page"
    yield from _repeated("step", [step.id for step in spec.exact_steps])
    for step in spec.exact_steps:
        for name in placeholders(step.text) if isinstance(step, Fill) else ():
            if name not in spec.inputs:
                yield f"step {step.id!r} needs `inputs.{name}`, which is not declared"
        if isinstance(step, Upload) and not step.files:
            yield f"step {step.id!r} uploads no file"


def _assertion_problems(spec: Spec) -> Iterator[str]:
    if not spec.assertions:
        yield "`assertions` is empty: a test that asserts nothing cannot fail"
    yield from _repeated("assertion", [assertion.id for assertion in spec.assertions])
    step_ids = {step.id for step in spec.exact_steps}
    for assertion in spec.assertions:
        if assertion.after and assertion.after not in step_ids:
            yield f"assertion {assertion.id!r} comes after step {assertion.after!r}, which does not exist"
        if isinstance(assertion, HasEffect) and not assertion.after:
            yield f"assertion {assertion.id!r} does not say in `after` which step has the effect"


def _repeated(kind: str, ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in ids:
        if name in seen or not name:
            yield f"{kind} id {name!r} is empty or used twice"
        seen.add(name)


def _upgraded(raw: dict[str, Any]) -> dict[str, Any]:
    steps, assertions = raw.get("exact_steps"), raw.get("assertions")
    upgraded = {**raw}
    if raw.get("execution_engine") == "auto":
        upgraded["execution_engine"] = "native"
    if isinstance(steps, list):
        upgraded["exact_steps"] = [_with_locator(step, "action", _ACTIONS) for step in steps]
    if isinstance(assertions, list):
        upgraded["assertions"] = [_with_locator(assertion, "type", _TYPES) for assertion in assertions]
    return upgraded


def _with_locator(raw: object, tag: str, names: dict[str, str]) -> object:
    """Bring a step or assertion of the first version to the names of today."""
    if not isinstance(raw, dict):
        return raw
    upgraded = {**raw}
    name = raw.get(tag)
    if isinstance(name, str):
        upgraded[tag] = names.get(name, name)
    target = upgraded.pop("target", None)
    selector = upgraded.pop("selector", None) or (target.get("selector") if isinstance(target, dict) else None)
    if isinstance(selector, str) and "locator" not in upgraded:
        upgraded["locator"] = {"by": "css", "value": selector}
    return upgraded
