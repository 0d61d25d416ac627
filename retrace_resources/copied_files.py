"""A folder that somebody hostile could write to, read without following or opening anything that is not plain.

Belongs here: walking it, its files as git would keep them, removing it. Does not: which of them changed (work_copy).
"""

import hashlib
import os
import stat
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.patch import EXECUTABLE, LINK, REGULAR

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CHUNK_BYTES: Final = 1_000_000
_OWNERS: Final = stat.S_IRUSR | stat.S_IWUSR | stat.S_IXUSR


class Found(NamedTuple):
    """A file or link of a folder: its path in it, git's mode, and its size in bytes."""

    path: bytes
    mode: str
    size: int


def walk(folder: Path, left_out: Collection[bytes]) -> Iterator[Found]:
    """All files and links below a folder, in no order, without what is `left_out` and whatever is called `.git`.

    Links are not followed; pipes, sockets and devices are not there, as they are not for git. Raises `patch_refused`
    when something lies deeper than a path can say.
    """
    top = os.fsencode(folder)
    folders = [b""]
    while folders:
        here = folders.pop()
        _open_up(os.path.join(top, here), _OWNERS)
        try:
            with os.scandir(os.path.join(top, here)) as entries:
                listed = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            raise _unreadable(here, error) from None
        for name, found in listed:
            path = os.path.join(here, name)
            if name.lower() == b".git" or path in left_out:
                continue
            if stat.S_ISDIR(found.st_mode):
                folders.append(path)
            elif stat.S_ISLNK(found.st_mode):
                yield Found(path, LINK, found.st_size)
            elif stat.S_ISREG(found.st_mode):
                yield Found(path, EXECUTABLE if found.st_mode & stat.S_IXUSR else REGULAR, found.st_size)


def chunks(folder: Path, found: Found) -> Iterator[bytes]:
    """The bytes git would keep of a file or a link; raises `patch_refused`."""
    path = os.path.join(os.fsencode(folder), found.path)
    try:
        if found.mode == LINK:
            yield os.readlink(path)
            return
        _open_up(path, stat.S_IRUSR)
        # Nothing runs in the folder any more; that it is what the walk saw is checked all the same.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(0, "it is no plain file any more")
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise _unreadable(found.path, error) from None


def object_id(folder: Path, found: Found, object_format: str) -> str:
    """The id git gives the bytes of a file or a link (git-hash-object, type blob)."""
    new: Callable[[ReadableBuffer], hashlib._Hash] = hashlib.sha256 if object_format == "sha256" else hashlib.sha1
    digest = new(b"blob %d\0" % found.size)
    for chunk in chunks(folder, found):
        digest.update(chunk)
    return digest.hexdigest()


def remove(folder: Path) -> None:
    """Remove a folder, whatever was made in it: Python's own removal ends where folders lie too deep."""
    for command in (["rm", "-rf"], ["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        if os.path.lexists(folder):
            subprocess.run([*command, "--", str(folder)], stderr=subprocess.DEVNULL, check=False)


def _open_up(path: bytes, permissions: int) -> None:
    """See that its owner may read what the agent has closed."""
    with suppress(OSError):
        mode = os.lstat(path).st_mode
        if stat.S_IMODE(mode) & permissions != permissions and not stat.S_ISLNK(mode):
            os.chmod(path, stat.S_IMODE(mode) | permissions)


def _unreadable(path: bytes, error: OSError) -> RetraceError:
    said = os.fsdecode(path)[:200].encode("utf-8", "replace").decode()
    return RetraceError(ErrorCode.PATCH_REFUSED, f"{said!r} cannot be read: {error.strerror}")
