"""What the payloads of plugin events say, in columns: console lines, exceptions, requests, clicked controls.

Belongs here: the shapes recorders send, ours and rrweb's, and their limits. Does not: which event a payload came in
(intake/columns).
"""

from collections.abc import Callable, Iterable
from typing import Any

# Longer texts help nobody and are a way to fill the disk.
MESSAGE_LIMIT = 2_000
STACK_LIMIT = 8_000
URL_LIMIT = 2_000
NAME_LIMIT = 200
INTERACTIVE_TAGS = frozenset({"a", "button", "input", "select", "textarea", "summary", "label", "option"})
INTERACTIVE_ROLES = frozenset(
    {"button", "link", "checkbox", "radio", "tab", "menuitem", "option", "switch", "combobox", "textbox", "slider"}
)

Details = dict[str, Any]


def _text(value: object, limit: int) -> str | None:
    return value[:limit] if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        # JSON may write a whole number of hundreds of digits, and the decoder reads it.
        return None


def _status(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1000 else None


def _console(payload: Details) -> list[Details]:
    arguments = payload.get("payload")
    texts: Iterable[object] = arguments if isinstance(arguments, list) else (arguments,)
    # rrweb's console plugin quotes each argument as JSON.
    message = " ".join(_unquoted(text) for text in texts if isinstance(text, str))
    trace = payload.get("trace")
    stack = "\n".join(line for line in trace if isinstance(line, str)) if isinstance(trace, list) else None
    return [
        {
            "level": _text(payload.get("level"), 20),
            "message": message[:MESSAGE_LIMIT],
            "stack": _text(stack, STACK_LIMIT),
        }
    ]


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == '"' == text[-1]:
        return text[1:-1].replace('\\"', '"').replace("\\n", "\n")
    return text


def _exception(payload: Details) -> list[Details]:
    return [
        {
            "level": "error",
            "message": _text(payload.get("message"), MESSAGE_LIMIT) or "",
            "stack": _text(payload.get("stack"), STACK_LIMIT),
            "trace_id": _trace_id(payload),
        }
    ]


def _network(payload: Details) -> list[Details]:
    requests = payload.get("requests")
    if isinstance(requests, list):
        return [_request(request) for request in requests if isinstance(request, dict)] or [{}]
    return [_request(payload)]


def _request(request: Details) -> Details:
    status = next(
        (
            found
            for name in ("status", "status_code", "responseStatus")
            if (found := _status(request.get(name))) is not None
        ),
        None,
    )
    if status is None and request.get("error"):
        status = 0
    duration = _number(request.get("durationMs"))
    start, end = _number(request.get("startTime")), _number(request.get("endTime"))
    if duration is None and start is not None and end is not None:
        duration = end - start
    return {
        "method": (_text(request.get("method"), 20) or "GET").upper(),
        "request_url": _text(request.get("url") or request.get("name"), URL_LIMIT),
        "status": status,
        "duration_ms": duration,
        "message": _text(request.get("error"), MESSAGE_LIMIT),
        "trace_id": _trace_id(request),
    }


def _trace_id(payload: Details) -> str | None:
    trace = payload.get("trace")
    return _text(trace.get("traceId"), 64) if isinstance(trace, dict) else None


def _click_target(payload: Details) -> list[Details]:
    target = payload.get("target")
    if not isinstance(target, dict):
        return [{}]
    tag = (_text(target.get("tagName"), 40) or "").lower()
    role = _text(target.get("role"), 40)
    interactive = target.get("interactive")
    element_id = _text(target.get("id"), NAME_LIMIT)
    return [
        {
            "node_id": payload.get("nodeId"),
            "target_tag": tag or None,
            "target_role": role,
            "target_name": _text(target.get("accessibleName") or target.get("text"), NAME_LIMIT),
            "target_test_id": _text(target.get("testIdValue"), NAME_LIMIT),
            "target_css": _text(target.get("css"), NAME_LIMIT) or (f"#{element_id}" if element_id else tag or None),
            "target_interactive": interactive
            if isinstance(interactive, bool)
            else tag in INTERACTIVE_TAGS or role in INTERACTIVE_ROLES,
        }
    ]


READERS: dict[str, Callable[[Details], list[Details]]] = {
    "console": _console,
    "exception": _exception,
    "network": _network,
    "click_target": _click_target,
}
