"""Names in a script and the modules they stand for: imports, requires, and what is loaded when it is needed.

Belongs here: reading them. Does not: which file a module is (imports).
"""

import re
from collections.abc import Mapping

_MODULE = r"""["'`]([^"'`\n]{1,200})["'`]"""
_IMPORT = re.compile(rf"\bimport\s+(?:type\s+)?([\w$*{{}},\s]{{1,2000}}?)\s+from\s+{_MODULE}")
_REQUIRE = re.compile(
    rf"\b(?:const|let|var)\s+(\{{[^}}]{{1,500}}\}}|[\w$]+)\s*(?::[^=\n]{{1,80}})?=\s*(?:await\s+)?"
    rf"(?:[\w.$]{{1,60}}\(\s*)?(?:\(\s*\)\s*=>\s*)?(?:require|import)\(\s*(?:/\*[^*]*\*/\s*)?{_MODULE}"
)


def script_names(text: str) -> Mapping[str, tuple[str, ...]]:
    """The modules that names of a script stand for."""
    found: dict[str, tuple[str, ...]] = {}
    for pattern in (_IMPORT, _REQUIRE):
        for match in pattern.finditer(text):
            for name in _bound(match[1]):
                found.setdefault(name, (match[2],))
    return found


def _bound(clause: str) -> list[str]:
    """The names a clause binds: the last word of each part of `a, { b as c, d: e }` and of `* as f`."""
    parts = re.split(r"[{},]", clause)
    return [words[-1] for part in parts if (words := re.findall(r"[\w$]+", part))]
