"""Names in a Python file and the modules they may stand for.

Belongs here: reading imports for names. Does not: which file a module is (imports).
"""

import re
from collections.abc import Mapping

_FROM = re.compile(
    r"^[ \t]*from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]{0,2000}\)|[^\n#]{1,300})", re.MULTILINE
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+(?P<names>[\w., \t]{1,300})", re.MULTILINE)


def python_names(text: str) -> Mapping[str, tuple[str, ...]]:
    """The modules that names may stand for: `from a import b` makes `b` the module `a.b`, or a part of `a`."""
    found: dict[str, tuple[str, ...]] = {}
    for match in _FROM.finditer(text):
        module = match["module"]
        for part in match["names"].strip("()").split(","):
            words = part.split()
            if words:
                separator = "" if module.endswith(".") else "."
                found[words[-1]] = (f"{module}{separator}{words[0]}", module)
    for match in _IMPORT.finditer(text):
        for part in match["names"].split(","):
            if words := part.split():
                found[words[-1] if len(words) > 1 else words[0].partition(".")[0]] = (words[0],)
    return found
