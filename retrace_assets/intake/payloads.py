"""What the payloads of plugin and custom events say, in columns: console lines, exceptions, clicked controls.

Belongs here: the shapes that several recorders send, rrweb's, PostHog's and Sentry's. Does not: which event a payload
came in (intake/columns), requests (intake/requests), what only our recorder says (intake/acts).
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from retrace_assets.intake.acts import ACTS
from retrace_assets.intake.requests import read_span
from retrace_assets.intake.values import MESSAGE_LIMIT, STACK_LIMIT, URL_LIMIT, Details, text, trace_id

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
    """What nobody caught; of what the page reports itself only the text counts, as if it had been printed."""
    message = text(payload.get("message"), MESSAGE_LIMIT) or ""
    how = payload.get("kind")
    if how == "resource":
        return [{"kind": "resource_error", "message": message, "request_url": text(payload.get("source"), URL_LIMIT)}]
    reported: Details = {"kind": "console"} if how == "captured" else {}
    stack = text(payload.get("stack"), STACK_LIMIT)
    return [{**reported, "level": "error", "message": message, "stack": stack, "trace_id": trace_id(payload)}]


def _breadcrumb(payload: Details) -> list[Details]:
    if payload.get("category") != "console":
        return [{}]
    level = text(payload.get("level"), 20)
    message = text(payload.get("message"), MESSAGE_LIMIT) or ""
    return [{"kind": "console", "level": _LEVELS.get(level or "", level), "message": message}]


def _span(payload: Details) -> list[Details]:
    requests = read_span(payload)
    return [{}] if requests is None else [{"kind": "network", **request} for request in requests]


READERS: dict[str, Callable[[Details], list[Details]]] = {
    "console": _console,
    "exception": _exception,
    **ACTS,
}
"""By the kind of a plugin's event; a detail's own `kind` is what the row is instead."""

CUSTOM_READERS: dict[str, Callable[[Details], list[Details]]] = {
    "breadcrumb": _breadcrumb,
    "performanceSpan": _span,
}
"""By the tag of a custom event: those of Sentry's replays."""
