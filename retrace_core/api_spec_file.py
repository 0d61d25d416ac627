"""API specs as files: reading, writing, hashing, and what makes one valid.

Belongs here: JSON in and out, the flat form of a single request, and the checks that need more than types. Does not:
the shape itself (api_spec), where files are kept.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from retrace_core.api_spec import SCHEMA_VERSION, ApiSpec, ApiStep
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.redaction import redact_text
from retrace_core.spec_file import SPEC_ID, placeholders

# Headers that carry who somebody is: they come from variables.
_SECRET_HEADERS: Final = frozenset(
    ("authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-csrf-token", "x-xsrf-token")
)
_REQUEST: Final = frozenset(field.encode_name for field in msgspec.structs.fields(ApiStep)) - {"id"}
# What nobody can run safely or repeat: requests do the same.
_SCRIPTS: Final = frozenset(("set", "assert", "script"))


def read_api_spec(content: bytes | str) -> ApiSpec:
    """Decode and check an API spec; raises `invalid_spec` naming the place and what is wrong there."""
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, f"it is not JSON: {error}") from error
    return api_spec_from(raw)


def api_spec_from(raw: object) -> ApiSpec:
    """Convert and check a decoded API spec; raises `invalid_spec`."""
    if not isinstance(raw, dict):
        raise RetraceError(ErrorCode.INVALID_SPEC, "an API spec is a JSON object")
    try:
        spec = msgspec.convert(_with_steps(raw), ApiSpec)
    except (msgspec.ValidationError, RecursionError) as error:
        raise RetraceError(ErrorCode.INVALID_SPEC, str(error)) from error
    check_api_spec(spec)
    return spec


def write_api_spec(spec: ApiSpec) -> bytes:
    """Encode an API spec: indented, a line at the end, the same bytes for the same spec."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n"


def api_spec_hash(spec: ApiSpec) -> str:
    """SHA-256 of what a spec does and demands: its name, times and origin do not count."""
    said = msgspec.structs.replace(spec, spec_id="", name="", created_at="", updated_at="")
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def check_api_spec(spec: ApiSpec) -> None:
    """Raise `invalid_spec` for what types do not catch: secrets, names nobody declared, nothing to do."""
    problem = next(_problems(spec), None)
    if problem:
        raise RetraceError(ErrorCode.INVALID_SPEC, problem)


def texts_of(step: ApiStep) -> Iterator[str]:
    """Every text of a request in which `{{ name }}` is filled in."""
    yield step.url
    for given in (step.query, step.headers, step.form):
        yield from given.values()
    if step.body is not msgspec.UNSET:
        yield from _texts(step.body)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _problems(spec: ApiSpec) -> Iterator[str]:
    if spec.schema_version != SCHEMA_VERSION:
        yield f"`schema_version` is {spec.schema_version}; this program reads {SCHEMA_VERSION}"
    if not SPEC_ID.fullmatch(spec.spec_id):
        yield "`spec_id` has only letters, digits, `_` and `-`, at most 120 of them"
    if not spec.name.strip():
        yield "`name` is empty"
    if not spec.steps:
        yield "`steps` is empty"
    if spec.timeout_seconds <= 0:
        yield "`timeout_seconds` is not above 0"
    known, seen = set(spec.inputs), set[str]()
    for step in (*spec.setup_steps, *spec.steps, *spec.teardown_steps):
        if step.id in seen or not step.id:
            yield f"step id {step.id!r} is empty or used twice"
        seen.add(step.id)
        yield from _step_problems(step, known)
        known |= {each.name for each in step.extract}


def _step_problems(step: ApiStep, known: set[str]) -> Iterator[str]:
    for header in step.headers:
        if header.lower() in _SECRET_HEADERS:
            yield f"step {step.id!r} holds `{header}`: name a variable in `auth` or `headers_env` instead"
    for text in texts_of(step):
        for name in placeholders(text):
            if name not in known:
                yield f"step {step.id!r} needs {name!r}, which is no input and taken from no earlier answer"
    held = [*step.headers.values(), *step.query.values()]
    if any(redact_text(text) != text for text in held):
        yield f"step {step.id!r} holds a secret or personal data in its headers or query: make it an input"
    if step.body is not msgspec.UNSET and (step.form or step.files):
        yield f"step {step.id!r} has both a `body` and a form"


def _with_steps(raw: dict[str, Any]) -> dict[str, Any]:
    """Bring the flat form, one request beside the name, to one step; refuse scripts with what to do instead."""
    for name in ("setup_steps", "teardown_steps", "steps"):
        for step in raw.get(name) or () if isinstance(raw.get(name), list) else ():
            if isinstance(step, dict) and _SCRIPTS & step.keys():
                problem = f"`{name}` has a script; send a request instead, and take values with `extract`"
                raise RetraceError(ErrorCode.INVALID_SPEC, problem)
    if raw.get("steps") or "url" not in raw:
        return raw
    request = {name: value for name, value in raw.items() if name in _REQUEST}
    rest = {name: value for name, value in raw.items() if name not in _REQUEST}
    return {**rest, "steps": [{"id": "request", **request}]}
