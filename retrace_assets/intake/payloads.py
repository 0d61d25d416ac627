"""What the payloads of plugin and custom events say, in columns: console lines, exceptions, clicked controls.

Belongs here: the shapes recorders send, ours, rrweb's, PostHog's and Sentry's. Does not: which event a payload came in
(intake/columns), requests (intake/requests).
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from retrace_assets.intake.requests import read_span
from retrace_assets.intake.values import MESSAGE_LIMIT, NAME_LIMIT, STACK_LIMIT, Details, text, trace_id

INTERACTIVE_TAGS = frozenset({"a", "button", "input", "select", "textarea", "summary", "label", "option"})
INTERACTIVE_ROLES = frozenset(
    {"button", "link", "checkbox", "radio", "tab", "menuitem", "option", "switch", "combobox", "textbox", "slider"}
)

# How browsers announce what nobody caught; rrweb's console plugin passes it on as a line of level error.
_UNCAUGHT: Final = re.compile(r"Uncaught |Unhandled Promise Rejection: ")
# The plugin's own words for a rejection with something other than an error, which has no stack.
_REJECTION: Final = "Uncaught (in promise)"
_OWN_STACK: Final = re.compile(r"\n(?=\s*at |[^\n]*@\S+:\d+)|\nEnd of stack for Error object")
# Sentry's levels, where they have other names than the console's.
_LEVELS: Final = {"warning": "warn", "fatal": "error"}


def _console(payload: Details) -> list[Details]:
    arguments = payload.get("payload")
    values: Iterable[object] = arguments if isinstance(arguments, list) else (arguments,)
    # rrweb's console plugin quotes each argument as JSON.
    texts = [_unquoted(value) for value in values if isinstance(value, str)]
    message, trace = " ".join(texts), payload.get("trace")
    stack = "\n".join(line for line in trace if isinstance(line, str)) if isinstance(trace, list) else ""
    if isinstance(trace, list) and payload.get("level") == "error" and _UNCAUGHT.match(message):
        return [_escaped(message, "" if texts[0] == _REJECTION else stack)]
    return [
        {
            "level": text(payload.get("level"), 20),
            "message": message[:MESSAGE_LIMIT],
            "stack": text(stack, STACK_LIMIT),
        }
    ]


def _escaped(message: str, stack: str) -> Details:
    """An exception that came as a line of the console."""
    own_stack = _OWN_STACK.search(message)
    if own_stack:
        message, stack = message[: own_stack.start()], stack or message[own_stack.end() :]
    return {
        "kind": "exception",
        "level": "error",
        "message": message[:MESSAGE_LIMIT],
        "stack": text(stack, STACK_LIMIT),
    }


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == '"' == value[-1]:
        try:
            return msgspec.json.decode(value, type=str)
        except msgspec.DecodeError:
            # Cut or redacted, it is no JSON any more.
            return value[1:-1].replace('\\"', '"').replace("\\n", "\n")
    return value


def _exception(payload: Details) -> list[Details]:
    return [
        {
            "level": "error",
            "message": text(payload.get("message"), MESSAGE_LIMIT) or "",
            "stack": text(payload.get("stack"), STACK_LIMIT),
            "trace_id": trace_id(payload),
        }
    ]


def _breadcrumb(payload: Details) -> list[Details]:
    if payload.get("category") != "console":
        return [{}]
    level = text(payload.get("level"), 20)
    message = text(payload.get("message"), MESSAGE_LIMIT) or ""
    return [{"kind": "console", "level": _LEVELS.get(level or "", level), "message": message}]


def _span(payload: Details) -> list[Details]:
    requests = read_span(payload)
    return [{}] if requests is None else [{"kind": "network", **request} for request in requests]


def _click_target(payload: Details) -> list[Details]:
    target = payload.get("target")
    if not isinstance(target, dict):
        return [{}]
    tag = (text(target.get("tagName"), 40) or "").lower()
    role = text(target.get("role"), 40)
    interactive = target.get("interactive")
    element_id = text(target.get("id"), NAME_LIMIT)
    return [
        {
            "node_id": payload.get("nodeId"),
            "target_tag": tag or None,
            "target_role": role,
            "target_name": text(target.get("accessibleName") or target.get("text"), NAME_LIMIT),
            "target_test_id": text(target.get("testIdValue"), NAME_LIMIT),
            "target_css": text(target.get("css"), NAME_LIMIT) or (f"#{element_id}" if element_id else tag or None),
            "target_interactive": interactive
            if isinstance(interactive, bool)
            else tag in INTERACTIVE_TAGS or role in INTERACTIVE_ROLES,
        }
    ]


READERS: dict[str, Callable[[Details], list[Details]]] = {
    "console": _console,
    "exception": _exception,
    "click_target": _click_target,
}
"""By the kind of a plugin's event; a detail's own `kind` is what the row is instead."""

CUSTOM_READERS: dict[str, Callable[[Details], list[Details]]] = {
    "breadcrumb": _breadcrumb,
    "performanceSpan": _span,
}
"""By the tag of a custom event: those of Sentry's replays."""
