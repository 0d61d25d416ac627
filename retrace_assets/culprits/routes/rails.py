"""Rails: `config/routes.rb` with namespaces, scopes and resources one in another.

Belongs here: its language of routes. Does not: any other framework.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Table

HINTS = (b"routes.draw", b"resources :", b"namespace :", b"Rails.application")

_BLOCK = re.compile(r"\bdo\b(?:\s*\|[^|]*\|)?\s*(?:#.*)?$")
_END = re.compile(r"^\s*end\b")
_STRINGS = re.compile(r":(\w+)|[\"']([^\"']{1,200})[\"']")
_KEYWORD = re.compile(
    r"^\s*(?P<word>namespace|scope|resources?|member|collection|concern|get|post|put|patch|delete|match|root)\b(?P<rest>.*)"
)
_OPTION = r"\b{}:\s*(?::(\w+)|[\"']([^\"']{{1,200}})[\"'])"
_TO = re.compile(r"(?:\bto:\s*|=>\s*)[\"']([\w/]+)#(\w+)[\"']")
_LISTED = re.compile(r"\b(?P<which>only|except):\s*(?:%i\[([^\]]*)\]|\[([^\]]*)\]|:(\w+))")
_PLURAL: Final = {
    "index": ("GET", ""), "create": ("POST", ""), "new": ("GET", "/new"), "show": ("GET", "/:id"),
    "edit": ("GET", "/:id/edit"), "update": ("PATCH", "/:id"), "destroy": ("DELETE", "/:id"),
}  # fmt: skip


@dataclass(slots=True)
class _Scope:
    """What is around a line: path and module of its block, and the resource in it."""

    path: str = ""
    modules: tuple[str, ...] = ()
    controller: str = ""
    # Below a resource come its members, beside it what belongs to all.
    nested: str = ""
    names: list[str] = field(default_factory=list)


def table(path: str, text: str) -> Table:
    """The routes of a routes file."""
    if "routes" not in path:
        return Table()
    return Table(tuple(_entries(text)))


def _entries(text: str) -> Iterator[Entry]:
    around: list[_Scope | None] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _END.match(line):
            around = around[:-1]
            continue
        scope = next((each for each in reversed(around) if each is not None), _Scope())
        found = _KEYWORD.match(line)
        inner: _Scope | None = None
        if found:
            inner = _opened(found["word"], found["rest"], scope)
            for method, route, controller in _answered(found["word"], found["rest"], scope):
                yield Entry(route, number, method, handler=_class_of(controller, scope.modules))
        if _BLOCK.search(line):
            around.append(inner)


def _opened(word: str, rest: str, scope: _Scope) -> _Scope | None:
    """The scope a line opens."""
    name = _first(rest)
    base = scope.nested or scope.path
    if word == "namespace":
        return _Scope(joined(base, _option("path", rest) or name), (*scope.modules, _option("module", rest) or name))
    if word == "scope":
        module = _option("module", rest)
        path = _option("path", rest) or ("" if rest.strip().startswith("module:") else name)
        return _Scope(joined(base, path), (*scope.modules, *([module] if module else [])))
    if word in {"resource", "resources"}:
        path = joined(base, _option("path", rest) or name)
        singular = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
        nested = joined(path, f":{singular}_id") if word == "resources" else path
        return _Scope(path, scope.modules, _option("controller", rest) or name, nested)
    if word == "member":
        return _Scope(joined(scope.path, ":id"), scope.modules, scope.controller)
    if word == "collection":
        return _Scope(scope.path, scope.modules, scope.controller)
    return None


def _answered(word: str, rest: str, scope: _Scope) -> Iterator[tuple[str, str, str]]:
    """Method, path and controller of each route of a line."""
    base = scope.nested or scope.path
    if word in {"resource", "resources"}:
        names = [first or second for first, second in _STRINGS.findall(re.split(r",\s*\w+:|\bdo\b", rest)[0])]
        for name in names:
            controller = _option("controller", rest) or (
                name if word == "resources" or name.endswith("s") else f"{name}s"
            )
            for method, ending in _actions(rest):
                below = ending.replace("/:id", "") if word == "resource" else ending
                yield method, joined(base, _option("path", rest) or name, below), controller
    elif word == "root":
        to = _TO.search(f"to: {rest.strip()}") or _TO.search(rest)
        yield "GET", joined(base), to[1] if to else ""
    elif word in {"get", "post", "put", "patch", "delete", "match"}:
        to = _TO.search(rest)
        path = _first(rest)
        inferred = path.rpartition("/")[0] or scope.controller
        controller = to[1] if to else (_option("controller", rest) or scope.controller or inferred)
        yield "" if word == "match" else word.upper(), joined(base, path), controller


def _actions(rest: str) -> Iterator[tuple[str, str]]:
    listed = _LISTED.search(rest)
    names = set(re.findall(r"\w+", " ".join(group for group in listed.groups()[1:] if group))) if listed else set()
    for action, route in _PLURAL.items():
        if listed is None or (action in names) == (listed["which"] == "only"):
            yield route


def _first(rest: str) -> str:
    found = _STRINGS.search(rest)
    return (found[1] or found[2]) if found else ""


def _option(name: str, rest: str) -> str:
    found = re.search(_OPTION.format(name), rest)
    return (found[1] or found[2]) if found else ""


def _class_of(controller: str, modules: tuple[str, ...]) -> str:
    """The constant of a controller: `Admin::UsersController`."""
    parts = [*modules, *controller.strip("/").split("/")] if controller else []
    names = ["".join(word[:1].upper() + word[1:] for word in part.split("_")) for part in parts if part]
    return "::".join(names) + "Controller" if names else ""
