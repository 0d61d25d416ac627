"""What our own recorder says of a visit, in columns: what a person did, and what the browser did about it.

Belongs here: the shapes of its payloads (sdk/browser/README.md). Does not: what other recorders say, too
(intake/payloads), requests (intake/requests), or which event a payload came in (intake/columns).
"""

from collections.abc import Callable
from typing import Final

from retrace_assets.intake.values import MESSAGE_LIMIT, NAME_LIMIT, URL_LIMIT, Details, number, text

_INTERACTIVE_TAGS: Final = frozenset({"a", "button", "input", "select", "textarea", "summary", "label", "option"})
_INTERACTIVE_ROLES: Final = frozenset(
    {"button", "link", "checkbox", "radio", "tab", "menuitem", "option", "switch", "combobox", "textbox", "slider"}
)
_WORD: Final = 40
"""Characters of a word from a short list of ours."""


def _act(payload: Details) -> list[Details]:
    """An act on a control; the control is all that a click or a hover says."""
    return [_target(payload)]


def _key(payload: Details) -> list[Details]:
    pressed = [*_words(payload.get("modifiers")), text(payload.get("key"), _WORD)]
    return [{**_target(payload), "message": "+".join(key for key in pressed if key) or None}]


def _entry(payload: Details) -> list[Details]:
    """How something was entered; what was entered is never a column."""
    return [{**_target(payload), "message": text(payload.get("kind"), _WORD)}]


def _navigation(payload: Details) -> list[Details]:
    return [{"message": text(payload.get("kind"), _WORD), "request_url": text(payload.get("from"), URL_LIMIT)}]


def _dialog(payload: Details) -> list[Details]:
    return [{"level": text(payload.get("type"), _WORD), "message": text(payload.get("message"), MESSAGE_LIMIT)}]


def _effect(payload: Details) -> list[Details]:
    """How long a click took to do something; null if it did nothing."""
    return [{"duration_ms": number(payload.get("firstEffectMs"))}]


def _state(payload: Details) -> list[Details]:
    return [{"message": text(payload.get("when"), _WORD)}]


def _storage(payload: Details) -> list[Details]:
    done = (text(payload.get("op"), _WORD), text(payload.get("key"), NAME_LIMIT))
    return [{"level": text(payload.get("area"), _WORD), "message": " ".join(word for word in done if word) or None}]


def _gap(payload: Details) -> list[Details]:
    """What was recorded and will not arrive: why, and from when to when."""
    began, ended = number(payload.get("fromMs")), number(payload.get("toMs"))
    lasted = None if began is None or ended is None else max(ended - began, 0.0)
    return [{"message": text(payload.get("reason"), _WORD), "duration_ms": lasted}]


ACTS: Final[dict[str, Callable[[Details], list[Details]]]] = {
    "click_target": _act,
    "hover": _act,
    "key": _key,
    "entry": _entry,
    "navigation": _navigation,
    "dialog": _dialog,
    "effect": _effect,
    "state": _state,
    "storage": _storage,
    "gap": _gap,
}
"""By the kind of the event."""


def _target(payload: Details) -> Details:
    """The control that an act was meant for, and its node."""
    target = payload.get("target")
    if not isinstance(target, dict):
        return {}
    tag = (text(target.get("tagName"), _WORD) or "").lower()
    role = text(target.get("role"), _WORD)
    interactive = target.get("interactive")
    element_id = text(target.get("id"), NAME_LIMIT)
    return {
        "node_id": payload.get("nodeId"),
        "target_tag": tag or None,
        "target_role": role,
        "target_name": text(target.get("accessibleName") or target.get("text"), NAME_LIMIT),
        "target_test_id": text(target.get("testIdValue"), NAME_LIMIT),
        "target_css": text(target.get("css"), NAME_LIMIT) or (f"#{element_id}" if element_id else tag or None),
        "target_interactive": interactive
        if isinstance(interactive, bool)
        else tag in _INTERACTIVE_TAGS or role in _INTERACTIVE_ROLES,
    }


def _words(value: object) -> list[str]:
    words = value if isinstance(value, list) else []
    return [word[:_WORD] for word in words if isinstance(word, str)]
