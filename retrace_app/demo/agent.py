"""The demo's coding agent: a script in the place of one, which mends the one bug it knows.

It is a program of its own, run in the sandbox with nothing of Retrace at hand: the prompt comes on stdin, the copy of
the repository is the working folder, and what it leaves there is its patch. Belongs here: reading the ranked files,
and the edit. Does not: anything a real agent would need a model for.
"""

import re
import sys
from pathlib import Path

_RANKED = re.compile(r"^\d+\. ([\w./-]+\.py)\b", re.MULTILINE)
_BROKEN = 'return _WAREHOUSES[f"{delivery}_delivery"]'
_MENDED = "return _WAREHOUSES[delivery]"


def main() -> int:
    """Mend the first of the ranked files that has the bug; 1 when none has."""
    for name in _RANKED.findall(sys.stdin.read()):
        path = Path(name)
        text = path.read_text("utf-8") if path.is_file() else ""
        if _BROKEN in text:
            path.write_text(text.replace(_BROKEN, _MENDED), "utf-8")
            sys.stdout.write(f"{name}: deliveries are looked up under a name that the table does not have.\n")
            return 0
    sys.stdout.write("None of the ranked files has a bug that I know.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
