"""Small pages as rrweb records them, for tests of the recorded DOM."""

from itertools import count
from typing import Any

from retrace_core.dom import RecordedDom, Target

Json = dict[str, Any]


def element(node_id: int, tag: str, attributes: Json | None = None, *children: Json, **flags: bool) -> Json:
    """An element node; flags are rrweb's, such as `isShadow`."""
    return {
        "type": 2,
        "id": node_id,
        "tagName": tag,
        "attributes": attributes or {},
        "childNodes": list(children),
        **flags,
    }


def text(node_id: int, content: str) -> Json:
    """A text node."""
    return {"type": 3, "id": node_id, "textContent": content}


def document(node_id: int, *children: Json) -> Json:
    """A document node."""
    return {"type": 0, "id": node_id, "childNodes": list(children)}


def snapshot(*children: Json) -> Json:
    """A full snapshot whose body has node id 2."""
    return {"type": 2, "timestamp": 1, "data": {"node": document(1, element(2, "body", None, *children))}}


def mutation(**changes: list[Any]) -> Json:
    """A mutation: `adds`, `removes`, `texts`, `attributes`."""
    return {"type": 3, "timestamp": 2, "data": {"source": 0, **changes}}


def add(parent_id: int, node: Json, next_id: int | None = None, **more: int | None) -> Json:
    """One of a mutation's `adds`."""
    return {"parentId": parent_id, "nextId": next_id, "node": node, **more}


def page(*children: Json) -> RecordedDom:
    """A page with these children of its body."""
    dom = RecordedDom()
    dom.apply(snapshot(*children))
    return dom


def target_in(dom: RecordedDom, node_id: int) -> Target:
    """The control behind a node that must be there."""
    target = dom.target(node_id)
    assert target is not None
    return target


def markup(tag: str, attributes: Json | None = None, *children: Json | str) -> Json:
    """An element like `element`, with its id, and text for plain strings, filled in by `numbered`."""
    nodes = [text(0, child) if isinstance(child, str) else child for child in children]
    return element(0, tag, attributes, *nodes)


def numbered(root: Json, first_id: int = 100) -> Json:
    """Give the nodes of a tree ids in document order, from `first_id`."""
    ids = count(first_id)
    left = [root]
    while left:
        node = left.pop()
        node["id"] = next(ids)
        left.extend(reversed(node.get("childNodes", [])))
    return root
