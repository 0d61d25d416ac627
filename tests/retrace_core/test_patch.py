"""Changes are read from git's own output, whatever files are called."""

import os
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from retrace_core.patch import ABSENT, FileChange, RawChange, file_changes, read_numstat, read_raw

NAMES = st.binary(min_size=1, max_size=20).map(lambda name: name.replace(b"\0", b"x").replace(b"/", b"_"))
IDS = st.text("0123456789abcdef", min_size=40, max_size=40)
MODES = st.sampled_from(["100644", "100755", "120000", "160000", ABSENT])


def of(before: bytes, after: bytes) -> FileChange:
    """A change of one text file."""
    raw = RawChange("100644", "100644", "a", "b", "file")
    return file_changes([raw], {"file": (0, 0)}, {"a": before, "b": after})[0]


def test_lines_that_moved_are_neither_added_nor_removed() -> None:
    change = of(b"one\ntwo\nthree\n", b"three\none\ntwo\nfour\n")
    assert (change.added_lines, change.removed_lines) == ((b"four",), ())


def test_a_line_that_is_there_more_often_is_added() -> None:
    assert of(b"one\n", b"one\none\n").added_lines == (b"one",)
    assert of(b"one\none\n", b"one\n").removed_lines == (b"one",)


def test_a_last_line_without_an_end_is_a_line() -> None:
    assert of(b"", b"secret").added_lines == (b"secret",)


def test_a_binary_file_has_no_lines() -> None:
    raw = RawChange(ABSENT, "100644", "0", "b", "file")
    (change,) = file_changes([raw], {"file": None}, {"b": b"\0\n\0"})
    assert change == FileChange(path="file", kind="added", new_mode="100644", is_binary=True)


@given(st.lists(st.tuples(MODES, MODES, IDS, IDS, NAMES), max_size=5))
def test_any_name_is_read_as_it_was_written(changes: list[tuple[str, str, str, str, bytes]]) -> None:
    output = b"".join(
        f":{old} {new} {before} {after} M\0".encode() + name + b"\0" for old, new, before, after, name in changes
    )
    assert list(read_raw(output)) == [
        RawChange(old, new, before, after, os.fsdecode(name)) for old, new, before, after, name in changes
    ]


@given(st.dictionaries(NAMES, st.none() | st.tuples(st.integers(0, 9999), st.integers(0, 9999)), max_size=5))
def test_any_name_is_counted_as_it_was_written(counts: dict[bytes, tuple[int, int] | None]) -> None:
    output = b"".join(
        ("-\t-\t" if count is None else f"{count[0]}\t{count[1]}\t").encode() + name + b"\0"
        for name, count in counts.items()
    )
    assert read_numstat(output) == {os.fsdecode(name): count for name, count in counts.items()}


def test_what_git_says_is_what_is_read(tmp_path: Path) -> None:
    def git(*arguments: str) -> bytes:
        identity = ("-c", "user.name=a", "-c", "user.email=a@localhost")
        return subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True).stdout

    git("init", "--quiet")
    (tmp_path / "kept\tname").write_text("one\ntwo\n")
    (tmp_path / "gone").write_text("x\n")
    git("add", "--all")
    git("commit", "--quiet", "-m", "before")
    (tmp_path / "kept\tname").write_text("one\n2\n")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_bytes(b"\0")
    git("add", "--all")
    raw = list(read_raw(git("diff", "--cached", "-z", "--raw", "--no-renames", "--no-abbrev")))
    numstat = read_numstat(git("diff", "--cached", "-z", "--numstat", "--no-renames"))
    contents = {
        each: git("cat-file", "blob", each) for one in raw for each in (one.old_id, one.new_id) if each.strip("0")
    }

    assert file_changes(raw, numstat, contents) == (
        FileChange(path="gone", kind="deleted", old_mode="100644", removed=1, removed_lines=(b"x",)),
        FileChange(
            path="kept\tname",
            kind="modified",
            old_mode="100644",
            new_mode="100644",
            added=1,
            removed=1,
            added_lines=(b"2",),
            removed_lines=(b"two",),
        ),
        FileChange(path="new", kind="added", new_mode="100644", is_binary=True),
    )
