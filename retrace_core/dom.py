"""The page as it was at any moment of a recording, rebuilt from rrweb's events, and the controls in it.

Belongs here: full snapshots and mutations, what a node id stands for, how a control is told from others. Does not: the
links between nodes (`nodes.py`), ARIA (`accessible.py`), when events happened or which window they belong to.

What a recording holds is hostile: nothing raises, nothing recurses, no work grows faster than the recording.
"""

import re
from collections import defaultdict
from typing import Any, Final, Protocol, TypeGuard

import msgspec

from retrace_core.accessible import input_type_of, is_control, is_disabled, name_of, role_of
from retrace_core.events import FULL_SNAPSHOT, INCREMENTAL, MUTATION
from retrace_core.nodes import DOCUMENT, MAX_CLIMB, Index, Node, changed_style

# First wins; the recorder's own list, and Cypress's.
_TEST_ID_ATTRIBUTES: Final = ("data-testid", "data-test", "data-qa", "data-cy")
_TEST_ID_CHARS: Final = 200

_CSS_LEVELS: Final = 3
_CSS_CLASSES: Final = 2
_CSS_TAG: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
# Numbers in ids are counters of frameworks (`mat-input-3`, `:r1:`, `ember412`), save one digit that ends a word.
_STABLE_ID: Final = re.compile(r"(?=.{1,60}$)[A-Za-z]+(?:[-_]+[A-Za-z]+)*[0-9]?")
# Numbers in classes are hashes or measures; capitals behind `__` are hashes of CSS modules.
_STABLE_CLASS: Final = re.compile(
    r"(?=.{2,40}$)(?!(?:css|jsx|sc|svelte|ng)-)(?!.*__.*[A-Z])[A-Za-z]+(?:[-_]+[A-Za-z]+)*"
)
# What an element is at the moment, not which one it is.
_STATE_CLASS: Final = re.compile(
    r"(?:.*[-_])?(?:active|checked|collapsed|completed|current|dirty|disabled|editing|enabled|error|expanded|focus(?:ed)?"
    r"|hidden|hover|invalid|loading|open(?:ed)?|pressed|selected|show|shown|touched|valid|visible)"
)

# The inline styles that change what is seen: accessible.py reads the first two, visible.py compares all.
_SEEN_STYLES: Final = frozenset(
    (
        *("display", "visibility", "opacity", "transform", "translate", "clip-path"),
        *("width", "height", "max-height", "min-height", "left", "top", "right", "bottom", "margin-left", "margin-top"),
        *("background", "background-color", "background-image", "color", "text-decoration"),
    )
)


class Target(msgspec.Struct, frozen=True):
    """The control behind a node, told so that the same control can be found in another session.

    None stands for what the recording does not say. `name` has at most 200 characters; `css` need not be unique.
    """

    tag: str
    role: str | None
    name: str | None
    test_id: str | None
    test_id_attribute: str | None
    css: str
    interactive: bool
    disabled: bool
    input_type: str | None


class Watcher(Protocol):
    """Whoever wants to know what becomes of the nodes of a page."""

    def restarted(self, root: Node | None) -> None:
        """A full snapshot has taken the place of everything, or left nothing."""

    def added(self, root: Node) -> None:
        """A node is in its place, with all that is below it."""

    def removing(self, root: Node) -> None:
        """A node is about to go, with all that is below it."""

    def changed(self, node: Node) -> None:
        """A node's text or attributes are other ones."""


class RecordedDom:
    """One window's page, kept up to date by feeding it the window's events in order.

    `unknown_nodes` counts what could not be applied because a node was malformed or never recorded.
    """

    def __init__(self, watcher: Watcher | None = None) -> None:
        self.unknown_nodes = 0
        self._watcher = watcher
        self._nodes: dict[int, Node] = {}
        self._index = Index()
        self._root: Node | None = None

    @property
    def root(self) -> Node | None:
        """The document, once a full snapshot has come."""
        return self._root

    @property
    def index(self) -> Index:
        """What names of elements are read by (`accessible.name_of`)."""
        return self._index

    def apply(self, event: dict[str, Any]) -> None:
        """Bring the page to its state after a decoded rrweb event; events that do not change it are ignored."""
        kind, data = event.get("type"), event.get("data")
        if kind == FULL_SNAPSHOT:
            self._restart(data)
        elif kind == INCREMENTAL and isinstance(data, dict) and data.get("source") == MUTATION:
            self._mutate(data)

    def node(self, node_id: object) -> Node | None:
        """The node of that id, if it was recorded."""
        # JSON's true would find node 1, and an array has no hash.
        return self._nodes.get(node_id) if type(node_id) is int else None

    def control(self, node_id: object) -> Node | None:
        """The nearest control around a node, else its own element."""
        element = self._element(node_id)
        return element and (self._control(element) or element)

    def target(self, node_id: int) -> Target | None:
        """The nearest control around a node, else its own element; None when the node is not known."""
        element = self._element(node_id)
        if element is None:
            return None
        control = self._control(element)
        return _target(control or element, self._index, interactive=control is not None)

    def input_type(self, node_id: int) -> str | None:
        """The type of an `<input>`, in lower case and `text` by default; None for any other node."""
        node = self.node(node_id)
        return input_type_of(node) if node else None

    def _element(self, node_id: object) -> Node | None:
        node = self.node(node_id)
        if node and not node.is_element:
            node = node.parent
        return node if node and node.is_element else None

    def _control(self, element: Node) -> Node | None:
        node: Node | None = element
        for _ in range(MAX_CLIMB):
            if node is None or not node.is_element:
                return None
            if is_control(node):
                return node
            node = self._index.slot(node) or node.parent
        return None

    def _restart(self, data: object) -> None:
        # Ids start anew with another meaning, even when what follows cannot be read.
        self._nodes.clear()
        self._index = Index()
        raw = data.get("node") if isinstance(data, dict) else None
        raw = raw if isinstance(raw, dict) else {}
        root = self._root = _new(raw)
        if root:
            self._grow(root, raw)
        if self._watcher:
            self._watcher.restarted(root)

    def _mutate(self, data: dict[str, Any]) -> None:
        # In the order of rrweb's own replayer: a moved node is removed, then added.
        for removed in _objects(data.get("removes")):
            self._remove(removed)
        if adds := _objects(data.get("adds")):
            self._add_all(adds)
        for changed in _objects(data.get("texts")):
            self._change_text(changed)
        for changed in _objects(data.get("attributes")):
            self._change_attributes(changed)

    def _remove(self, removed: dict[str, Any]) -> None:
        node = self.node(removed.get("id"))
        if node:
            self._forget(node)
        else:
            self.unknown_nodes += 1

    def _add_all(self, adds: list[dict[str, Any]]) -> None:
        """Add nodes in whatever order they come: one may be the parent or the next sibling of one before it."""
        orphans: defaultdict[object, list[dict[str, Any]]] = defaultdict(list)
        early: defaultdict[object, list[dict[str, Any]]] = defaultdict(list)
        ready = adds[::-1]
        while ready or early:
            if not ready:
                # The sibling never came: the node goes to the end rather than nowhere.
                _, late = early.popitem()
                ready.extend({**add, "nextId": None} for add in late)
            add = ready.pop()
            parent_id, next_id = add.get("parentId"), add.get("nextId")
            if not _is_id(parent_id):
                self.unknown_nodes += 1
            elif parent_id not in self._nodes:
                orphans[parent_id].append(add)
            elif _is_id(next_id) and next_id not in self._nodes:
                early[next_id].append(add)
            else:
                node = self._add(add)
                if node and (early or orphans):
                    ready.extend(orphans.pop(node.id, ()))
                    ready.extend(early.pop(node.id, ()))
        self.unknown_nodes += sum(map(len, orphans.values()))

    def _add(self, add: dict[str, Any]) -> Node | None:
        raw = add.get("node")
        raw = raw if isinstance(raw, dict) else {}
        if old := self.node(raw.get("id")):
            self._forget(old)
        parent, node = self.node(add.get("parentId")), _new(raw)
        if parent is None or node is None:
            self.unknown_nodes += 1
            return None
        if node.tag == DOCUMENT:
            # A frame that navigates shows one document at a time.
            for shown in list(parent.children()):
                self._forget(shown)
        node.insert(parent, self._place(add, parent))
        self._grow(node, raw)
        if self._watcher:
            self._watcher.added(node)
        return node

    def _place(self, add: dict[str, Any], parent: Node) -> Node | None:
        previous = self.node(add.get("previousId"))
        if previous and previous.parent is parent:
            return previous.next
        following = self.node(add.get("nextId"))
        return following if following and following.parent is parent else None

    def _grow(self, root: Node, raw_root: dict[str, Any]) -> None:
        """Make a node known that is in its place, with all that its JSON nests."""
        nodes, index = self._nodes, self._index
        nodes[root.id] = root
        index.add(root)
        unfinished = [(root, raw_root)]
        while unfinished:
            parent, raw_parent = unfinished.pop()
            for raw in _objects(raw_parent.get("childNodes")):
                node = _new(raw)
                if node is None or node.id in nodes:
                    self.unknown_nodes += 1
                    continue
                node.insert(parent, None)
                nodes[node.id] = node
                index.add(node)
                if raw.get("childNodes"):
                    unfinished.append((node, raw))

    def _forget(self, root: Node) -> None:
        if self._watcher:
            self._watcher.removing(root)
        root.detach()
        for node in root.subtree():
            del self._nodes[node.id]
            self._index.discard(node)

    def _change_text(self, changed: dict[str, Any]) -> None:
        node, text = self.node(changed.get("id")), changed.get("value")
        if node is None:
            self.unknown_nodes += 1
        else:
            node.text = text if isinstance(text, str) else ""
            if self._watcher:
                self._watcher.changed(node)

    def _change_attributes(self, changed: dict[str, Any]) -> None:
        node, attributes = self.node(changed.get("id")), changed.get("attributes")
        if node is None:
            self.unknown_nodes += 1
        elif isinstance(attributes, dict):
            self._index.discard(node)
            for name, value in attributes.items():
                _change_attribute(node, name, value)
            self._index.add(node)
            if self._watcher:
                self._watcher.changed(node)


def _new(raw: dict[str, Any]) -> Node | None:
    node_id = raw.get("id")
    return Node(node_id, raw) if _is_id(node_id) else None


def _is_id(value: object) -> TypeGuard[int]:
    # -1 and -2 are rrweb's words for "none" and "not recorded".
    return type(value) is int and value > 0


def _objects(value: object) -> list[dict[str, Any]]:
    # Three of a mutation's four lists are empty.
    return [item for item in value if isinstance(item, dict)] if value and isinstance(value, list) else []


def _change_attribute(node: Node, name: str, value: object) -> None:
    if name == "style" and isinstance(value, dict):
        # Only what changed of the style: property to text, to [text, priority], or to false when it is gone.
        for style in _SEEN_STYLES & value.keys():
            changed = value[style]
            text = changed[0] if isinstance(changed, list) and changed else changed
            node.attributes[changed_style(style)] = text if isinstance(text, str) else ""
        return
    if name == "style":
        for style in _SEEN_STYLES:
            node.attributes.pop(changed_style(style), None)
    if value is None:
        node.attributes.pop(name, None)
    else:
        node.attributes[name] = value


def _target(node: Node, index: Index, *, interactive: bool) -> Target:
    test_id_attribute = next((name for name in _TEST_ID_ATTRIBUTES if node.attribute(name)), None)
    test_id = node.attribute(test_id_attribute) if test_id_attribute else None
    return Target(
        tag=node.tag,
        role=role_of(node) or None,
        name=name_of(node, index) or None,
        test_id=test_id[:_TEST_ID_CHARS] if test_id else None,
        test_id_attribute=test_id_attribute,
        css=_css(node),
        interactive=interactive,
        disabled=is_disabled(node),
        input_type=input_type_of(node),
    )


def _css(node: Node) -> str:
    """A path that does not change with the element's state or the build: from the nearest stable id, three levels."""
    steps: list[str] = []
    current: Node | None = node
    while current and current.is_element and len(steps) < _CSS_LEVELS:
        html_id = current.attribute("id")
        if html_id and _STABLE_ID.fullmatch(html_id):
            steps.append(f"#{html_id}")
            break
        steps.append(_css_step(current))
        # `>` does not reach into a shadow tree.
        current = None if current.is_shadow else current.parent
    return " > ".join(reversed(steps))


def _css_step(node: Node) -> str:
    classes = [
        name
        for name in (node.attribute("class") or "").split()
        if _STABLE_CLASS.fullmatch(name) and not _STATE_CLASS.fullmatch(name)
    ]
    tag = node.tag if _CSS_TAG.fullmatch(node.tag) else "*"
    return ".".join([tag, *classes[:_CSS_CLASSES]])
