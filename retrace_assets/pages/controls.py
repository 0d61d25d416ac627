"""What the control behind a click is, as far as that decides what the click may do.

Belongs here: traits and landmarks of one control. Does not: who it is (retrace_core.dom.Target), or what is made of its
traits (detectors).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from retrace_core.accessible import input_type_of, is_control, is_disabled, role_of
from retrace_core.nodes import MAX_CLIMB, Node

_LANDMARK_ROLES: Final = frozenset(
    [
        "banner",
        "complementary",
        "contentinfo",
        "dialog",
        "alertdialog",
        "form",
        "main",
        "navigation",
        "region",
        "search",
    ]
)
_LANDMARK_TAGS: Final = {"header": "banner", "footer": "contentinfo", "form": "form", "section": "region"}
_LANDMARKS_SHOWN: Final = 3
_NAME_CHARS: Final = 60

_OUTSIDE_SCHEMES: Final = re.compile(r"(?i)^(?:mailto|tel|sms|blob|data|ftp|file|intent|market|whatsapp|tg|webcal):")
_FILE_PATH: Final = re.compile(
    r"(?i)^[^?#]*\.(?:pdf|zip|csv|xlsx?|docx?|pptx?|gz|tar|dmg|exe|apk|mp[34]|ics|epub|txt|xml)(?:[?#]|$)"
)
_EXPLANATIONS: Final = (
    "title",
    "aria-describedby",
    "data-disabled-reason",
    "data-tooltip",
    "data-tip",
    "aria-description",
)
_ACTING_TAGS: Final = frozenset(["a", "area", "button", "summary"])
_ACTING_ROLES: Final = frozenset(
    ["button", "link", "menuitem", "menuitemcheckbox", "menuitemradio", "switch", "tab", "treeitem"]
)
_BUTTON_INPUTS: Final = frozenset(["button", "image", "reset", "submit"])
_TEXT_INPUTS: Final = frozenset(["text", "search", "email", "password", "tel", "url", "number"])
_PICKERS: Final = frozenset(["color", "date", "datetime-local", "file", "month", "range", "time", "week"])
_CHOICES: Final = frozenset(("checkbox", "radio"))
_MEDIA: Final = frozenset(["audio", "canvas", "embed", "iframe", "map", "area", "object", "video"])
_EDITORS: Final = re.compile(
    r"(?i)(?:^|\s)(?:codemirror|cm-editor|monaco-editor|ql-editor|prosemirror|tox-edit-area|leaflet-container"
    r"|(?:mapboxgl|maplibregl)-map|gm-style|ol-viewport)(?:\s|$)"
)


def traits(control: Node) -> list[str]:
    """Name what a control is; sorted, each once."""
    return sorted(set(_traits(control)))


def _traits(control: Node) -> Iterator[str]:
    if is_control(control) and _promises(control):
        yield "control"
    if is_disabled(control):
        yield "disabled"
        if any(control.attribute(name) for name in _EXPLANATIONS) or _in_explained(control):
            yield "explained"
    if any(_is_selected(node) for node in islice(_around(control), 2)):
        yield "selected"
    for node in _around(control):
        yield from _own_traits(node)


def _promises(control: Node) -> bool:
    """Whether it says what a click does, and is not merely in the order of the Tab key."""
    return bool(
        control.tag in _ACTING_TAGS
        or role_of(control) in _ACTING_ROLES
        or control.attribute("onclick") is not None
        or input_type_of(control) in _BUTTON_INPUTS
    )


def destination(control: Node) -> str | None:
    """The address a link leads to."""
    link = next((node for node in _around(control) if node.tag in ("a", "area")), None)
    return link.attribute("href") if link and role_of(link) != "button" else None


def _is_selected(node: Node) -> bool:
    return (
        node.attribute("aria-selected") == "true"
        or node.attribute("aria-checked") == "true"
        or node.attribute("aria-current") not in (None, "false")
    )


def _own_traits(node: Node) -> Iterator[str]:
    if node.tag in ("a", "area") and node.attribute("href") is not None:
        yield from _link_traits(node)
    yield from _input_traits(node)
    if node.tag in _MEDIA:
        yield "media"
    if node.attribute("contenteditable") not in (None, "false"):
        yield "text_field"
    if _EDITORS.search(node.attribute("class") or ""):
        yield "media"
    if node.attribute("data-retrace-ignore") is not None:
        yield "ignored"
    # The browser itself shows these, above the page and without a word to its scripts.
    if node.attribute("popovertarget") is not None or node.attribute("commandfor") is not None:
        yield "popover"
    if node.attribute("draggable") == "true":
        yield "draggable"
    if node.tag == "label":
        yield "label"
    if node.attribute("type") == "submit" or (node.tag == "button" and node.attribute("type") is None):
        yield "submit"


def _link_traits(link: Node) -> Iterator[str]:
    href = (link.attribute("href") or "").strip()
    if (link.attribute("target") or "_self").lower() not in ("_self", "_top", "_parent"):
        yield "new_tab"
    if link.attribute("download") is not None or _FILE_PATH.search(href):
        yield "download"
    if _OUTSIDE_SCHEMES.match(href):
        yield "outside"
    if role_of(link) == "button":
        # A link only by its tag: the script does what it promises.
        return
    if href.split("#", 1)[0] == "" and not href.startswith(("#/", "#!")):
        yield "same_page"
    if href.lower().startswith("javascript:") or href.endswith("#") or not href:
        yield "no_destination"


def _input_traits(node: Node) -> Iterator[str]:
    input_type = input_type_of(node)
    if node.tag == "textarea" or input_type in _TEXT_INPUTS:
        yield "text_field"
    elif node.tag in ("select", "option") or input_type in _PICKERS:
        yield "picker"
    elif input_type in _CHOICES:
        yield "choice"


def _in_explained(control: Node) -> bool:
    parent = control.parent
    return parent is not None and any(parent.attribute(name) for name in _EXPLANATIONS)


def landmarks(control: Node) -> str | None:
    """The landmarks around a control with their names, nearest last, such as `main > form "Checkout"`."""
    found: list[str] = []
    for node in list(_around(control))[1:]:
        role = _landmark_role(node)
        if role:
            name = (node.attribute("aria-label") or "")[:_NAME_CHARS]
            found.append(f'{role} "{name}"' if name else role)
        if len(found) == _LANDMARKS_SHOWN:
            break
    return " > ".join(reversed(found)) or None


def _landmark_role(node: Node) -> str | None:
    role = role_of(node)
    if role in _LANDMARK_ROLES:
        return role
    landmark = _LANDMARK_TAGS.get(node.tag)
    # A section is a landmark only under a name.
    return landmark if landmark != "region" or node.attribute("aria-label") else None


def _around(control: Node) -> Iterator[Node]:
    node: Node | None = control
    for _ in range(MAX_CLIMB):
        if node is None or not node.is_element:
            return
        yield node
        node = node.parent
