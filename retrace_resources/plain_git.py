"""git on a repository that is trusted, for content that is not: it runs nothing but itself and leaves no trace.

An index and objects of its own lie in a folder that goes with it; the repository is only read. Its hooks, filters,
text conversions, monitors and attributes do not apply, nor does what the person or the machine configured. Belongs
here: that shell around git. Does not: what is asked of it (work_copy).
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from retrace_core.errors import ErrorCode, RetraceError

_OPTIONS: Final = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.attributesFile=/dev/null"),
    *("-c", "core.excludesFile=/dev/null", "-c", "core.quotePath=false", "-c", "core.autocrlf=false"),
    *("-c", "apply.whitespace=nowarn", "-c", "apply.ignoreWhitespace=no", "-c", "diff.orderFile="),
    *("-c", "gc.auto=0", "-c", "protocol.allow=never"),
)
# A patch of hostile content may be made to take long.
_SECONDS: Final = 120.0


class Entry(NamedTuple):
    """A file as git's index has it: octal mode, object, path in bytes."""

    mode: str
    object_id: str
    path: bytes


class PlainGit:
    """A trusted repository, seen through an index and objects of its own."""

    def __init__(self, git_dir: Path, scratch: Path) -> None:
        """Look at `git_dir`; `scratch` is an empty folder. Raises `repository_unusable`."""
        self.work_tree = scratch / "work-tree"
        self._scratch = scratch
        for folder in (self.work_tree, scratch / "objects"):
            folder.mkdir()
        self._environment = {
            **clean_environment(),
            "GIT_DIR": str(git_dir.absolute()),
            # Attributes and ignored names are read from a work tree: of an empty one there are none.
            "GIT_WORK_TREE": str(self.work_tree),
        }
        objects = Path(os.fsdecode(self.run("rev-parse", "--path-format=absolute", "--git-path", "objects")).strip())
        self._environment |= {
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(objects),
        }
        self.object_format = self.run("rev-parse", "--show-object-format").decode().strip()

    def diff(self, before: str, after: str, *options: str) -> bytes:
        """How two trees differ, in the form that `options` ask for; no file's attributes have a say in it."""
        plain = ("-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
        return self.run("diff-tree", *plain, *options, before, after, index="no-index")

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        refused: ErrorCode = ErrorCode.REPOSITORY_UNUSABLE,
        index: str = "index",
    ) -> bytes:
        """What git prints; raises `refused` with what it says when it fails."""
        try:
            done = subprocess.run(
                ["git", *_OPTIONS, *arguments],
                input=stdin,
                capture_output=True,
                cwd=self.work_tree,
                env={**self._environment, "GIT_INDEX_FILE": str(self._scratch / index)},
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, "git is not installed", hint="install git") from None
        except subprocess.TimeoutExpired:
            raise RetraceError(refused, f"git {arguments[0]} took more than {_SECONDS:.0f} s") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:300]
            raise RetraceError(refused, f"git {arguments[0]}: {said}")
        return done.stdout

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""
        return self.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").decode().strip()

    def read_tree(self, tree: str) -> None:
        """Make the index that of a tree; git refuses one with paths outside of it."""
        self.run("read-tree", tree)

    def write_tree(self) -> str:
        """The tree of the index."""
        return self.run("write-tree").decode().strip()

    def entries(self) -> list[Entry]:
        """What is in the index."""
        listed = (entry.partition(b"\t") for entry in self.run("ls-files", "-s", "-z").split(b"\0")[:-1])
        described = ((head.decode("ascii").split(" "), path) for head, _, path in listed)
        return [Entry(mode, object_id, path) for (mode, object_id, _stage), path in described]

    def update(self, entries: Iterable[Entry], refused: ErrorCode) -> None:
        """Put entries into the index, those of mode 0 out of it, in their order."""
        lines = b"".join(f"{each.mode} {each.object_id}\t".encode() + each.path + b"\0" for each in entries)
        self.run("update-index", "-z", "--index-info", stdin=lines, refused=refused)

    def store(self, files: Sequence[Path]) -> list[str]:
        """Keep the bytes of files, whose paths hold no newline, as they are; their objects' ids."""
        names = "".join(f"{file}\n" for file in files).encode()
        return self.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names).decode().split()

    def contents(self, object_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The bytes of objects, each once."""
        asked = list(dict.fromkeys(object_ids))
        with tempfile.TemporaryFile() as names:
            # From a file, not a pipe: git writes before it has read all, and nobody would empty both ends.
            names.write("".join(f"{each}\n" for each in asked).encode())
            names.seek(0)
            command = ["git", *_OPTIONS, "cat-file", "--batch", "--buffer"]
            with subprocess.Popen(
                command, stdin=names, stdout=subprocess.PIPE, cwd=self.work_tree, env=self._environment
            ) as process:
                assert process.stdout is not None  # noqa: S101 - it is a pipe
                for each in asked:
                    header = process.stdout.readline().split()
                    if len(header) != 3:
                        raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, f"object {each} is not there")
                    yield each, process.stdout.read(int(header[2]))
                    process.stdout.read(1)


@contextmanager
def plain_git(git_dir: Path) -> Iterator[PlainGit]:
    """Look at a repository while the block runs; raises `repository_unusable`."""
    with tempfile.TemporaryDirectory(prefix="retrace-git-") as scratch:
        yield PlainGit(git_dir, Path(scratch))


def clean_environment() -> dict[str, str]:
    """An environment in which git hears of nothing that the person or the machine configured."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _quoted(path: Path) -> str:
    """A path as one entry of a list that colons part, where git reads C's quotation."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
