"""Laravel and Symfony: `Route::get`, groups with prefixes, resources; `#[Route]` attributes.

Belongs here: their forms. Does not: any other framework.
"""

import re
from collections.abc import Iterator

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Lines, Table, balanced

HINTS = (b"Route::", b"#[Route", b"@Route(", b"$router->", b"$app->")

_CALL = re.compile(
    r"(?:Route::|\$(?:router|app|group)->|->)(?P<call>get|post|put|patch|delete|any|match|view|resource|apiResource)\("
    r"\s*(?:\[[^\]]{0,100}\]\s*,\s*)?['\"](?P<path>[^'\"\n]{0,200})['\"]\s*,?\s*(?P<rest>[^;\n]{0,200})"
)
_GROUP = re.compile(
    r"(?:Route::|->)prefix\(\s*['\"](?P<prefix>[^'\"\n]{0,200})['\"]\s*\)[^;{]{0,300}?->group\([^{;]{0,80}\{"
    r"|Route::group\(\s*\[[^\]]{0,300}?['\"]prefix['\"]\s*=>\s*['\"](?P<old>[^'\"\n]{0,200})['\"][^{;]{0,120}\{"
)
_CLASS = re.compile(r"\\?(?P<name>[\w\\]+)::class|['\"](?P<old>[\w\\]+)@\w+['\"]")
_ATTRIBUTE = re.compile(
    r"(?:#\[|@)Route\(\s*(?:path:\s*)?['\"](?P<path>[^'\"\n]{0,200})['\"](?P<rest>[^\n]{0,300})\n?(?P<after>[^\n]{0,200})"
)
_USE = re.compile(r"^use\s+(?P<name>[\w\\]+?(?P<last>\w+))(?:\s+as\s+(?P<alias>\w+))?;", re.MULTILINE)


def table(path: str, text: str) -> Table:
    """The routes of a file; those of `routes/api.php` are below `/api`."""
    prefix = "/api" if path.endswith("routes/api.php") else ""
    names = {each["alias"] or each["last"]: (each["name"],) for each in _USE.finditer(text)}
    return Table((*_called(text, prefix), *_attributed(text)), names=names)


def _called(text: str, prefix: str) -> Iterator[Entry]:
    lines = Lines(text)
    groups = []
    for group in _GROUP.finditer(text):
        end = group.end() + len(balanced(text, group.end() - 1, 100_000))
        groups.append((group.end(), end, group["prefix"] or group["old"]))
    for match in _CALL.finditer(text):
        around = [name for start, end, name in groups if start <= match.start() < end]
        handler = _CLASS.search(match["rest"])
        name = (handler["name"] or handler["old"]).rpartition("\\")[2] if handler else ""
        for method, ending in _answered(match["call"], match["path"]):
            route = joined(prefix, *around, match["path"], ending)
            yield Entry(route, lines.at(match.start()), method, handler=name)


def _answered(call: str, path: str) -> Iterator[tuple[str, str]]:
    if call in {"resource", "apiResource"}:
        item = "/{" + path.rpartition("/")[2].removesuffix("s") + "}"
        yield from (("GET", ""), ("POST", ""), ("GET", item), ("PUT", item), ("PATCH", item), ("DELETE", item))
        if call == "resource":
            yield from (("GET", "/create"), ("GET", f"{item}/edit"))
    else:
        yield ("" if call in {"any", "match"} else "GET" if call == "view" else call.upper()), ""


def _attributed(text: str) -> Iterator[Entry]:
    lines = Lines(text)
    prefix = ""
    for match in _ATTRIBUTE.finditer(text):
        if re.match(r"\s*(?:final\s+|abstract\s+)*class\b", match["after"]):
            prefix = match["path"]
            continue
        methods = re.search(r"methods\s*[:=]\s*[\[{]([^\]}]*)", match["rest"])
        for method in re.findall(r"\w+", methods[1]) if methods else [""]:
            yield Entry(joined(prefix, match["path"]), lines.at(match.start()), method.upper())
