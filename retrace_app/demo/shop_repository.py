"""The demo shop as somebody's repository: a checkout and a bare remote, with a bug in its history.

The bug is one of the shop's faults without its switch: what the visitors met is what is in the code. Belongs here: the
repository, and merging what was proposed. Does not: the shop itself (`examples/shop`), fixing it (fixing).
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from retrace_app.demo.shop_server import shop_folder
from retrace_core.errors import ErrorCode, RetraceError

NAME: Final = "demo/shop"
BRANCH: Final = "main"
PACKAGE: Final = "shop"
SOURCE: Final = f"{PACKAGE}/orders.py"

START_COMMAND: Final = f"{sys.executable} -m {PACKAGE} --port {{port}}"
"""What starts the shop from a checkout."""

# The fault checkout_500 as the shop has it, without it, and as somebody put it in.
_SWITCH: Final = """\
    # Fault checkout_500: the table is asked under the name the form used before it was redesigned.
    key = f"{delivery}_delivery" if Fault.CHECKOUT_500 in faults else delivery
    return _WAREHOUSES[key]
"""
_WHOLE: Final = """\
    return _WAREHOUSES[delivery]
"""
BROKEN: Final = """\
    return _WAREHOUSES[f"{delivery}_delivery"]
"""
MENDED: Final = _WHOLE

_AUTHOR: Final = {
    "GIT_AUTHOR_NAME": "Mara Quay",
    "GIT_AUTHOR_EMAIL": "mara@tidewater.example",
    "GIT_COMMITTER_NAME": "Mara Quay",
    "GIT_COMMITTER_EMAIL": "mara@tidewater.example",
}


@dataclass(frozen=True, slots=True)
class ShopRepository:
    """A checkout of the shop, and the bare repository it was pushed to."""

    checkout: Path
    remote: Path

    def merge(self, branch: str) -> str:
        """Merge a branch of the remote into its main branch, as a person would on the host; gives the commit."""
        with TemporaryDirectory(prefix="retrace-merge-") as folder:
            clone = Path(folder) / PACKAGE
            _git(Path(folder), "clone", "--quiet", "--branch", BRANCH, str(self.remote), str(clone))
            _git(clone, "merge", "--quiet", "--no-ff", "-m", f"Merge {branch}", f"origin/{branch}")
            _git(clone, "push", "--quiet", "origin", BRANCH)
            return _git(clone, "rev-parse", "HEAD")


def make_repository(folder: Path) -> ShopRepository:
    """Make the repository anew in a folder; two commits, the second with the bug."""
    shutil.rmtree(folder, ignore_errors=True)
    repository = ShopRepository(folder / "checkout", folder / "shop.git")
    repository.checkout.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(repository.remote))
    _git(repository.checkout, "init", "--quiet", f"--initial-branch={BRANCH}")
    _git(repository.checkout, "remote", "add", "origin", str(repository.remote))
    package = repository.checkout / PACKAGE
    shutil.copytree(shop_folder(), package, ignore=shutil.ignore_patterns("__pycache__"))
    source = repository.checkout / SOURCE
    whole = _replaced(source.read_text("utf-8"), _SWITCH, _WHOLE)
    source.write_text(whole, "utf-8")
    _commit(repository.checkout, "Open the shop")
    source.write_text(_replaced(whole, _WHOLE, BROKEN), "utf-8")
    _commit(repository.checkout, "Name deliveries as the new form does")
    _git(repository.checkout, "push", "--quiet", "--set-upstream", "origin", BRANCH)
    return repository


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", message)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise RetraceError(ErrorCode.NOT_FOUND, f"the demo shop's {SOURCE} is not as the demo knows it")
    return text.replace(old, new)


def _git(folder: Path, *arguments: str) -> str:
    """Run git without a person's own configuration, which may sign or hook."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**environment, **alone, **_AUTHOR},
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, "git is not installed", hint="install git") from None
    except subprocess.CalledProcessError as error:
        raise RetraceError(ErrorCode.REPOSITORY_UNUSABLE, f"git {arguments[0]}: {error.stderr.strip()}") from None
    return done.stdout.strip()
