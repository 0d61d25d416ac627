"""A request that failed, made into an API test: the same request, and an answer below 400.

Belongs here: which finding gives one, and what of the request is known. Does not: its shape (retrace_core.api_spec),
sending it (retrace_resources.api_engine).

A recorder keeps neither bodies nor headers. What a request needs beyond its address is an input that a person gives.
"""

from collections.abc import Mapping
from typing import Any, Final, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from retrace_core.api_spec import ApiSpec, ApiStep, Auth, Method
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.parametrise import route_template
from retrace_core.redaction import redact_text
from retrace_core.spec import DEFAULT_APP_URL, Input, Source

_DETECTORS: Final = frozenset(("network_4xx", "network_5xx"))
_METHODS: Final = frozenset(get_args(Method))
_WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH"))
_BODY: Final = "RETRACE_TESTER_BODY"
# A recorded URL that was redacted has these in the place of what was there.
_HIDDEN: Final = ("[", "]")

Row = Mapping[str, Any]


def api_spec_of(signal: Row, spec_id: str, *, app_url: str = "", needs_login: bool = False) -> ApiSpec:
    """Make the API test of a failed request; `signal` is a row of `signals` with its evidence decoded.

    `needs_login` says that the person was logged in: the request is then authorised by a variable. Raises
    `not_testable` for a finding that is about no request, or about one to another host than the page's.
    """
    request = signal["evidence"].get("request") or {}
    url = urlsplit(str(request.get("url") or ""))
    method = str(request.get("method") or signal["method"] or "GET").upper()
    if signal["detector"] not in _DETECTORS or not url.path or method not in _METHODS:
        raise _not_testable(f"a {signal['detector']} is about no request that can be sent again")
    page = urlsplit(str(signal["url"] or ""))
    if url.netloc and page.hostname and url.hostname != page.hostname:
        raise _not_testable(f"the request went to {url.hostname}, not to the app")
    inputs: dict[str, Input] = {}
    path = _path(url.path, inputs)
    notes: list[str] = []
    body: dict[str, Any] = {}
    if method in _WITH_BODY:
        inputs["body"] = Input("text", env=_BODY)
        body = {"body": "{{ body }}", "headers": {"content-type": "application/json"}}
        notes.append(f"what was sent is not recorded: put it into {_BODY}, or into `body`")
    step = ApiStep(
        id="request",
        method=cast("Method", method),
        url=path,
        query={name: value for name, value in parse_qsl(url.query) if _is_plain(value) and _is_plain(name)},
        auth=Auth("bearer" if needs_login else "none"),
        expected_status="ok",
        failed_with=int(signal["status"] or 0),
        **body,
    )
    at = f"{signal['occurred_at']:%Y-%m-%dT%H:%M:%SZ}"
    return ApiSpec(
        spec_id=spec_id,
        name=f"{method} {route_template(url.path)} answers below 400",
        app_url=app_url or DEFAULT_APP_URL,
        inputs=inputs,
        steps=(step,),
        source=Source(
            signal_id=str(signal["signal_id"]),
            session_id=str(signal["session_id"]),
            detector=str(signal["detector"]),
            notes=tuple(notes),
        ),
        created_at=at,
        updated_at=at,
    )


def _path(path: str, inputs: dict[str, Input]) -> str:
    """The path, with an input for each part that somebody's data was in."""
    parts = []
    for part in path.split("/"):
        if _is_plain(unquote(part)):
            parts.append(part)
            continue
        name = f"part_{len(inputs) + 1}"
        inputs[name] = Input("text", env=f"RETRACE_TESTER_{name.upper()}")
        parts.append(f"{{{{ {name} }}}}")
    return "/".join(parts)


def _is_plain(text: str) -> bool:
    return redact_text(text) == text and not any(sign in text for sign in _HIDDEN) and "{" not in text


def _not_testable(why: str) -> RetraceError:
    return RetraceError(ErrorCode.NOT_TESTABLE, why, hint="retrace tester from-replay-issue makes a UI test")
