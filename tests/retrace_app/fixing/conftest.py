"""A shop with a bug in its code, the incident that people met there, and its red test."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from retrace_app.actions import repositories
from retrace_app.actions.fix import Fixed, FixHow, fix
from retrace_app.actions.incidents import Incident, list_incidents, show_incident
from retrace_app.actions.reproduce import How, reproduce
from retrace_app.demo.run import seed
from retrace_app.demo.shop_repository import (
    BROKEN,
    MENDED,
    NAME,
    SOURCE,
    START_COMMAND,
    ShopRepository,
    make_repository,
)
from retrace_app.demo.shop_server import running_shop
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings, load_settings

# A test of the shop's own, such as every repository has some.
CHECK = """\
from shop.catalogue import search, Query
from shop.customers import Customer
from shop.orders import FREE_STANDARD_FROM, place_order, totals
from shop import orders


def test_order_is_placed_and_kept():
    customer = Customer()
    customer.put(1001, 2)
    price = totals(customer, "standard").total
    form = {name: "x" for name in orders.REQUIRED_FIELDS} | {"delivery": "standard"}
    order = place_order(customer, form, ())
    assert order.total == price
    assert customer.orders[0] == order
    assert customer.basket == {}
"""


Red = tuple[Settings, str, str]
"""A home, and its two incidents whose tests were red."""


@dataclass(frozen=True)
class World:
    """A home with incidents whose tests were red, and the repository of the app."""

    settings: Settings
    shop: ShopRepository
    incident: str
    other: str

    def show(self) -> Incident:
        with Lake(self.settings.home) as lake:
            return show_incident(lake, self.incident)

    def fix(self, agent: str, **how: Any) -> Fixed:
        given: dict[str, Any] = {"repo": NAME, "start_command": START_COMMAND, "times": 1, "agent": agent, **how}
        return fix(self.settings, self.incident, FixHow(**given))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("RETRACE_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def red(home: Path) -> Red:
    """The incident of the order that is not taken and that of the wishlist, each seen red once."""
    settings = load_settings()
    seed(settings, lambda *_: None)
    with Lake(home) as lake:
        titles = {each.title: each.public_id for each in list_incidents(lake)}
    wanted = [name for words in ("POST /api/orders", "'push'") for title, name in titles.items() if words in title]
    with running_shop(["all"]) as broken:
        for incident in wanted:
            assert reproduce(settings, incident, How(app_url=broken, build="broken")).verdict == "reproduced"
    return settings, wanted[0], wanted[1]


@pytest.fixture
def world(red: Red, tmp_path: Path) -> World:
    """A repository of its own for every test; the incidents are shared."""
    return make_world(red, tmp_path)


def make_world(red: Red, folder: Path) -> World:
    """A repository, connected in place of the one before; no record of a pull request to that one is left."""
    settings, incident, other = red
    for path in (settings.home / "pull-requests").rglob("*"):
        if path.is_file():
            path.unlink()
    shop = make_repository(folder / "demo")
    (shop.checkout / "tests").mkdir()
    (shop.checkout / "tests" / "test_orders.py").write_text(CHECK)
    (shop.checkout / "package-lock.json").write_text("{}\n")
    (shop.checkout / ".github" / "workflows").mkdir(parents=True)
    (shop.checkout / ".github" / "workflows" / "ci.yml").write_text("on: push\n")
    git(shop.checkout, "add", "--all")
    git(shop.checkout, "commit", "--quiet", "-m", "Test what is ordered")
    git(shop.checkout, "push", "--quiet")
    repositories.connect(settings, NAME, shop.checkout)
    return World(settings, shop, incident, other)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def python(code: str) -> str:
    """An agent that is a few lines of Python, run in the copy."""
    return shlex.join([sys.executable, "-c", code])


def edits(path: str, old: str, new: str) -> str:
    """Code that replaces a text in a file, once."""
    return (
        f"import pathlib; p = pathlib.Path({path!r}); t = p.read_text(); assert t.count({old!r}) == 1, t; "
        f"p.write_text(t.replace({old!r}, {new!r}))\n"
    )


RIGHT_EDIT = edits(SOURCE, BROKEN, MENDED)
RIGHT = python(RIGHT_EDIT)
"""An agent that mends the incident's bug, and nothing else."""


def state_of(folder: Path) -> dict[str, object]:
    """All that a person would miss: files, index, branches, what is checked out."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts}
    told = {name: git(folder, *name.split()) for name in ("status --porcelain", "rev-parse HEAD", "stash list")}
    head = (folder / ".git" / "HEAD").read_text()
    return {"files": files, "head": head, **told, "worktrees": git(folder, "worktree", "list")}


def record_of(settings: Settings) -> dict[str, object]:
    """The record of the only pull request on the local remote."""
    [path] = (settings.home / "pull-requests").rglob("*.json")
    record: dict[str, object] = json.loads(path.read_text())
    return record
