"""Spring and JAX-RS: annotations of a class and of its methods.

Belongs here: their forms. Does not: any other framework.
"""

import re

from retrace_assets.culprits.routes.route import joined
from retrace_assets.culprits.routes.table import Entry, Lines, Table

HINTS = (b"Mapping(", b"Mapping\n", b"@Path(")

_ANNOTATION = re.compile(
    r"@(?P<name>(?:Get|Post|Put|Patch|Delete|Request)Mapping|Path)\b(?:\((?P<given>[^)]{0,300})\))?"
    r"(?P<after>(?:\s|@\w+(?:\([^)]{0,200}\))?)*[\w ]{0,80})"
)
_LITERAL = re.compile(r"\"([^\"\n]{0,200})\"")
_METHOD = re.compile(r"RequestMethod\.(\w+)|@(GET|POST|PUT|PATCH|DELETE)\b")


def table(_path: str, text: str) -> Table:
    """The routes of the controllers of a file."""
    lines = Lines(text)
    prefix = ""
    entries = []
    for match in _ANNOTATION.finditer(text):
        literals = _LITERAL.findall(match["given"] or "") or [""]
        if re.search(r"\b(?:class|interface)\b", match["after"]):
            prefix = literals[0]
            continue
        name = match["name"].removesuffix("Mapping")
        given = _METHOD.search(
            (match["given"] or "") + text[max(0, match.start() - 80) : match.start()] + match["after"]
        )
        method = name.upper() if name not in {"Request", "Path"} else ""
        if not method and given:
            method = given[1] or given[2]
        entries += [Entry(joined(prefix, literal), lines.at(match.start()), method) for literal in literals[:5]]
    return Table(tuple(entries))
