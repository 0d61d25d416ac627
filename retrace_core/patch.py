"""What a patch does to a repository, as git itself reports it.

Belongs here: reading git's machine output (`--raw -z`, `--numstat -z`) into changes. Does not: running git
(retrace_resources.work_copy), judging a change (retrace_assets.fix_prs.gate).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

Kind = Literal["added", "modified", "deleted"]

ABSENT: Final = "000000"
"""The mode of a file that is not there."""

REGULAR: Final = "100644"
EXECUTABLE: Final = "100755"
LINK: Final = "120000"
SUBMODULE: Final = "160000"


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a patch adds, changes or deletes.

    `path` is as git has it, bytes that are no UTF-8 as lone surrogates. Modes are git's, octal. `added_lines` are those
    that the file did not have as often before, `removed_lines` those it has less often now: a line that moved is none.
    """

    path: str
    kind: Kind
    old_mode: str = ABSENT
    new_mode: str = ABSENT
    is_binary: bool = False
    added: int = 0
    removed: int = 0
    added_lines: tuple[bytes, ...] = ()
    removed_lines: tuple[bytes, ...] = ()


class RawChange(NamedTuple):
    """A line of `git diff --raw`: modes and objects before and after, and the path."""

    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    path: str


def read_raw(output: bytes) -> Iterator[RawChange]:
    """Read `git diff-tree -r -z --raw --no-renames --no-abbrev`."""
    fields = iter(output.split(b"\0")[:-1])
    for described in fields:
        old_mode, new_mode, old_id, new_id, _status = described.decode("ascii").removeprefix(":").split(" ")
        yield RawChange(old_mode, new_mode, old_id, new_id, _path(next(fields)))


def read_numstat(output: bytes) -> dict[str, tuple[int, int] | None]:
    """Read `git diff-tree -r -z --numstat --no-renames`: lines added and removed by path, None for a binary file."""
    counts: dict[str, tuple[int, int] | None] = {}
    for record in output.split(b"\0")[:-1]:
        added, removed, path = record.split(b"\t", 2)
        counts[_path(path)] = None if added == b"-" else (int(added), int(removed))
    return counts


def file_changes(
    raw: Iterable[RawChange], numstat: Mapping[str, tuple[int, int] | None], contents: Mapping[str, bytes]
) -> tuple[FileChange, ...]:
    """Put together what git reports; `contents` are objects by their id, as far as lines of them matter."""
    changes = []
    for each in raw:
        counts = numstat.get(each.path, (0, 0))
        before, after = (contents.get(content, b"").split(b"\n") for content in (each.old_id, each.new_id))
        added, removed = counts or (0, 0)
        changes.append(
            FileChange(
                path=each.path,
                kind="added" if each.old_mode == ABSENT else "deleted" if each.new_mode == ABSENT else "modified",
                old_mode=each.old_mode,
                new_mode=each.new_mode,
                is_binary=counts is None,
                added=added,
                removed=removed,
                added_lines=_more(after, before) if counts else (),
                removed_lines=_more(before, after) if counts else (),
            )
        )
    return tuple(changes)


def _more(lines: Iterable[bytes], others: Iterable[bytes]) -> tuple[bytes, ...]:
    """The lines that are more often among `lines` than among `others`, as often as that."""
    left = Counter(others)
    more = []
    for line in lines:
        left[line] -= 1
        if left[line] < 0:
            more.append(line)
    return tuple(more)


def _path(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
