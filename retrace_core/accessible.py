"""What an element of a recorded page is to the person who uses it: its role, its name, whether it is a control.

Belongs here: the parts of WAI-ARIA, HTML-AAM and accname that tell what people click apart. They are those of the
recorder (`sdk/browser/src/role.ts`, `interactive.ts`, `accessible-name.ts`), so that a control has the same identity
whoever described it. Does not: keeping the page up to date (`dom.py`).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from retrace_core.nodes import MAX_CLIMB, READ_CHARS, Index, Node, changed_style


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INPUT_ROLES: Final = {
    "button": "button",
    "checkbox": "checkbox",
    "image": "button",
    "number": "spinbutton",
    "radio": "radio",
    "range": "slider",
    "reset": "button",
    "search": "searchbox",
    "submit": "button",
}
TAG_ROLES: Final = {
    "article": "article",
    "aside": "complementary",
    "button": "button",
    "details": "group",
    "dialog": "dialog",
    "fieldset": "group",
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "h4": "heading",
    "h5": "heading",
    "h6": "heading",
    "hr": "separator",
    "img": "img",
    "li": "listitem",
    "main": "main",
    "menu": "list",
    "meter": "meter",
    "nav": "navigation",
    "ol": "list",
    "optgroup": "group",
    "option": "option",
    "output": "status",
    "p": "paragraph",
    "progress": "progressbar",
    "table": "table",
    "tbody": "rowgroup",
    "td": "cell",
    "textarea": "textbox",
    "tfoot": "rowgroup",
    "th": "columnheader",
    "thead": "rowgroup",
    "tr": "row",
    "ul": "list",
}
# These inputs have no role of their own; every other type is a text box.
_ROLELESS_INPUTS: Final = _words("color date datetime-local file hidden month password time week")
_LIST_INPUTS: Final = _words("email search tel text url")
_ROLE_CHARS: Final = 40

_CONTROL_TAGS: Final = _words("audio button label option select summary textarea video")
_CONTROL_ROLES: Final = _words(
    "button checkbox combobox gridcell link listbox menuitem menuitemcheckbox menuitemradio option radio searchbox "
    "slider spinbutton switch tab textbox treeitem"
)
# Roles and tags whose name comes from what they contain before it comes from their title.
_NAMED_BY_CONTENT: Final = _words(
    "button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option radio row "
    "rowheader switch tab tooltip treeitem"
)
_NAMED_BY_CONTENT_TAGS: Final = _words("label legend summary")

_FIELDS: Final = _words("input select textarea")
_CAN_BE_DISABLED: Final = _words("button fieldset input optgroup option select textarea")
_NEVER_SEEN: Final = _words("frame head iframe noscript script style template")
# The rest is taken to flow with its text.
_BLOCKS: Final = _words(
    "address article aside blockquote br caption dd details dialog div dl dt fieldset figcaption figure footer form h1 "
    "h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section summary table tbody td tfoot th thead tr "
    "ul"
)
_BUTTON_NAMES: Final = {"submit": "Submit", "reset": "Reset", "button": ""}

NAME_CHARS: Final = 200
# Nodes read for one name, as in the recorder: a huge subtree must not be walked for each click.
_MAX_NODES: Final = 300
# Characters that cost as much as a node.
_CHARS_A_NODE: Final = 100
# Of an inline style; those that hide are short, and it is searched for each node of a name.
_STYLE_CHARS: Final = 300
# References of one element, and the first children among which its caption or title is sought.
_FEW: Final = 8

_TABBABLE: Final = re.compile(r"\s*\+?[0-9]+\s*")
# Property to the value that hides, and that declaration in an inline style.
_HIDING_STYLES: Final = {
    "display": ("none", re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.I)),
    "visibility": ("hidden", re.compile(r"(?:^|;)\s*visibility\s*:\s*hidden\b", re.I)),
}
_HIDING_ATTRIBUTES: Final = frozenset(("hidden", "style", *map(changed_style, _HIDING_STYLES)))
# What masking recorders put in the place of text is no name.
_MASKED: Final = re.compile(r"[*•\s]*")


def role_of(node: Node) -> str:
    """The explicit role, else the one its tag implies, else ""."""
    explicit = (node.attribute("role") or "").split(maxsplit=1)
    return explicit[0].lower()[:_ROLE_CHARS] if explicit else _implicit_role(node)


def input_type_of(node: Node) -> str | None:
    """The type of an `<input>`, `text` by default; None for any other node."""
    if node.tag != "input":
        return None
    return (node.attribute("type") or "text").strip().lower()[:_ROLE_CHARS] or "text"


def is_control(node: Node) -> bool:
    """Whether a person expects the element to react to a click, by its tag, role and attributes.

    Listeners and styles are not recorded, so a `<div>` that reacts is a control only if it says so.
    """
    if node.tag in _CONTROL_TAGS:
        return True
    if node.tag in ("a", "area"):
        return node.attribute("href") is not None
    if node.tag == "input":
        return input_type_of(node) != "hidden"
    if not node.attributes:
        return False
    return (
        (node.attribute("role") or "").strip().lower() in _CONTROL_ROLES
        or node.attribute("onclick") is not None
        or _is_editable(node)
        or _TABBABLE.fullmatch(node.attribute("tabindex") or "-") is not None
    )


def is_disabled(node: Node) -> bool:
    """Whether it takes no input: by itself, by ARIA, or within a disabled fieldset."""
    if (node.attribute("aria-disabled") or "").lower() == "true":
        return True
    if node.tag not in _CAN_BE_DISABLED:
        return False
    return node.attribute("disabled") is not None or any(
        above.tag == "fieldset" and above.attribute("disabled") is not None for above in _ancestors(node)
    )


def name_of(node: Node, index: Index) -> str:
    """The accessible name, else the text in the element, else ""; white space collapsed, at most NAME_CHARS characters.

    Text behind a mask is no name, and neither is what a person typed.
    """
    names = (_clean(source) for source in _Reader(index).names(node))
    name = next(filter(None, names), "")
    return name if len(name) <= NAME_CHARS else f"{name[: NAME_CHARS - 1]}…"


class _Reader:
    """Reads one name; what it costs is bounded over all the places a name can come from."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._left = _MAX_NODES

    def names(self, node: Node) -> Iterator[str]:
        """The names an element has, the one that counts first; some are empty."""
        yield self._labelled_by(node)
        yield node.attribute("aria-label") or ""
        yield from self._native(node)
        by_content = role_of(node) in _NAMED_BY_CONTENT or node.tag in _NAMED_BY_CONTENT_TAGS
        text = "" if node.tag in _FIELDS or _is_editable(node) else self._content(node)
        if by_content:
            yield text
        yield node.attribute("title") or ""
        yield node.attribute("placeholder") or ""
        yield text

    def _labelled_by(self, node: Node) -> str:
        references = (node.attribute("aria-labelledby") or "").split()[:_FEW]
        found = (self._index.by_id(node.scope, reference) for reference in references)
        return " ".join(each.attribute("aria-label") or self._content(each) for each in found if each)

    def _native(self, node: Node) -> Iterator[str]:
        if node.tag in _FIELDS:
            yield " ".join(self._content(label) for label in self._labels(node))
        elif node.tag in ("fieldset", "table"):
            caption = "legend" if node.tag == "fieldset" else "caption"
            yield from (self._content(child) for child in islice(node.children(), _FEW) if child.tag == caption)
        yield self._own_name(node)

    def _labels(self, field: Node) -> list[Node]:
        around = next((above for above in _ancestors(field) if above.tag == "label"), None)
        labels = self._index.labels(field)
        return [around, *labels] if around and around.attribute("for") is None else labels

    def _own_name(self, node: Node) -> str:
        """The name an element brings along, whatever is around it and in it."""
        if node.tag in ("img", "area"):
            return node.attribute("alt") or ""
        if node.tag == "svg":
            titles = (child for child in islice(node.children(), _FEW) if child.tag == "title")
            return next((_text_in(title) for title in titles), "")
        input_type = input_type_of(node)
        if input_type == "image":
            return node.attribute("alt") or "Submit"
        return node.attribute("value") or _BUTTON_NAMES[input_type] if input_type in _BUTTON_NAMES else ""

    def _content(self, root: Node) -> str:
        """The text a person sees in an element; form fields add nothing, since what is in them was typed."""
        parts: list[str] = []
        unfinished = [(self._shown(root), "")]
        while unfinished and self._left > 0:
            siblings, gap = unfinished[-1]
            node = next(siblings, None)
            if node is None:
                parts.append(gap)
                unfinished.pop()
                continue
            own = node.text[:READ_CHARS]
            if node.is_element and not _is_hidden(node):
                gap = " " if node.tag in _BLOCKS else ""
                own = node.attribute("aria-label") or self._own_name(node)
                parts.append(gap)
                # What is in an element counts when it brings no name along.
                unfinished.append((iter(()) if own or node.tag in _FIELDS else self._shown(node), gap))
            parts.append(own)
            self._left -= 1 + len(own) // _CHARS_A_NODE
        return "".join(parts)

    def _shown(self, node: Node) -> Iterator[Node]:
        """The children as the page shows them: a shadow tree in place of what is slotted into it."""
        if node.is_host:
            return iter([child for child in self._children(node) if child.is_shadow])
        return iter(self._slotted(node) or node.children())

    def _slotted(self, node: Node) -> list[Node]:
        if node.tag != "slot":
            return []
        root = next((above for above in (node, *_ancestors(node)) if above.is_shadow), None)
        if root is None or root.parent is None:
            return []
        name = node.attribute("name") or ""
        light = (child for child in self._children(root.parent) if not child.is_shadow)
        return [child for child in light if (child.attribute("slot") or "") == name]

    def _children(self, node: Node) -> list[Node]:
        # Hosts in hosts must not multiply: looking at a child costs as much as reading it.
        children = list(islice(node.children(), max(self._left, 0)))
        self._left -= len(children)
        return children


def _implicit_role(node: Node) -> str:
    if node.tag in ("a", "area"):
        return "link" if node.attribute("href") is not None else ""
    if node.tag == "input":
        return _input_role(node)
    if node.tag == "select":
        return "listbox" if _is_listbox(node) else "combobox"
    return TAG_ROLES.get(node.tag, "")


def _input_role(node: Node) -> str:
    input_type = input_type_of(node) or ""
    if input_type in _ROLELESS_INPUTS:
        return ""
    if node.attribute("list") is not None and input_type in _LIST_INPUTS:
        return "combobox"
    return INPUT_ROLES.get(input_type, "textbox")


def _is_listbox(node: Node) -> bool:
    size = (node.attribute("size") or "").strip()
    return node.attribute("multiple") is not None or (size.isdecimal() and size not in ("0", "1"))


def _text_in(node: Node) -> str:
    return "".join(child.text[:READ_CHARS] for child in islice(node.children(), _FEW))


def _is_editable(node: Node) -> bool:
    return node.attribute("contenteditable") not in (None, "false")


def is_unseen(node: Node) -> bool:
    """Whether nobody sees the element, by its tag, `hidden` or inline style; style sheets are not read."""
    if node.tag in _NEVER_SEEN:
        return True
    # Asked of every element of a page, of which few have any of these.
    if _HIDING_ATTRIBUTES.isdisjoint(node.attributes):
        return False
    return node.attribute("hidden") is not None or any(_is_hidden_by(node, style) for style in _HIDING_STYLES)


def _is_hidden(node: Node) -> bool:
    return is_unseen(node) or node.attribute("aria-hidden") == "true"


def _is_hidden_by(node: Node, style: str) -> bool:
    hiding, declared = _HIDING_STYLES[style]
    changed = node.attribute(changed_style(style))
    if changed is not None:
        return changed.strip().lower() == hiding
    return declared.search((node.attribute("style") or "")[:_STYLE_CHARS]) is not None


def _ancestors(node: Node) -> Iterator[Node]:
    above = node.parent
    for _ in range(MAX_CLIMB):
        if above is None or not above.is_element:
            return
        yield above
        above = above.parent


def _clean(text: str) -> str:
    return "" if _MASKED.fullmatch(text) else " ".join(text.split())
