"""Where the programs lie that a confined command needs, when they are not the system's.

Belongs here: as few folders as will do, for a sandbox shows them whole. Does not: what is done with them.
"""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_SYSTEM: Final = tuple(map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/nix/store")))


def own_python() -> tuple[Path, ...]:
    """The folders of the Python that runs this."""
    return _shown((Path(sys.prefix), Path(sys.base_prefix)))


def python_of(environment: Path) -> tuple[Path, ...]:
    """The folder of the Python that a virtual environment was made of; none when it is none."""
    try:
        lines = (environment / "pyvenv.cfg").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    homes = (line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "home")
    return _shown(Path(home).resolve().parent for home in homes if home)


def program(name: str, path: str | None = None) -> Path | None:
    """The file that would run, by its own name and not by that of a link to it.

    A virtual environment's link to a Python keeps its name: by that the Python knows which environment it is of.
    """
    found = shutil.which(name, path=path)
    if found is None:
        return None
    file = Path(found).absolute()
    return file if (file.parent.parent / "pyvenv.cfg").is_file() else file.resolve()


def folders_of(file: Path) -> tuple[Path, ...]:
    """What to show so that a program runs: its npm package, the installation around `bin`, or the file alone."""
    package = _package(file)
    if package:
        return _shown((package,))
    whole = file.parent.name == "bin" and _is_installation(file.parent.parent) and _shown((file.parent.parent,))
    return whole or (() if is_below(file, _SYSTEM) else (file,))


def is_below(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path is one of the folders or lies in one."""
    return any(path == folder or folder in path.parents for folder in folders)


def _is_installation(folder: Path) -> bool:
    """Whether a `bin` is one of installed programs: projects have a `bin` too, and files that are nobody's business."""
    looks_so = (folder / "lib").is_dir() or (folder / "pyvenv.cfg").is_file()
    return looks_so and not (folder / ".git").exists()


def _package(file: Path) -> Path | None:
    """The folder of the npm package a file is of."""
    at = max((index for index, part in enumerate(file.parts) if part == "node_modules"), default=None)
    if at is None:
        return None
    # `@anthropic-ai/claude-code` is one name.
    depth = 3 if file.parts[at + 1].startswith("@") else 2
    return Path(*file.parts[: at + depth])


def _shown(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Those that the system does not show already and that show nothing of a person."""
    home = Path(os.path.expanduser("~")).resolve()
    outside = (each for each in folders if not is_below(each, _SYSTEM) and each not in home.parents and each != home)
    # `~/miniconda3` and `~/.nvm/versions/…` are installations; `~/.local` holds more than programs.
    narrow = (each for each in outside if not (each.parent == home and each.name.startswith(".")))
    return tuple(dict.fromkeys(each for each in narrow if each.is_dir()))
