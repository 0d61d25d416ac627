"""Files that a stack names.

Belongs here: telling which file of the repository a frame is in. Does not: reading stacks (clues).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from retrace_assets.culprits.clues import Frame
from retrace_assets.culprits.lookup import Lookup
from retrace_assets.culprits.marks import Mark

# Where it threw: more than a caller has with everything its words can bring. Each caller is less likely at fault.
_POINTS: Final = 4.0
_CALLER: Final = 0.4
# So many files of one name say nothing.
_SAME_NAME: Final = 5


def stack_marks(lookup: Lookup, frames: Sequence[Frame]) -> Iterator[Mark]:
    """Marks for the files of a stack, whose first frame threw."""
    depth = 0
    named = _by_name(lookup)
    for frame in frames:
        found = _files(frame, named)
        if not found:
            continue
        where = f" at line {frame.line}" if frame.line else ""
        function = f" in {frame.function}" if frame.function else ""
        told = (
            f"the error was thrown here{function}{where}" if depth == 0 else f"the stack passes here{function}{where}"
        )
        for path in found:
            points = _POINTS * _CALLER**depth / len(found)
            yield Mark(lookup.places[path], points, told, frame.line or None)
        depth += 1


def _by_name(lookup: Lookup) -> dict[str, list[str]]:
    named: defaultdict[str, list[str]] = defaultdict(list)
    for path in lookup.paths:
        named[path.rpartition("/")[2].lower()].append(path)
    return named


def _files(frame: Frame, named: dict[str, list[str]]) -> list[str]:
    """The files whose path ends as the frame's does, by most folders; a name alone counts where few files have it."""
    asked = frame.file.split("/")
    shared = {path: _shared_end(path.split("/"), asked) for path in named.get(asked[-1].lower(), ())}
    most = max(shared.values(), default=0)
    found = [path for path, count in shared.items() if count == most]
    # More folders than the name, or all that the frame or the repository has.
    told = most > 1 or any(most in (len(path.split("/")), len(asked)) for path in found)
    return found if told and len(found) <= _SAME_NAME else []


def _shared_end(path: list[str], asked: list[str]) -> int:
    shared = 0
    for one, two in zip(reversed(path), reversed(asked), strict=False):
        if one.lower() != two.lower():
            break
        shared += 1
    return shared
