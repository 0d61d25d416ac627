"""Mutations as our recorder folds them to save bytes, and how they become rrweb's own again.

Belongs here: the other half of `sdk/browser/src/folding.ts`. A folded mutation says so (`"folded": true`). A node that
it adds may hold its children, which rrweb adds one by one; or it is a copy of the node that an earlier event of the
same document told first under the id `like`, with all below it: `id` is its own id, all others as far from it as there;
or `ids` are all ids in document order, each but the first as the distance to the one before. Does not: what recorders
of others squeeze (`packing.py`), or what a mutation means (`dom.py`).

Whoever sent it may mean harm: nothing raises, nothing recurses, and no more than a million nodes are copied.
"""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Final

from retrace_core.events import FULL_SNAPSHOT, INCREMENTAL, MUTATION

MOST_COPIES: Final = 1_000_000
"""Nodes of a document that may be copies; the recorder asks for no more."""

_Json = dict[str, Any]

# rrweb's node types that have children.
_PARENTS: Final = (0, 2)


def unfold(events: Iterable[_Json]) -> None:
    """Put plain mutations in the place of folded ones, in one window's decoded events in order.

    A copy of what never came, or whose ids are not as many as its nodes, is left out.
    """
    document = _Document(None)
    for event in events:
        kind, data = event.get("type"), event.get("data")
        if kind == FULL_SNAPSHOT:
            document = _Document(data.get("node") if isinstance(data, dict) else None)
        elif kind == INCREMENTAL and isinstance(data, dict) and data.get("source") == MUTATION and data.get("folded"):
            plain = {name: value for name, value in data.items() if name != "folded"}
            event["data"] = {**plain, "adds": document.unfolded(data.get("adds"))}


class _Document:
    """What was told since a full snapshot, by the id under which it was told first."""

    def __init__(self, root: object) -> None:
        self._told: dict[int, _Json] = {}
        self._copies_left = MOST_COPIES
        self._untold_root = root

    def unfolded(self, adds: object) -> list[_Json]:
        """The nodes that a folded mutation adds, one by one, each after its parent and its next sibling."""
        if self._untold_root is not None:
            # Most snapshots are followed by nothing folded.
            self._grown(self._untold_root)
            self._untold_root = None
        flat: list[_Json] = []
        for add in adds if isinstance(adds, list) else ():
            node = self._grown(add.get("node")) if isinstance(add, dict) else None
            if node is not None:
                flat += _one_by_one({**add, "node": node})
        return flat

    def _grown(self, told: object) -> _Json | None:
        """A node with its children, copies made; all of it is known from then on."""
        top: list[_Json] = []
        left: list[tuple[object, list[_Json]]] = [(told, top)]
        while left:
            node, siblings = left.pop()
            if isinstance(node, _Finished):
                self._know(node.node)
            elif isinstance(node, dict):
                if "like" in node:
                    siblings += self._copied(node)
                    continue
                children: list[_Json] = []
                grown = {**node, "childNodes": children}
                siblings.append(grown)
                left.append((_Finished(grown), siblings))
                nested = node.get("childNodes")
                told_children: list[object] = nested if isinstance(nested, list) else []
                left += [(child, children) for child in reversed(told_children)]
        return top[0] if top else None

    def _copied(self, copy: _Json) -> list[_Json]:
        """The copy, if what it is like is known and its ids fit."""
        like = copy.get("like")
        original = self._told.get(like) if type(like) is int else None
        if original is None:
            return []
        nodes = _in_order(original, self._copies_left)
        ids = _ids_of(copy, nodes)
        if ids is None:
            return []
        self._copies_left -= len(nodes)
        copies = [{**node, "id": node_id, "childNodes": []} for node, node_id in zip(nodes, ids, strict=True)]
        by_original = {id(node): copied for node, copied in zip(nodes, copies, strict=True)}
        for node, copied in zip(nodes, copies, strict=True):
            copied["childNodes"] += [by_original[id(child)] for child in node["childNodes"]]
            self._know(copied)
        return copies[:1]

    def _know(self, node: _Json) -> None:
        if type(node.get("id")) is int:
            self._told.setdefault(node["id"], node)


class _Finished:
    """Marks that all below a node has come: only then it is known, so that nothing can be a copy of what it is in."""

    def __init__(self, node: _Json) -> None:
        self.node = node


def _in_order(root: _Json, most: int) -> list[_Json]:
    """A node and all below it in document order; none if they are more than `most`."""
    found: list[_Json] = []
    left = [root]
    while left:
        node = left.pop()
        found.append(node)
        if len(found) > most:
            return []
        left += reversed(node["childNodes"])
    return found


def _ids_of(copy: _Json, nodes: list[_Json]) -> list[int] | None:
    """The ids of a copy, as many as it has nodes; None where it tells others, or none."""
    told = copy.get("ids")
    if isinstance(told, list):
        fits = len(told) == len(nodes) > 0 and all(type(distance) is int for distance in told)
        return list(accumulate(told)) if fits else None
    own, originals = copy.get("id"), [node["id"] for node in nodes if type(node.get("id")) is int]
    if type(own) is not int or not len(originals) == len(nodes) > 0:
        return None
    return [own + original - originals[0] for original in originals]


def _one_by_one(add: _Json) -> list[_Json]:
    """An addition as rrweb tells it: a node without its children, which follow from the last to the first."""
    flat: list[_Json] = []
    left = [add]
    while left:
        current = left.pop()
        node = current["node"]
        flat.append({**current, "node": _alone(node)})
        following = None
        later = []
        for child in reversed(node["childNodes"]):
            later.append({"parentId": node.get("id"), "nextId": following, "node": child})
            following = child.get("id")
        left += reversed(later)
    return flat


def _alone(node: _Json) -> _Json:
    alone = {name: value for name, value in node.items() if name != "childNodes"}
    return {**alone, "childNodes": []} if node.get("type") in _PARENTS else alone
