"""Nodes of a recorded page, and what finds them by the names other nodes refer to.

Belongs here: the tree's links, attributes read from hostile JSON, look-up by id, label and slot. Does not: rrweb's
events (`dom.py`), or what an element means to a person (`accessible.py`).
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Self

DOCUMENT: Final = "#document"
TEXT: Final = "#text"

_TAGS: Final = {0: DOCUMENT, 1: "#doctype", 3: TEXT, 4: TEXT, 5: "#comment"}
_ELEMENT: Final = 2

# Characters of one attribute or text that are read: names are far shorter, pages are hostile.
READ_CHARS: Final = 2_000

# Ancestors looked at: pages nest some 60 deep, hostile ones without end.
MAX_CLIMB: Final = 128

# The longest tag of HTML has 10; custom elements are free.
_TAG_CHARS: Final = 60

# Labels that claim to belong to one field; real ones have one or two.
_MAX_LABELS: Final = 8


class Node:
    """One node: an element has its lower-case tag name as `tag`, anything else what the DOM calls it, as `#text`.

    `scope` is where `id` attributes are unique: the node id of the document, or minus that of a shadow tree's host.
    Siblings are linked, so that inserting and removing cost the same however wide a page is.
    """

    __slots__ = (
        "attributes",
        "first",
        "id",
        "is_host",
        "is_shadow",
        "last",
        "next",
        "parent",
        "previous",
        "scope",
        "tag",
        "text",
    )

    def __init__(self, node_id: int, raw: dict[str, Any]) -> None:
        self.id = node_id
        self.parent: Self | None = None
        self.first: Self | None = None
        self.last: Self | None = None
        self.previous: Self | None = None
        self.next: Self | None = None
        self.scope = node_id
        self.is_host = False
        self.is_shadow = raw.get("isShadow") is True
        self.text = ""
        self.attributes: dict[str, Any] = {}
        kind = raw.get("type")
        if kind == _ELEMENT:
            tag = raw.get("tagName")
            self.tag = tag[:_TAG_CHARS].lower() if isinstance(tag, str) and tag else "unknown"
            attributes = raw.get("attributes")
            if attributes and isinstance(attributes, dict):
                # The event stays as it was when the page changes.
                self.attributes = attributes.copy()
            return
        self.tag = _TAGS.get(kind, "#unknown") if isinstance(kind, int) else "#unknown"
        if self.tag == TEXT:
            text = raw.get("textContent")
            self.text = text if isinstance(text, str) else ""

    @property
    def is_element(self) -> bool:
        """Whether it is an element."""
        return not self.tag.startswith("#")

    def attribute(self, name: str) -> str | None:
        """The attribute as HTML has it; None when it is absent or no text. At most READ_CHARS characters."""
        value = self.attributes.get(name)
        if isinstance(value, str):
            return value[:READ_CHARS]
        # rrweb writes boolean attributes as booleans, and sizes as numbers.
        if value is None or value is False or isinstance(value, dict | list):
            return None
        return "" if value is True else str(value)

    def insert(self, parent: Self, before: Self | None) -> None:
        """Become a child of `parent`, in front of its child `before`, else its last; the node must have no parent."""
        previous = before.previous if before else parent.last
        self.parent, self.previous, self.next = parent, previous, before
        if previous:
            previous.next = self
        else:
            parent.first = self
        if before:
            before.previous = self
        else:
            parent.last = self
        if self.is_shadow:
            self.scope = -parent.id
            parent.is_host = True
        elif self.tag != DOCUMENT:
            self.scope = parent.scope

    def detach(self) -> None:
        """Leave the parent, with everything below."""
        parent = self.parent
        if parent is None:
            return
        if self.previous:
            self.previous.next = self.next
        else:
            parent.first = self.next
        if self.next:
            self.next.previous = self.previous
        else:
            parent.last = self.previous
        self.parent = self.previous = self.next = None

    def children(self) -> Iterator[Self]:
        """Children in order: an element's own, then those of its shadow tree."""
        child = self.first
        while child:
            yield child
            child = child.next

    def subtree(self) -> Iterator[Self]:
        """The node and everything below, however deep, parents before children."""
        left = [self]
        while left:
            node = left.pop()
            # Taken before the caller may detach the node.
            left.extend(node.children())
            yield node


class Index:
    """Elements by what refers to them: `id` attributes, labels by what they are for, slots by their name."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str, str], dict[int, Node]] = {}

    def add(self, node: Node) -> None:
        """Make an element known that is in its place."""
        if "id" in node.attributes or node.tag in ("label", "slot"):
            for key in _keys(node):
                self._found.setdefault(key, {})[node.id] = node

    def discard(self, node: Node) -> None:
        """Forget an element; its attributes must be those it was added with."""
        if "id" in node.attributes or node.tag in ("label", "slot"):
            for key in _keys(node):
                same_key = self._found.get(key, {})
                same_key.pop(node.id, None)
                if not same_key:
                    self._found.pop(key, None)

    def by_id(self, scope: int, html_id: str) -> Node | None:
        """The element with that `id` attribute among those of a scope."""
        return next(self._all(scope, "id", html_id), None)

    def labels(self, field: Node) -> list[Node]:
        """The labels that point at a form field by its id."""
        html_id = field.attribute("id")
        return list(islice(self._all(field.scope, "for", html_id), _MAX_LABELS)) if html_id else []

    def slot(self, child: Node) -> Node | None:
        """The slot of its parent's shadow tree that shows a child."""
        if child.parent is None or child.is_shadow:
            return None
        return next(self._all(-child.parent.id, "slot", child.attribute("slot") or ""), None)

    def _all(self, scope: int, kind: str, value: str) -> Iterator[Node]:
        return iter(self._found.get((scope, kind, value), {}).values())


def changed_style(style: str) -> str:
    """The attribute under which a change of one inline style is kept, beside the `style` it changes."""
    # No attribute of HTML is read under this name.
    return f"style.{style}"


def _keys(node: Node) -> Iterator[tuple[int, str, str]]:
    html_id = node.attribute("id")
    if html_id:
        yield node.scope, "id", html_id
    if node.tag == "label":
        yield node.scope, "for", node.attribute("for") or ""
    elif node.tag == "slot":
        yield node.scope, "slot", node.attribute("name") or ""
