"""What a running command takes of the machine.

Belongs here: measuring memory, processes and disk. Does not: how much is allowed (limits), what happens then
(processes).
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import psutil

# A file costs its inode too: a million empty ones fill a disk.
_LEAST_FILE_BYTES: Final = 4_096


class Usage(NamedTuple):
    """Memory in bytes, and processes with their threads."""

    memory_bytes: int
    processes: int


def used_by(root: psutil.Process, most_processes: int, most_memory: int) -> Usage:
    """Measure a process and all it has started, their memory only while there are not too many of them.

    Memory that processes share counts for each, unless that is more than `most_memory`: then it is parted among them,
    which takes the kernel much longer to tell.
    """
    try:
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return Usage(0, 0)
    if len(tree) > most_processes:
        return Usage(0, len(tree))
    memory = threads = 0
    for each in tree:
        with suppress(psutil.Error), each.oneshot():
            memory += each.memory_info().rss
            threads += each.num_threads()
    return Usage(memory if memory <= most_memory else sum(map(_share, tree)), threads)


def _share(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        try:
            full = process.memory_full_info()
        except psutil.AccessDenied:
            return int(process.memory_info().rss)
        # Only Linux parts it.
        return int(getattr(full, "pss", full.rss))
    return 0


def disk_used(folder: Path, most_bytes: int) -> int:
    """Sum up the files below a folder, those with holes by their length; stops counting above `most_bytes`.

    What lies deeper than a path can say counts as too much: nobody could count it.
    """
    used, folders = 0, [os.fspath(folder)]
    while folders and used <= most_bytes:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    used += max(found.st_size, found.st_blocks * 512, _LEAST_FILE_BYTES)
                    if stat.S_ISDIR(found.st_mode):
                        folders.append(entry.path)
        except OSError as error:
            # Gone meanwhile, or closed: then the machine's free space has to tell.
            used += most_bytes + 1 if error.errno == errno.ENAMETOOLONG else 0
    return used
