"""Where a command is confined and what of the machine it sees.

Belongs here: the description, and making one of a person's settings. Does not: what holds a command to it
(bubblewrap), how much it may take (limits), where programs lie (toolchain).
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from retrace_resources.sandbox.toolchain import folders_of, is_below, own_python, program, python_of
from retrace_resources.settings_schema import Sandbox

HOME: Final = Path("/home/agent")
"""The home of whoever runs in a sandbox: empty, in memory."""

_PLACE: Final = Path("/workspace")
_SYSTEM_PATH: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
# What of a person's environment says how to write and to count, and nothing of the person.
_HARMLESS: Final = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
# The rest of it stays outside. Files that Python compiles are no work of whoever ran it.
_CONSTANT: Final = {
    "LANG": "C.UTF-8",
    "LOGNAME": "agent",
    "PYTHONDONTWRITEBYTECODE": "1",
    "SHELL": "/bin/sh",
    "USER": "agent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """A copy to work on, and what else is visible.

    The copy appears at `at` and is all that can be written beside memory. `read_only` paths appear where they are,
    `dependencies` are folders by their place in the copy. `is_confined` is False where a person typed that nothing
    shall hold the command: then it runs in the copy where that lies.
    """

    copy: Path
    at: Path = _PLACE
    read_only: tuple[Path, ...] = ()
    dependencies: Mapping[str, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    is_confined: bool = True

    def mounted_on(self) -> list[Path]:
        """Places in the copy itself on which something else appears."""
        inner = [self.copy / path.relative_to(self.at) for path in self.read_only if self.at in path.parents]
        return [*inner, *(self.copy / place for place in self.dependencies)]


def confinement_of(
    copy: Path,
    block: Sandbox,
    *,
    checkout: Path | None = None,
    read_only: Iterable[Path] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
    is_confined: bool = True,
) -> Confinement:
    """Describe a confinement as the configuration has it.

    With a `checkout` the copy appears in its place, so that absolute paths in its dependencies hold, and the folders
    the configuration calls dependencies are lent from it.
    """
    at = checkout.resolve() if checkout else _PLACE
    lent = _dependencies(copy, checkout, block.dependencies) if checkout else {}
    pythons = [folder for each in lent.values() for folder in python_of(each)]
    node = program("node")
    asked = (each.expanduser().absolute() for each in block.read_only)
    paths = (*own_python(), *(folders_of(node) if node else ()), *pythons, *read_only, *asked)
    shown = tuple(each for each in dict.fromkeys(paths) if not is_below(each, (at,)) or _is_plain(copy, each, at))
    passed = {name: os.environ[name] for name in (*_HARMLESS, *block.environment) if name in os.environ}
    path = _search_path([*shown, *(at / place for place in lent)], is_confined=is_confined)
    return Confinement(
        copy=copy,
        at=at,
        read_only=shown,
        dependencies=lent,
        environment={**_CONSTANT, "PATH": path, **passed, **variables},
        is_confined=is_confined,
    )


def _dependencies(copy: Path, checkout: Path, patterns: Iterable[str]) -> dict[str, Path]:
    """The folders of a checkout that are lent, without those the commit has itself."""
    found = (folder for pattern in patterns for folder in sorted(checkout.glob(pattern)) if folder.is_dir())
    return {
        folder.relative_to(checkout).as_posix(): folder.resolve()
        for folder in found
        if _is_plain(copy, folder, checkout) and not os.path.lexists(copy / folder.relative_to(checkout))
    }


def _is_plain(copy: Path, path: Path, top: Path) -> bool:
    """Whether no link of the commit's leads elsewhere on the way to what would be mounted in the copy."""
    place = path.relative_to(top)
    return not any((copy / part).is_symlink() for part in (place, *place.parents))


def _search_path(shown: list[Path], *, is_confined: bool) -> str:
    """A person's PATH, without what is not there in a sandbox."""
    entries = os.environ.get("PATH", "").split(os.pathsep)
    if is_confined:
        visible = [*shown, *map(Path, ("/usr", "/bin", "/sbin", "/nix/store"))]
        entries = [entry for entry in entries if is_below(Path(entry), visible)]
    own = (str(folder / "bin") for folder in shown if (folder / "bin").is_dir())
    return os.pathsep.join(dict.fromkeys(entry for entry in (*entries, *own, *_SYSTEM_PATH) if entry))
